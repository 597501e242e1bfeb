"""The ladder as a table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from perf.measure.ladder_row import LadderRow
from perf.records.energy import Energy
from perf.records.sample import Session
from perf.records.typed_json import convert
from perf.report import ladder_table
from perf.spec import ladder
from perf.spec.protocol import Size, Sweep
from perf.spec.sweep import settings_of
from tests.builders.samples import sample


def row(
    name: str, latencies_s: Sequence[float], peak_rss_bytes: int | None = 2 * 1024**3, energy: Energy | None = None
) -> LadderRow:
    (variant,) = ladder.select([name])
    samples = tuple(sample(latency_s, peak_rss_bytes, energy) for latency_s in latencies_s)
    return LadderRow(
        variant=variant, session=Session(variant=name, load_s=1.0, export_s=0.0, warmups=(), samples=samples)
    )


EAGER = row("eager-fp32", [200.0, 190.0, 180.0])
STATIC = row("openvino-static", [19.0, 20.0, 18.0, 19.5])
MISSING = LadderRow(variant=ladder.select(["ipex-bf16"])[0], why_not="skipped: no [cheese]")


def test_a_session_survives_json() -> None:
    assert EAGER.session is not None
    assert convert(json.loads(json.dumps(EAGER.session.to_json())), Session) == EAGER.session


def test_the_terminal_ladder() -> None:
    lines = ladder_table.terminal([EAGER, MISSING, STATIC], 120)
    assert lines[0].split()[:2] == ["variant", "s/image"]
    assert lines[1].split() == ["eager-fp32", "190.0", "180.0..200.0", "3", "1.00x", "2.0", "45", "32.3"]
    assert lines[2].split() == ["openvino-static", "19.25", "18.00..20.00", "4", "9.87x", "2.0", "-", "4.7"]
    assert "75% to 88% confidence" in lines[4]
    assert lines[-1] == "ipex-bf16: skipped: no [cheese]"


def test_a_single_image_has_no_interval() -> None:
    once = row("bf16-compile", [70.0])
    lines = ladder_table.terminal([once], 120)
    assert lines[1].split()[:4] == ["bf16-compile", "70.00", "-", "1"]
    assert "distribution-free, of two images or more." in "\n".join(lines)
    assert "distribution-free, 75% confidence." in "\n".join(ladder_table.terminal([once, EAGER], 120))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, ladder_table.terminal([EAGER, STATIC], width))) <= width


def test_the_ladder_and_what_its_columns_mean_fit_into_80_columns_unbroken() -> None:
    assert ladder_table.terminal([EAGER, STATIC], 80) == ladder_table.terminal([EAGER, STATIC], 120)


def test_a_column_says_what_each_row_could_have_seen() -> None:
    lines = ladder_table.terminal([EAGER, STATIC], 120, {"openvino-static": 1.0213})
    assert lines[0].split()[-1] == "sees"
    assert (lines[1].split()[-1], lines[2].split()[-2:]) == ("-", ["2.1", "%"])
    assert any(line.startswith("sees: the smallest slowdown") for line in lines)
    text = ladder_table.markdown([EAGER, STATIC], "Seconds per image", [], {"openvino-static": 1.0213})
    assert re.search(r"\| openvino-static \|.* \| 2\.1 % \|", text)


def test_where_that_column_has_no_room_it_is_left_out() -> None:
    sees = {"eager-fp32": 1.021}
    assert ladder_table.terminal([EAGER, STATIC], 60, sees) == ladder_table.terminal([EAGER, STATIC], 60)
    assert max(map(len, ladder_table.terminal([EAGER, STATIC], 80, sees))) <= 80


ON_INTEL = row("openvino-static", [19.0, 20.0], energy=Energy(package_j=5300.0, dram_j=412.4))
ON_AMD = row("openvino-static", [19.0, 20.0], energy=Energy(package_j=53.21))


def test_joules_have_a_column_where_any_row_has_them() -> None:
    lines = ladder_table.terminal([EAGER, ON_INTEL], 80)
    assert lines[0].split()[5:8] == ["GiB", "J/image", "ICL"]
    assert (lines[1].split()[6], lines[2].split()[6]) == ("-", "5712")
    assert "J/image: of all packages and their memory, idle power included (RAPL)." in lines
    assert max(map(len, lines)) <= 80
    lines = ladder_table.terminal([ON_AMD], 80)
    assert lines[1].split()[6] == "53.2"
    assert "J/image: of all packages, idle power included (RAPL)." in lines
    assert "| GiB | J/image |" in ladder_table.markdown([EAGER, ON_AMD], "Seconds per image", [])
    assert "| J/image |" not in ladder_table.markdown([EAGER], "Seconds per image", [])
    with_sees = ladder_table.markdown([ON_AMD], "Seconds per image", [], {"openvino-static": 1.02})
    assert "| J/image | ICL | SPR | sees |" in with_sees


def swept(name: str, latency_s: Mapping[str, float]) -> list[LadderRow]:
    """Return a row at two sizes and two step counts, which takes so many seconds at each setting."""
    sweep = Sweep.of([Size(256, 256), Size(512, 512)], [10, 20])
    rows = [replace(row(name, [1.0]), variant=each) for each in settings_of(ladder.select([name]), sweep)]
    return [replace(each, session=row(name, [latency_s[each.variant.setting]] * 3).session) for each in rows]


EAGER_SWEPT = {"256x256-10steps": 10.0, "256x256-20steps": 20.0, "512x512-10steps": 40.0, "512x512-20steps": 80.0}
STATIC_SWEPT = {"256x256-10steps": 5.0, "256x256-20steps": 8.0, "512x512-10steps": 10.0, "512x512-20steps": 10.0}


def test_in_a_sweep_rows_stand_below_their_setting_and_are_compared_within_it() -> None:
    rows = [*swept("eager-fp32", EAGER_SWEPT), *swept("openvino-static", STATIC_SWEPT)]
    sees = {"openvino-static-512x512-20steps": 1.021}
    lines = ladder_table.terminal(rows, 80, sees)
    assert [
        (line, lines[number + 2].split()[0:5:4]) for number, line in enumerate(lines) if line.endswith(" steps")
    ] == [
        ("256x256, 10 steps", ["openvino-static", "2.00x"]),
        ("256x256, 20 steps", ["openvino-static", "2.50x"]),
        ("512x512, 10 steps", ["openvino-static", "4.00x"]),
        ("512x512, 20 steps", ["openvino-static", "8.00x"]),
    ]
    assert lines[12].endswith("2.1 %")
    text = ladder_table.markdown(rows, "Seconds per image", [], sees)
    assert "| 512x512, 20 steps |\n" in text
    assert max(map(len, lines)) <= 80


def test_what_has_steps_of_its_own_has_no_counterpart_in_a_sweep_of_steps() -> None:
    (lcm, _) = settings_of(ladder.select(["lcm-4"]), Sweep.of([Size(256, 256), Size(512, 512)], [10, 20]))
    few = replace(row("lcm-4", [2.0]), variant=lcm)
    lines = ladder_table.terminal([*swept("eager-fp32", EAGER_SWEPT), few], 120)
    assert lines[lines.index("256x256") + 1].split() == ["lcm-4", "2.000", "-", "1", "-", "2.0", "-", "-"]


def test_no_reference_no_speed_up() -> None:
    assert " - " in ladder_table.terminal([STATIC], 120)[1]


def test_an_unknown_peak_is_a_dash() -> None:
    assert ladder_table.cells(row("openvino-static", [1.0], peak_rss_bytes=None), None)[5] == "-"


def test_the_markdown_ladder() -> None:
    text = ladder_table.markdown([EAGER, MISSING], "Seconds per image", ["machine: a"])
    assert text.startswith("## Seconds per image\n\n- machine: a\n\n| variant | s/image |")
    assert "| eager-fp32 | 190.0 | 180.0..200.0 | 3 | 1.00x |" in text
    assert text.endswith("ipex-bf16: skipped: no [cheese]\n")


def test_an_empty_run_has_a_report() -> None:
    assert "skipped: no [cheese]" in "\n".join(ladder_table.terminal([MISSING], 80))
    assert "skipped: no [cheese]" in ladder_table.markdown([MISSING], "Seconds per image", [])
