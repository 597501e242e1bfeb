"""The full table: the right figure in the right column, and a dash where there is none."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf.history.night import kept_of
from perf.history.recorded_run import run_of
from perf.measure.settings import QUICK
from perf.records.part import Part
from perf.records.sample import Parts, Sample, Session
from perf.report.full_table import render
from perf.report.full_table.products import Products
from perf.report.full_table.sections import seconds
from perf.report.full_table.table import FullTable
from perf.spec import ladder
from perf.spec.ladder import LADDER
from perf.spec.protocol import Protocol, Size, Sweep
from perf.spec.sweep import settings_of
from tests.builders.evidence import AMX_CONVOLUTION, AMX_MATMUL, DECODE, REORDER, evidence
from tests.builders.whole_ladders import generation, ladder_record

GIB = 1024**3
STATIC = "openvino-static"
TITLES = ["Speed", "Parts", "Proof", "Kernels"]
Record = dict[str, Any]


def timed(latency_s: float, rss_bytes: int) -> Sample:
    """Return a generation whose parts all differ: text encoder 1 s, two UNet steps of 3 s, VAE 2 s, checker 0.5 s."""
    whole = generation(latency_s, steps=2, calls=3)
    parts = Parts(
        text_encoder_s=1.0,
        unet_steps_s=(3.0, 3.0),
        vae_decode_s=2.0,
        safety_checker_s=0.5,
        rest_s=latency_s - 9.5,
    )
    return replace(whole, parts=parts, conditions=replace(whole.conditions, peak_rss_bytes=rss_bytes))


def session(name: str, *samples: Sample) -> Record:
    return Session(variant=name, load_s=1.0, export_s=0.0, warmups=(), samples=samples).to_json()


def record() -> Record:
    """Return the run of two rows: eager-fp32 in 20 s, and openvino-static, of which each figure is another."""
    whole = copy.deepcopy(ladder_record())  # its rows share what they have in common
    eager, static = (
        next(each["extra_info"] for each in whole["benchmarks"] if each["extra_info"]["variant"]["name"] == name)
        for name in ("eager-fp32", "openvino-static")
    )
    eager["session"] = session("eager-fp32", timed(20.0, 6 * GIB), timed(20.0, 6 * GIB))
    static["session"] = session("openvino-static", timed(9.75, 3 * GIB), timed(10.0, 3 * GIB), timed(10.5, 7 * GIB))
    static["work"]["vae_decode"]["operations"] //= 2
    static["fidelity"] = {"psnr_db": 48.123, "ssim": 0.99876, "largest_error": 0.1, "latents_error": 0.0234}
    static["verdict"] |= {"kind": "regressed"}
    whole["benchmarks"] = [{"extra_info": static}, {"extra_info": eager}]  # in another order than the ladder's
    return whole


def static_of(whole: Record) -> Record:
    found: Record = whole["benchmarks"][0]["extra_info"]
    return found


def table_of(whole: Mapping[str, Any], *, is_run: bool = True) -> FullTable:
    run = run_of(Path("run.json"), whole)
    return FullTable.of(kept_of(run), run if is_run else None)


def sections(text: str) -> dict[str, dict[str, list[str]]]:
    """Return the cells of each row, by heading, by the section's title."""
    found: dict[str, dict[str, list[str]]] = {}
    lines = text.splitlines()
    for title in TITLES:
        rows = lines[lines.index(title) + 2 :]
        found[title] = {line.split()[0]: line.split()[1:] for line in rows[: rows.index("")]} if "" in rows else {}
        found[title] = found[title] or {line.split()[0]: line.split()[1:] for line in rows}
    return found


def cells(whole: Mapping[str, Any], title: str, *, is_run: bool = True) -> list[str]:
    """Return the cells of openvino-static."""
    return sections(render.terminal(table_of(whole, is_run=is_run), 80))[title]["openvino-static"]


def test_each_figure_is_in_its_column() -> None:
    assert cells(record(), "Speed") == ["10.00", "9.750..10.50", "2.00x", "7.0", "regressed"]
    assert cells(record(), "Parts") == ["1.000", "3.000", "2", "6.000", "2.000", "0.500", "0.500"]
    static = table_of(record()).rows[1]
    unet, vae = (f"{static.reached[part]:.0%}" for part in (Part.UNET_STEP, Part.VAE_DECODE))
    assert unet != vae
    assert cells(record(), "Proof") == [unet, vae, "48.1", "0.9988", "2.34%", "all", "8"]
    assert cells(record(), "Kernels") == ["bf16", "100%", "brg_conv_fwd:avx10_1_512_amx", "bf16", "60%"]


