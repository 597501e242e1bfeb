"""Which parts of a generation are calm: by the conditions of its turns, or of the whole where it has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.records.part import Part
from perf.records.sample import Turn
from perf.stats.calm_parts import OTHER_PARTS, CalmParts, calm_parts, turn_disturbed
from tests.builders.pairs import CALM, in_turns, sample

ALL_OF_FOUR = CalmParts(frozenset(range(4)), OTHER_PARTS)
NONE = CalmParts(frozenset(), frozenset())


@pytest.mark.parametrize("has_psi", [True, False])
def test_a_disturbed_turn_costs_its_own_part_alone(has_psi: bool) -> None:
    calm = in_turns(1.0, 1.0, 1.0, 1.0, has_psi=has_psi)
    busy = in_turns(1.0, 1.0, 1.0, 1.0, disturbed=(1, Part.VAE_DECODE), has_psi=has_psi)
    others = OTHER_PARTS - {Part.VAE_DECODE}
    assert calm_parts([calm, busy]) == [ALL_OF_FOUR, CalmParts(frozenset({0, 2, 3}), others)]


def test_one_disturbed_call_of_two_disturbs_the_text_encoder() -> None:
    (calm,) = calm_parts([in_turns(1.0, disturbed=(Part.TEXT_ENCODER,))])
    assert calm.others == OTHER_PARTS - {Part.TEXT_ENCODER}


@pytest.mark.parametrize(("pressure_s", "expected"), [(0.0, ALL_OF_FOUR), (3.0, NONE)])
def test_without_turns_the_whole_is_judged(pressure_s: float, expected: CalmParts) -> None:
    old = sample(1.0, 1.0, 1.0, 1.0, conditions=replace(CALM, cpu_pressure_s=pressure_s))
    assert calm_parts([old]) == [expected]


def test_what_both_generations_have_calm_is_calm_in_the_pair() -> None:
    reference, candidate = CalmParts(frozenset({0, 1}), OTHER_PARTS), CalmParts(frozenset({1, 2}), frozenset())
    assert reference & candidate == CalmParts(frozenset({1}), frozenset())


@pytest.mark.parametrize(
    ("wall_s", "pressure_s", "cpu_s", "disturbed"),
    [
        (1.0, 0.05, 2.0, False),
        (1.0, 0.06, 2.0, True),
        (0.010, 0.004, 0.02, False),  # a time slice in a short turn
        (0.010, 0.006, 0.02, True),
        (1.0, None, 1.85, False),
        (1.0, None, 1.75, True),
        (0.010, None, 0.015, False),
        (0.010, None, 0.005, True),
        (1.0, None, 0.0, True),
    ],
)
def test_what_a_turn_may_lose(wall_s: float, pressure_s: float | None, cpu_s: float, disturbed: bool) -> None:
    turn = Turn(
        part=Part.UNET_STEP, wall_s=wall_s, cpu_s=cpu_s, involuntary_switches=0, cpu_pressure_s=pressure_s
    )  # fmt: skip
    assert turn_disturbed(turn, best_use=2.0) is disturbed


def test_a_part_that_occurs_once_may_lose_as_much_as_a_short_image() -> None:
    turn = Turn(part=Part.VAE_DECODE, wall_s=0.010, cpu_s=0.02, involuntary_switches=0, cpu_pressure_s=0.009)
    assert not turn_disturbed(turn, best_use=2.0)
    assert turn_disturbed(replace(turn, part=Part.UNET_STEP), best_use=2.0)


def test_a_part_that_is_never_calm_brings_its_pressure_about_itself() -> None:
    """It counts where the whole generation was calm, and as soon as it is calm once it is held against that."""
    checker = Part.SAFETY_CHECKER
    pressing = in_turns(*[1.0] * 4, disturbed=(checker,))
    busy = replace(pressing, conditions=replace(CALM, cpu_pressure_s=3.0))
    assert [checker in parts.others for parts in calm_parts([pressing, busy, pressing])] == [True, False, True]
    calm = in_turns(*[1.0] * 4)
    assert [checker in parts.others for parts in calm_parts([pressing, calm])] == [False, True]


def test_no_cpu_time_at_all_says_nothing() -> None:
    turn = Turn(part=Part.UNET_STEP, wall_s=1.0, cpu_s=0.0, involuntary_switches=0, cpu_pressure_s=None)
    assert not turn_disturbed(turn, best_use=0.0)
