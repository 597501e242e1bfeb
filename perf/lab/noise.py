"""How much identical sessions of a series differ, before and after the gate's corrections."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from perf.records.session_record import SessionRecord
from perf.stats.decision import BaselineLevels
from perf.stats.level import Level, Powers, undisturbed
from perf.stats.shift import centred_probes
from perf.stats.watch import LATENCY, PLAIN_LATENCY


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How much identical sessions differ: standard deviations of log latency, so about fractions of it.

    ``plain_sd`` is of the medians of undisturbed rounds, ``corrected_sd`` of what the gate reads, with waiting and the
    machine's speed taken out. ``probe_correlation`` is that of the sessions' levels with their probes, 0 without one.
    """

    sessions: int
    rounds: int
    disturbed_rounds: int
    plain_sd: float
    corrected_sd: float
    probe_correlation: float

    def __str__(self) -> str:
        if self.disturbed_rounds == self.rounds:
            return f"{self.sessions} sessions, every round disturbed"
        return (
            f"{self.sessions} sessions, {self.disturbed_rounds} of {self.rounds} rounds disturbed\n"
            f"standard deviation of sessions: {100 * self.plain_sd:.1f} % (medians), "
            f"{100 * self.corrected_sd:.1f} % (as the gate reads them); "
            f"the probe follows them with r = {self.probe_correlation:.2f}"
        )


def noise(series: Sequence[SessionRecord]) -> Noise:
    """Measure the noise of a series of identical sessions."""
    rounds = sum(len(session.rounds) for session in series)
    calm_rounds = sum(len(undisturbed(session.rounds)) for session in series)
    plain = [level.value for level in PLAIN_LATENCY.levels(series, Powers())]
    corrected_sd, probe_correlation = _without_the_probe(BaselineLevels.of(series).levels[LATENCY.name])
    return Noise(
        sessions=len(series),
        rounds=rounds,
        disturbed_rounds=rounds - calm_rounds,
        plain_sd=_sd(plain),
        corrected_sd=corrected_sd,
        probe_correlation=probe_correlation,
    )


def _without_the_probe(levels: Sequence[Level]) -> tuple[float, float]:
    """Return the standard deviation of the levels around a straight line over the probes, and their correlation."""
    values = [level.value for level in levels]
    probes = centred_probes(levels, len(levels)) if levels else np.zeros(0)
    if not probes.any():
        return _sd(values), 0.0
    line = stats.linregress(probes, values)
    return _sd(list(values - line.slope * probes)), float(line.rvalue)


def _sd(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0
