"""The shift that all rows share: against textbook least squares, and against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest

from perf.stats.level import TYPICAL_ROUNDS, Level
from perf.stats.machine_shift import PooledRows, RowLevels
from perf.stats.shift import Prior

PRIOR = Prior(sd=0.01)
DAY_S = 86400.0
HOUR_S = 3600.0


def levels(values: np.ndarray, night: int = 0) -> list[Level]:
    """Levels of one night, an hour apart, so that drifts are forgotten."""
    return [Level(value, None, TYPICAL_ROUNDS, night * DAY_S + n * HOUR_S) for n, value in enumerate(values.tolist())]


def ladder(
    shifts: list[float], *, nights: int = 5, night_sd: float = 0.0, sd: float = 0.01, seed: int = 1
) -> dict[str, RowLevels]:
    """Make rows that have shifted so, with two sessions a night in the baseline; they share the luck of the nights."""
    generator = np.random.default_rng(seed)
    luck = generator.normal(0, night_sd, nights + 1)
    rows = {}
    for n, shift in enumerate(shifts):
        usual = float(generator.normal(2, 1))
        baseline = [
            level
            for night in range(nights)
            for level in levels(usual + luck[night] + generator.normal(0, sd, 2), night)
        ]
        rows[str(n)] = RowLevels(baseline, levels(usual + shift + luck[-1] + generator.normal(0, sd, 2), nights))
    return rows


def test_rows_alike_give_the_mean_of_their_shifts() -> None:
    rows = ladder([0.05] * 4)
    means = [
        np.mean([level.value for level in row.new]) - np.mean([level.value for level in row.baseline])
        for row in rows.values()
    ]
    assert PooledRows(rows, PRIOR).machine().mean == pytest.approx(np.mean(means), abs=0.002)


def test_more_rows_know_more() -> None:
    few, many = (PooledRows(ladder([0.05] * count), PRIOR).machine() for count in (3, 12))
    assert many.scale < 0.6 * few.scale
    assert few.mean == pytest.approx(0.05, abs=3 * few.scale)
    assert many.mean == pytest.approx(0.05, abs=3 * many.scale)


def test_rows_that_disagree_make_it_uncertain() -> None:
    agreeing, disagreeing = (PooledRows(ladder(shifts), PRIOR).machine() for shifts in ([0.1] * 3, [0.2, 0.1, 0.0]))
    assert agreeing.below(0) < 0.01 < disagreeing.below(0)


def test_a_row_is_held_against_the_others() -> None:
    beside = PooledRows(ladder([0.2, 0.1, 0.1, 0.1, 0.1]), PRIOR).beside("0")
    assert beside.others == 4
    assert beside.machine.mean == pytest.approx(0.1, abs=0.02)
    assert beside.remainder.mean == pytest.approx(0.1, abs=0.025)
    assert beside.remainder.below(0) < 0.001


def test_a_row_has_no_say_in_what_excuses_it() -> None:
    rows, slow = ladder([0.0] * 4), ladder([0.3, 0.0, 0.0, 0.0])
    others, beside_slow = (PooledRows(each, PRIOR).beside("0").machine for each in (rows, slow))
    assert beside_slow.mean == pytest.approx(others.mean, abs=1e-6)
    assert beside_slow.scale == pytest.approx(others.scale, rel=1e-3)


def test_a_night_of_the_baseline_is_one_night_for_all_rows() -> None:
    """Twelve rows of one night know hardly more of how nights differ than three."""
    few, many = (PooledRows(ladder([0.0] * count, nights=1), PRIOR).machine() for count in (3, 12))
    assert many.scale > 0.6 * few.scale
    assert many.scale > 2 * PooledRows(ladder([0.0] * 12, nights=6), PRIOR).machine().scale


@pytest.mark.parametrize("night_sd", [0.0, 0.015])
def test_a_machine_that_is_as_fast_as_ever_is_seldom_called_slower(night_sd: float) -> None:
    """One-sided 5 % are meant, of what the machine did tonight: its luck included."""
    alarms = []
    for seed in range(80):
        rows = ladder([0.0] * 4, night_sd=night_sd, seed=seed)
        tonight = float(np.random.default_rng(seed).normal(0, night_sd, 6)[-1])
        machine = PooledRows(rows, PRIOR).machine()
        alarms.append(machine.quantile(0.05) > tonight)
    assert np.mean(alarms) < 0.1


def test_a_noisier_row_is_not_judged_by_the_calm_of_the_others() -> None:
    """One-sided 5 % are meant, of a row of few sessions that differ six times as much as those of the others."""
    alarms = []
    for seed in range(80):
        rows = ladder([0.1] * 4, nights=2, sd=0.005, seed=seed) | {
            "noisy": ladder([0.1], nights=2, sd=0.03, seed=1000 + seed)["0"]
        }
        alarms.append(PooledRows(rows, PRIOR).beside("noisy").remainder.below(0) < 0.05)
    assert np.mean(alarms) < 0.1
