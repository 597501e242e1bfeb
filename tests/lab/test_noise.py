"""The noise of the recorded series, before and after the gate's corrections."""

from __future__ import annotations

from perf.lab import series
from perf.lab.noise import noise
from tests.builders.runs import DATA

ORDINARY = DATA / "noise" / "openvino-static-256.jsonl"
BURSTS = DATA / "noise" / "openvino-static-256-bursts.jsonl"


def test_what_the_gate_reads_differs_less_than_medians_do() -> None:
    ordinary, bursts = (noise(series.read(path)) for path in (ORDINARY, BURSTS))
    assert (ordinary.sessions, ordinary.rounds, ordinary.disturbed_rounds) == (24, 144, 4)
    assert (bursts.sessions, bursts.rounds, bursts.disturbed_rounds) == (9, 54, 18)
    assert ordinary.corrected_sd < 0.6 * ordinary.plain_sd
    assert bursts.corrected_sd < 0.6 * bursts.plain_sd
