"""Rounds whose figures contradict each other, and bad nights, which do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.errors import BadRecord
from perf.lab import series
from perf.records.consistency import check_consistent
from perf.records.session_record import Round
from tests.builders.runs import DATA

GIB = 1024**3
GOOD = Round(
    latency_s=20.0,
    cpu_s=39.0,
    cpu_pressure_s=0.5,
    peak_rss_bytes=8 * GIB,
    text_encoder_s=0.1,
    unet_step_s=0.9,
    vae_decode_s=1.5,
    safety_checker_s=1.0,
    package_j=6000.0,
    dram_j=400.0,
    instructions=150e9,
    cycles=100e9,
    reference_cycles=90e9,
    cache_misses=1e8,
    page_faults=0,
)


def check(timed: Round) -> None:
    check_consistent(timed, steps=20, cpus=2, memory_bytes=24 * GIB)


def test_a_good_round_passes() -> None:
    check(GOOD)
    check(Round(latency_s=1.0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latency_s", 11.5),
        ("vae_decode_s", 20.0),
        ("unet_step_s", 9.0),
        ("cpu_s", 19 * 20.0),
        ("cpu_pressure_s", 25.0),
        ("peak_rss_bytes", 80.0 * GIB),
        ("package_j", 6.0),
        ("package_j", 6e6),
        ("dram_j", 4e6),
        ("instructions", 17 * 100e9),
        ("cycles", 9e9),
        ("cycles", 5e11),
        ("reference_cycles", 5e11),
    ],
)
def test_what_cannot_be_is_named(field: str, value: float) -> None:
    with pytest.raises(BadRecord) as caught:
        check(replace(GOOD, **{field: value}))
    assert caught.value.field in {field, "latency_s", "instructions"}


@pytest.mark.parametrize("path", sorted((DATA / "noise").glob("*.jsonl")), ids=lambda path: path.stem)
def test_no_recorded_night_contradicts_itself(path: Path) -> None:
    for session in series.read(path):
        for timed in session.rounds:
            check_consistent(timed, steps=1, cpus=2, memory_bytes=None)