def test_the_columns_have_these_names() -> None:
    lines = render.terminal(table_of(record()), 80).splitlines()
    headings = {title: lines[lines.index(title) + 1].split() for title in TITLES}
    assert headings["Speed"] == ["variant", "s/image", "interval", "speed-up", "GiB", "verdict"]
    assert headings["Parts"] == ["variant", "text", "UNet", "step", "calls", "UNet", "VAE", "checker", "rest"]
    assert headings["Proof"] == ["variant", "peak", "UNet", "peak", "VAE", "PSNR", "SSIM", "latents", "claims"]
    assert headings["Kernels"] == ["variant", "multiplies", "in", "most", "time", "in"]
    assert [lines.index(title) for title in TITLES] == sorted(lines.index(title) for title in TITLES)


def test_the_rows_are_in_the_order_of_the_ladder_and_those_it_lost_come_last() -> None:
    assert [row.name for row in table_of(record()).rows] == ["eager-fp32", "openvino-static"]
    whole = record()
    static_of(whole)["variant"]["name"] = "abandoned"
    assert [row.name for row in table_of(whole).rows] == ["eager-fp32", "abandoned"]


def test_the_command_measures_rows_of_ones_own_too() -> None:
    whole = record()
    static_of(whole)["variant"]["name"] = "mine"
    assert "--variant eager-fp32 --variant mine" in table_of(whole).command


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = render.terminal(table_of(ladder_record()), width)
    assert max(map(len, text.splitlines())) <= width


def test_no_cell_of_a_whole_ladder_is_broken_at_80_columns() -> None:
    found = sections(render.terminal(table_of(ladder_record()), 80))
    for title in TITLES:
        assert list(found[title])[: len(LADDER)] == [row.name for row in LADDER]


def test_the_machine_the_model_the_stacks_and_the_command_stand_above() -> None:
    about = table_of(record()).about
    assert list(about) == ["machine", "system", "model", "measured", "stack current"]
    assert about["machine"] == "AMD EPYC 9R14 (genoa), 2 cores, 24 GiB, bf16 by avx512_bf16"
    assert about["system"] == (
        "1 socket, 1 NUMA node, 2 threads per core, L3 32 MiB, governor performance, turbo off, Linux 6.1, "
        "microcode 0xa10113e"
    )
    assert about["model"].startswith("synthetic-sd15, 512x512, 20 steps, guidance 7.5, up to 7 rounds")
    assert re.fullmatch(r"2026-11-01 02:00 UTC, by the suite's commit [0-9a-f]{10}", about["measured"])
    assert (
        about["stack current"]
        == "Python 3.11.7, torch 2.13.0+cpu, intel-extension-for-pytorch 2.8.0, openvino 2026.4.1"
    )
    text = render.terminal(table_of(record()), 80)
    assert all(text.index(f"\n{label}: ") < text.index("\nSpeed\n") for label in [*about, "command"])


def test_what_nobody_knows_of_the_machine_is_left_out() -> None:
    whole = record()
    del whole["commit_info"]
    whole["machine_info"]["perf"]["particulars"] = {"cpu": "x", "kernel": None, "microcode": None, "bios": "1.2"}
    whole["machine_info"]["perf"]["fingerprint"] |= {
        "l3_mib": None,
        "governor": None,
        "turbo": True,
        "hypervisor": "KVM",
    }
    about = table_of(whole).about
    assert about["system"] == "1 socket, 1 NUMA node, 2 threads per core, hypervisor KVM, turbo on, BIOS 1.2"
    assert about["measured"] == "2026-11-01 02:00 UTC"


def test_the_command_measures_the_same_again() -> None:
    assert table_of(ladder_record()).command == "tox run -e perf -- --size 512x512 --rounds 7"
    rows = "--variant eager-fp32 --variant openvino-static"
    assert table_of(record()).command == f"tox run -e perf -- {rows} --size 512x512 --rounds 7"


def test_a_quick_run_is_called_so() -> None:
    whole = ladder_record()
    for each in whole["benchmarks"]:
        each["extra_info"]["protocol"] = QUICK.to_json()
    assert table_of(whole).command == "tox run -e perf -- --quick"


def test_a_history_knows_all_but_the_number_of_the_claims() -> None:
    for title in ("Speed", "Parts", "Kernels"):
        assert cells(record(), title, is_run=False) == cells(record(), title)
    assert cells(record(), "Proof", is_run=False) == [*cells(record(), "Proof")[:-1]]
    assert cells(record(), "Proof", is_run=False)[-1] == "all"


