"""The probe's times, and the samples they belong to."""

from __future__ import annotations

import time

import pytest

from perf.measure.machine_probe import Probe, ProbeTimes, probed_around


def test_a_sample_has_the_mean_of_the_probes_around_it() -> None:
    probes = [(0, 0.04), (1, 0.09), (3, 0.16)]  # one before the first, none between the second and the third
    assert [probed_around(number, probes) for number in range(4)] == pytest.approx([0.06, 0.12, 0.12, 0.16])
    assert probed_around(0, []) is None


def test_rounds_that_are_shorter_than_the_interval_share_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = ProbeTimes(Probe("silly", time_s=lambda: 0.04), come_to_rest=lambda: None)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert probes.is_due()
    probes.take(0)
    monkeypatch.setattr(time, "monotonic", lambda: 101.9)
    assert not probes.is_due()
    monkeypatch.setattr(time, "monotonic", lambda: 102.0)
    assert probes.is_due()
