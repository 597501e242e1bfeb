"""How a share of the machine's peak, and joules, are shown."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from perf.history import recorded_run
from perf.records.energy import Energy
from perf.report.explain import explain, of_peak
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import recorded_row, write_run


def test_a_share_above_the_whole_is_questioned() -> None:
    assert [of_peak(share) for share in (0.0, 0.5, 1.0, 1.12)] == ["0%", "50%", "100%", "112%?"]


@pytest.mark.parametrize(
    ("energy", "line"),
    [
        (
            Energy(package_j=600, dram_j=52.25),
            "  energy: 600 J/image by the packages, 300 W and 52.25 J by their memory",
        ),
        (Energy(package_j=600), "  energy: 600 J/image by the packages, 300 W"),
        (None, None),
    ],
)
def test_joules_are_explained_where_they_were_counted(tmp_path: Path, energy: Energy | None, line: str | None) -> None:
    row = recorded_row("eager-fp32", [2.0, 2.0], evidence())
    for sample in row["session"]["samples"]:
        sample["energy"] = energy and asdict(energy)
    (read,) = recorded_run.read(write_run(tmp_path / "run.json", row)).evidenced_rows
    said = [each for each in explain(read) if "energy" in each]
    assert said == ([line] if line else [])
