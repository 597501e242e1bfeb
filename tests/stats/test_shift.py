"""The regression behind the verdict, against scipy and against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from perf.stats.belief import DRIFTS, Belief
from perf.stats.level import TYPICAL_ROUNDS, Level
from perf.stats.shift import NIGHT_GAP_S, Prior, nights, shift

SILENT = Prior(sd=1e-6, sessions=1e-9)
CERTAIN = Belief.of(
    drifts=(1, *[1e-30] * (len(DRIFTS) - 1)), nights=(1, 1e-30, 1e-30), sds=(*[1e-30] * 2, 1, *[1e-30] * 2)
)
DAY_S = 86400.0


def levels(values: np.ndarray, controls: np.ndarray | None = None, measured_s: float = 0.0) -> list[Level]:
    known = [None] * len(values) if controls is None else controls.tolist()
    return [Level(value, control, TYPICAL_ROUNDS, measured_s) for value, control in zip(values, known, strict=True)]


def test_without_a_prior_it_is_the_two_sample_t_test() -> None:
    generator = np.random.default_rng(5)
    old, new = generator.normal(0, 1, 9), generator.normal(0.7, 1, 5)
    moved = shift(levels(old), levels(new), SILENT)
    expected = stats.ttest_ind(new, old).confidence_interval(0.9)
    assert moved.mean == pytest.approx(new.mean() - old.mean())
    assert (moved.quantile(0.05), moved.quantile(0.95)) == pytest.approx((expected.low, expected.high), rel=1e-3)


def test_a_covariate_is_taken_out_as_least_squares_would() -> None:
    generator = np.random.default_rng(6)
    old_probe, new_probe = generator.normal(0, 0.02, 15), generator.normal(0.03, 0.02, 5)
    old = 0.8 * old_probe + generator.normal(0, 0.004, 15)
    new = 0.05 + 0.8 * new_probe + generator.normal(0, 0.004, 5)
    design = np.column_stack([np.ones(20), np.repeat([0, 1], [15, 5]), np.concatenate([old_probe, new_probe])])
    textbook, *_ = np.linalg.lstsq(design, np.concatenate([old, new]))
    flat_slope = Prior(sd=1e-6, sessions=1e-9, slope_sd=1e3)
    assert shift(levels(old, old_probe), levels(new, new_probe), flat_slope).mean == pytest.approx(textbook[1])


def test_a_missing_probe_switches_the_covariate_off() -> None:
    old = levels(np.zeros(4), np.array([0.0, 0.1, 0.2, 0.3]))
    new = levels(np.array([0.02]))
    assert shift(old, new, Prior(0.01)).mean == pytest.approx(0.02)


def test_another_probe_is_not_compared_with() -> None:
    old = [Level(0.0, control, TYPICAL_ROUNDS, probe_name="numpy 2.4") for control in (0.0, 0.1, 0.2)]
    new = [Level(0.02, -0.5, TYPICAL_ROUNDS, probe_name="numpy 2.5")]
    assert shift(old, new, Prior(0.01)).mean == pytest.approx(0.02)


def test_with_one_session_the_prior_gives_the_width() -> None:
    """Of one time, so that only the luck of the sessions differs."""
    moved = shift(levels(np.zeros(1)), levels(np.zeros(1)), Prior(sd=0.02), CERTAIN)
    assert moved.scale == pytest.approx(0.02 * np.sqrt(2), rel=1e-3)
    assert moved.dofs.tolist() == [4.0]


def test_a_session_of_few_rounds_weighs_less() -> None:
    few = [Level(0.1, None, 2), Level(0.0, None, 10)]
    assert 0 < shift(levels(np.zeros(3)), few, Prior(0.02)).mean < 0.05


def test_nights_are_parted_by_hours() -> None:
    times = [0.0, 3 * DAY_S, NIGHT_GAP_S / 2, 3 * DAY_S + 60, NIGHT_GAP_S]
    numbers = nights([Level(0.0, None, 5, when) for when in times])
    assert numbers.tolist() == [0, 1, 0, 1, 0]


def test_more_sessions_of_one_night_do_not_make_another_night_certain() -> None:
    generator = np.random.default_rng(7)
    old = levels(generator.normal(0, 0.01, 15))
    new = generator.normal(0, 0.01, 5)
    same, other = shift(old, levels(new), Prior(0.01)), shift(old, levels(new, measured_s=DAY_S), Prior(0.01))
    assert other.scale > 1.2 * same.scale


@pytest.mark.parametrize("night_sd", [0.0, 0.01])
def test_false_alarms_over_simulated_nights(night_sd: float) -> None:
    """One-sided 5 % are meant; the night's luck may be a little more than the prior has room for."""
    generator = np.random.default_rng(8)
    alarms = []
    for _ in range(300):
        luck = generator.normal(0, night_sd, 7)
        old = [
            level
            for night in range(6)
            for level in levels(luck[night] + generator.normal(0, 0.01, 3), measured_s=night * DAY_S)
        ]
        new = levels(luck[6] + generator.normal(0, 0.01, 5), measured_s=6 * DAY_S)
        alarms.append(shift(old, new, Prior(0.015)).quantile(0.05) > 0)
    assert np.mean(alarms) < 0.09
