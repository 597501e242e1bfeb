"""How a share of the machine's peak, joules and counts are shown, alone and beside another run's."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from perf.history import recorded_run
from perf.history.recorded_run import EvidencedRow
from perf.records.counts import Counts, GenerationCounts
from perf.records.energy import Energy
from perf.records.part import Part
from perf.report.explain import against, explain, of_peak
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import recorded_row, write_run
from tests.builders.samples import sample


def counted(latency_s: float, unet: Counts, rest: Counts) -> EvidencedRow:
    """Return a recorded row of three such generations."""
    counts = GenerationCounts(parts={Part.UNET_STEP: unet} if unet != Counts() else {}, rest=rest)
    record = recorded_row("openvino-static", [latency_s], evidence())
    record["session"]["samples"] = [replace(sample(latency_s), counts=counts).to_json()] * 3
    return EvidencedRow.from_json(json.loads(json.dumps(record)))


UNET = Counts(
    instructions=3 * 10**9,
    cycles=2 * 10**9,
    reference_cycles=10**9,
    cache_misses=10**6,
    page_faults=7,
    task_clock_s=0.8,
)
REST = Counts(instructions=1, cycles=1, reference_cycles=1, cache_misses=1, page_faults=5, task_clock_s=0.001)


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
    for timed in row["session"]["samples"]:
        timed["energy"] = energy and asdict(energy)
    (read,) = recorded_run.read(write_run(tmp_path / "run.json", row)).evidenced_rows
    said = [each for each in explain(read) if "energy" in each]
    assert said == ([line] if line else [])


def test_counts_are_shown_by_part() -> None:
    lines = list(explain(counted(1.0, UNET, REST)))
    start = lines.index("  counted in an image, all threads, medians of 3")
    assert lines[start + 1] == (
        "    UNet step       3e+09 instructions, 1.5 per cycle, 2.5 GHz, 1e+06 cache misses, 7 page faults, "
        "0.8 s of CPU time"
    )
    assert lines[start + 2].startswith("    rest            1 instructions, 1 per cycle, ")


def test_what_is_not_counted_is_left_out() -> None:
    """As on most virtual machines, and with a backend that lets nobody look between its parts."""
    lines = list(explain(counted(1.0, Counts(), Counts(page_faults=12, task_clock_s=0.5))))
    assert "    all parts       12 page faults, 0.5 s of CPU time" in lines
    assert not any("counted" in line for line in explain(EvidencedRow.from_json(plain_record())))


def plain_record() -> dict[str, object]:
    return recorded_row("openvino-static", [1.0], evidence())


def test_beside_another_run_it_is_said_whether_there_are_more_instructions() -> None:
    before = counted(1.0, UNET, REST)
    more = replace(UNET, instructions=33 * 10**8, cycles=22 * 10**8)
    assert any(
        line.startswith("    more instructions: software; the seconds change by instructions +10.0 %")
        for line in against(counted(1.1, more, REST), before)
    )
    stalled = counted(1.1, replace(UNET, cycles=24 * 10**8, reference_cycles=12 * 10**8), REST)
    assert any(
        line.startswith("    the same instructions; the seconds change by instructions +0.0 %, stalls +20.0 %")
        for line in against(stalled, before)
    )
    plain = EvidencedRow.from_json(plain_record())
    assert not any("instructions" in line for line in against(plain, before))
