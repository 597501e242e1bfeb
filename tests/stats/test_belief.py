"""The belief about a machine's noise: what sessions, its own and those of other rows, make of it."""

from __future__ import annotations

import numpy as np
import pytest

from perf.stats.belief import BELIEF, DRIFTS, NIGHT_SHARES, SD_FACTORS, SHAPE
from perf.stats.decision import BaselineLevels, judge
from perf.stats.ladder_decision import pooled_beliefs
from perf.stats.level import TYPICAL_ROUNDS, Level
from perf.stats.shift import Prior, log_evidence
from perf.stats.watch import LATENCY
from tests.builders.sessions import sessions

PRIOR = Prior(0.012)
DAY_S = 86400.0


def levels(values: np.ndarray, apart_s: float) -> list[Level]:
    return [Level(float(value), None, TYPICAL_ROUNDS, n * apart_s) for n, value in enumerate(values)]


def weights_after(values: np.ndarray, apart_s: float) -> np.ndarray:
    return BELIEF.after([log_evidence(levels(values, apart_s), PRIOR)]).weights


def test_the_weights_add_up() -> None:
    assert BELIEF.weights.shape == SHAPE
    assert BELIEF.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("factor", [0.35, 1.0, 3.0])
def test_the_spread_of_sessions_is_learnt(factor: float) -> None:
    values = np.random.default_rng(1).normal(0, factor * PRIOR.sd, 40)
    weights = weights_after(values, 7200.0)
    shares = np.array([drift.share for drift in DRIFTS])[:, None, None]  # so far apart, a drift is luck like any other
    variance = (weights * (1 + shares) * (PRIOR.sd * np.array(SD_FACTORS)) ** 2).sum()
    assert np.sqrt(variance) == pytest.approx(factor * PRIOR.sd, rel=0.4)


def test_a_drift_is_learnt() -> None:
    walk = np.cumsum(np.random.default_rng(2).normal(0, 0.01, 40))
    by_drift = weights_after(walk, 60.0).sum(axis=(1, 2))
    assert DRIFTS[int(by_drift.argmax())].share == 4.0


def test_nights_that_differ_are_learnt() -> None:
    generator = np.random.default_rng(3)
    nightly = [
        Level(luck + float(own), None, TYPICAL_ROUNDS, night * DAY_S + 1800 * n)
        for night, luck in enumerate(generator.normal(0, 0.03, 12).tolist())
        for n, own in enumerate(generator.normal(0, 0.005, 3))
    ]
    by_night = BELIEF.after([log_evidence(nightly, PRIOR)]).weights.sum(axis=(0, 2))
    assert NIGHT_SHARES[int(by_night.argmax())] == 4.0


def test_one_session_tells_nothing() -> None:
    assert not log_evidence(levels(np.zeros(1), 60.0), PRIOR).any()


def test_a_row_learns_from_the_others_of_its_ladder() -> None:
    """Two sessions know little; eleven other rows of a calm machine say that they differ little."""
    young = BaselineLevels.of(sessions(2, seed=1, sd=0.002))
    calm = {str(seed): BaselineLevels.of(sessions(3, seed=seed, sd=0.002)) for seed in range(2, 13)}
    beliefs = pooled_beliefs({"young": young} | calm)["young"]
    new = sessions(3, seed=20, sd=0.002)
    alone, in_company = judge(young, new).latency, judge(young, new, beliefs=beliefs).latency
    assert alone is not None
    assert in_company is not None
    assert in_company.high - in_company.low < 0.8 * (alone.high - alone.low)
    assert beliefs[LATENCY.name].weights.sum() == pytest.approx(1)