def test_a_claim_that_does_not_hold_is_named_with_what_was_seen() -> None:
    whole = record()
    static_of(whole)["claims"][1] |= {"holds": False, "says": "fp32, expected bf16"}
    assert cells(whole, "Proof")[-2:] == ["not", "weights"]
    assert "\nopenvino-static: weights: fp32, expected bf16\n" in render.terminal(table_of(whole), 80)


def test_an_invalid_row_of_a_history_has_its_sentence() -> None:
    whole = record()
    static_of(whole)["verdict"] |= {"kind": "invalid", "sentence": "weights: fp32, expected bf16"}
    assert cells(whole, "Proof", is_run=False)[-1] == "invalid"
    assert "\nopenvino-static: invalid: weights: fp32" in render.terminal(table_of(whole, is_run=False), 80)


def no_eager(whole: Record) -> None:
    del whole["benchmarks"][1]


def no_verdict(whole: Record) -> None:
    del static_of(whole)["verdict"]


def no_fidelity(whole: Record) -> None:
    static_of(whole)["fidelity"] = None


def no_work(whole: Record) -> None:
    static_of(whole)["work"] = {}


def no_memory(whole: Record) -> None:
    for sample in static_of(whole)["session"]["samples"]:
        sample["conditions"]["peak_rss_bytes"] = None


def no_kernels(whole: Record) -> None:
    static_of(whole)["evidence"]["kernels"] = []


def no_evidence(whole: Record) -> None:
    for name in ("evidence", "claims", "verdict"):
        del static_of(whole)[name]


def only_two_parts(whole: Record) -> None:
    for sample in static_of(whole)["session"]["samples"]:
        sample["parts"] |= {"text_encoder_s": 0.0, "safety_checker_s": 0.0}


DASHES: Sequence[tuple[Callable[[Record], None], str, slice]] = [
    (no_eager, "Speed", slice(2, 3)),
    (no_verdict, "Speed", slice(4, 5)),
    (no_memory, "Speed", slice(3, 4)),
    (no_work, "Proof", slice(0, 2)),
    (no_fidelity, "Proof", slice(2, 5)),
    (no_kernels, "Kernels", slice(0, 2)),
    (no_evidence, "Proof", slice(0, 2)),
    (no_evidence, "Kernels", slice(0, 2)),
    (only_two_parts, "Parts", slice(0, 1)),
    (only_two_parts, "Parts", slice(5, 6)),
]


@pytest.mark.parametrize("is_run", [True, False])
@pytest.mark.parametrize(("leave_out", "title", "place"), DASHES)
def test_what_is_missing_is_a_dash(leave_out: Callable[[Record], None], title: str, place: slice, is_run: bool) -> None:
    whole = record()
    complete = cells(whole, title, is_run=is_run)
    leave_out(whole)
    found = cells(whole, title, is_run=is_run)
    assert set(found[place]) == {"-"}
    assert "-" not in complete
    assert "-" in render.markdown(table_of(whole, is_run=is_run))


def test_a_row_without_a_verdict_in_a_history_says_nothing_of_its_claims() -> None:
    whole = record()
    no_verdict(whole)
    assert cells(whole, "Proof", is_run=False)[-1] == "-"


def test_a_share_above_the_whole_is_questioned() -> None:
    whole = record()
    static_of(whole)["work"]["unet"]["operations"] *= 100
    assert cells(whole, "Proof")[0].endswith("%?")


def test_a_part_of_milliseconds_has_a_digit_more() -> None:
    found = [seconds(value_s) for value_s in (None, 0.00456, 0.0456, 4.56, 45.6)]
    assert found == ["-", "0.0046", "0.046", "4.560", "45.60"]


def test_an_equal_image_is_called_so() -> None:
    assert sections(render.terminal(table_of(record()), 80))["Proof"]["eager-fp32"][2] == "equal"


def test_rows_that_were_not_measured_stand_below_with_the_reason() -> None:
    whole = record()
    whole["not_measured"] = {"ipex-bf16": "skipped: stack ipex is not installed"}
    text = render.terminal(table_of(whole), 80)
    assert "\n\nipex-bf16: skipped: stack ipex is not installed\nnot in this run: eager-fp32-jemalloc," in text
    assert "ipex-bf16," not in text
    assert "--variant ipex-bf16 " in table_of(whole).command
    assert "\n## Missing\n\n- ipex-bf16: skipped: stack ipex is not installed\n" in render.markdown(table_of(whole))


def test_a_whole_ladder_lacks_nothing() -> None:
    table = table_of(ladder_record())
    assert (table.reasons, table.absent) == ({}, [])
    assert "## Missing" not in render.markdown(table)


