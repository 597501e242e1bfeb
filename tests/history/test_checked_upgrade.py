"""What the history keeps of an upgrade check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perf.errors import BadRun
from perf.history.checked_upgrade import CheckedRow, read_upgrade
from perf.history.night import Night
from perf.history.notice import notice
from perf.history.reading import read_kept
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.verdict import VerdictKind
from tests.builders.recorded_runs import recorded_row, write_run
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade


def test_an_upgrade_is_read_with_its_rows(tmp_path: Path) -> None:
    upgrade = read_upgrade(write_upgrade(tmp_path / "up.json", upgrade_record()))
    assert (upgrade.about, upgrade.counts) == (
        "openvino 2026.3.1 -> 2026.4.1",
        "1 regressed, 1 equivalent, 1 invalid",
    )
    static, eager, ipex = upgrade.rows
    assert (static.kind, static.moved) == (VerdictKind.REGRESSED, ("UNet step",))
    assert eager.latency
    assert (eager.latency.ratio, eager.verdict) == (1.002, PairedVerdict.EQUIVALENT)
    assert (ipex.latency, ipex.faults) == (None, ("worker 7 died",))
    assert [CheckedRow.from_json(row.to_json()) for row in upgrade.rows] == list(upgrade.rows)
    assert len({digest for digest, _ in upgrade.stacks}) == 2


def test_an_upgrade_of_many_packages_is_named_by_a_few(tmp_path: Path) -> None:
    record = upgrade_record()
    changed = [f"package-{number} 1 -> 2" for number in range(9)]
    record["upgrade"] |= {"asked": [], "package_changes": changed, "unasked_changes": []}
    upgrade = read_upgrade(write_upgrade(tmp_path / "up.json", record))
    assert upgrade.about == "package-0 1 -> 2, package-1 1 -> 2, package-2 1 -> 2, 6 more"


def test_either_kind_of_run_is_known_by_its_content(tmp_path: Path) -> None:
    ladder = write_run(tmp_path / "run.json", recorded_row("eager-fp32", [10.0, 10.1]))
    upgrade = write_upgrade(tmp_path / "up.json", upgrade_record())
    assert isinstance(read_kept(ladder), Night)
    assert read_kept(upgrade) == read_upgrade(upgrade)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole["upgrade"].pop("candidate"),
        lambda whole: whole["upgrade"]["results"][0]["latency"].update(ratio="cheese"),
        lambda whole: whole["upgrade"]["results"][0]["latency"].update(low=-1.0),
        lambda whole: whole["upgrade"]["results"][0].update(verdict="cheese"),
        lambda whole: whole["upgrade"].update(results=7),
        lambda whole: whole.update(upgrade=[]),
        lambda whole: whole["machine_info"].pop("perf"),
        lambda whole: whole.update(datetime="yesterday"),
    ],
    ids=["stack", "ratio", "negative", "verdict", "results", "section", "machine", "time"],
)
def test_what_is_none_names_the_file(tmp_path: Path, spoil: Callable[[dict[str, Any]], object]) -> None:
    whole = upgrade_record()
    spoil(whole)
    with pytest.raises(BadRun, match=r"up\.json is no upgrade check of this suite: "):
        read_kept(write_upgrade(tmp_path / "up.json", whole))


def test_a_webhook_is_told_of_its_rows(tmp_path: Path) -> None:
    told = notice(read_kept(write_upgrade(tmp_path / "up.json", upgrade_record())), exit_code=1)
    assert (told["exit_code"], told["package_changes"][0]) == (1, "openvino 2026.3.1 -> 2026.4.1")
    assert [(row["name"], row["verdict"], row["ratio"]) for row in told["rows"]] == [
        ("openvino-static", "regressed", 1.041),
        ("eager-fp32", "equivalent", 1.002),
        ("ipex-bf16", "invalid", None),
    ]