def test_the_markdown_is_a_page_of_four_tables_with_the_same_figures() -> None:
    text = render.markdown(table_of(record()))
    assert text.startswith("# Stable Diffusion on AMD EPYC 9R14 (genoa)\n\nMade by ")
    assert "\n\n- machine: AMD EPYC 9R14 (genoa), 2 cores" in text
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[:4] == TITLES
    assert "\n| `openvino-static` | 10.00 | 9.750..10.50 | 2.00x | 7.0 | regressed |\n" in text
    assert "\n| `openvino-static` | bf16 100% | `brg_conv_fwd:avx10_1_512_amx bf16 60%` |\n" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert [table.splitlines()[1].count("---:") for table in tables] == [5, 7, 6, 0]
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_foreign_text_breaks_no_table_and_no_page() -> None:
    whole = record()
    hostile = "a|b`c\n<script>[x](y)\x1b[31m"
    whole["machine_info"]["perf"]["cpu"] = hostile
    static_of(whole)["evidence"]["kernels"][0]["implementation"] = hostile
    text = render.markdown(table_of(whole))
    assert "\x1b" not in text
    assert re.search(r"(?<!\\)<script", text.replace("`a\\|b'c <script>", "")) is None
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_products_are_weighed_by_how_often_an_image_calls_their_part() -> None:
    """A step has 0.3 s of convolutions, and decoding 0.6 s in other kernels: of ten steps the former take most."""
    other = replace(DECODE, implementation="jit", types="u8:s8:f32", time_s=0.6)
    seen = evidence(AMX_CONVOLUTION, replace(REORDER, time_s=99.0), other)
    once, tenfold = Products.of(seen, 1), Products.of(seen, 10)
    assert once
    assert tenfold
    assert once.kernel == "jit u8:s8:f32"
    assert once.kernel_share == pytest.approx(0.6 / 0.9)
    assert list(once.types) == ["u8", "bf16"]
    assert tenfold.kernel == "brg_conv_fwd:avx10_1_512_amx bf16"
    assert list(tenfold.types) == ["bf16", "u8"]
    assert list(tenfold.types.values()) == pytest.approx([3 / 3.6, 0.6 / 3.6])


def test_the_same_kernel_in_both_parts_is_one() -> None:
    found = Products.of(evidence(AMX_CONVOLUTION, AMX_MATMUL, DECODE), 1)
    assert found
    assert found.kernel_share == pytest.approx(2 / 3)


def test_without_products_nothing_is_said_of_them() -> None:
    assert Products.of(evidence(REORDER), 1) is None
    assert Products.of(evidence(replace(AMX_CONVOLUTION, time_s=0.0)), 1) is None


@pytest.mark.parametrize("types", ["f16", "u8:s8:bf16", "i8"])
def test_other_types_are_as_good(types: str) -> None:
    whole = record()
    for kernel in static_of(whole)["evidence"]["kernels"]:
        kernel["types"] = types
    assert cells(whole, "Kernels")[:2] == [types.split(":", maxsplit=1)[0], "100%"]


def test_in_a_sweep_rows_are_compared_within_their_setting() -> None:
    sweep = Sweep.of([Size(256, 256), Size(512, 512)], [])
    whole = copy.deepcopy(record())
    kept = [each for each in whole["benchmarks"] if each["extra_info"]["variant"]["name"] in ("eager-fp32", STATIC)]
    whole["benchmarks"] = [
        {**each, "extra_info": {**each["extra_info"], "variant": setting.to_json(), "protocol": protocol(sweep)}}
        for each in kept
        for setting in settings_of(ladder.select([each["extra_info"]["variant"]["name"]]), sweep)
    ]
    for benchmark in whole["benchmarks"]:
        name = benchmark["extra_info"]["variant"]["name"]
        latency_s = {"eager-fp32-512x512": 80.0}.get(name, 20.0)
        benchmark["extra_info"]["session"] = session(name, timed(latency_s, GIB), timed(latency_s, GIB))
    run = run_of(Path("run.json"), whole)
    table = FullTable.of(kept_of(run), run)
    assert {row.name: row.speed_up for row in table.rows} == {
        "eager-fp32-256x256": 1.0,
        "eager-fp32-512x512": 1.0,
        "openvino-static-256x256": 1.0,
        "openvino-static-512x512": 4.0,
    }
    assert "--variant eager-fp32 --variant openvino-static" in table.command
    assert "--size 256x256,512x512" in table.command
    assert "512x512\n  eager-fp32 " in render.terminal(table, 80)
    assert "| 512x512 |\n| `eager-fp32` |" in render.markdown(table)


def protocol(sweep: Sweep) -> Record:
    return Protocol(size=sweep.sizes[0], sweep=sweep).to_json()
