"""What is left of pairs: what stands in for a disturbed part, and when a pair is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perf.records.part import Part
from perf.records.sample import Sample
from perf.stats.kept_pairs import KeptPair, kept_pairs, pairs_to_json, set_aside, unpaired_width
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import pooled
from perf.stats.watch import LATENCY, PLAIN_LATENCY
from tests.builders.pairs import CALM, STEPS, Disturbed, bursts, in_turns, pair, sample, without_turns

VAE = Part.VAE_DECODE


def slower(times: float = 1.1, *, vae: float = 1.0, reference: Disturbed = (), candidate: Disturbed = ()) -> Pair:
    """Return a pair in turns of eight steps whose candidate's steps take so many times longer."""
    return pair(
        in_turns(*[1.0] * 8, disturbed=reference), in_turns(*[times] * 8, vae_s=2.0 * vae, disturbed=candidate)
    )  # fmt: skip


def test_disturbed_steps_are_in_no_ratio_and_no_weight() -> None:
    """A third as many steps again, each half as long again in one of the two, and nothing moves."""
    (undisturbed,) = kept_pairs([slower()])
    (disturbed,) = kept_pairs([slower(reference=(0, 3), candidate=(3, 6))])
    assert pooled([disturbed], LATENCY.name) == pytest.approx(pooled([undisturbed], LATENCY.name))
    assert disturbed.reference_s == pytest.approx(undisturbed.reference_s)
    assert disturbed.candidate_s == pytest.approx(undisturbed.candidate_s)
    assert (undisturbed.is_whole, disturbed.is_whole) == (True, False)
    assert PLAIN_LATENCY.name not in disturbed.names


def test_a_whole_pairs_latency_is_as_measured() -> None:
    measured = slower(1.2)
    (left,) = kept_pairs([measured])
    assert (left.reference_s, left.candidate_s) == pytest.approx(
        (measured.reference.latency_s, measured.candidate.latency_s)
    )


def test_a_disturbed_vae_is_stood_in_for_by_the_same_workers_calm_ones() -> None:
    """What a calm pair would have shown is shown, although the candidate's VAE is 20 % slower and was held up."""
    calm, held_up = slower(vae=1.2), slower(vae=1.2, candidate=(VAE,))
    first, second = kept_pairs([calm, held_up])
    assert pooled([second], LATENCY.name) == pytest.approx(pooled([first], LATENCY.name))
    assert second.candidate_s == pytest.approx(first.candidate_s)
    assert VAE not in second.names, "what was lent is not counted twice"
    other_workers = replace(calm, workers=2)
    assert kept_pairs([other_workers, held_up])[0].pair is other_workers
    assert len(kept_pairs([other_workers, held_up])) == 1


def test_a_pair_without_a_lender_is_lost_until_there_is_one() -> None:
    held_up = slower(candidate=(VAE,))
    assert kept_pairs([held_up]) == []
    assert len(kept_pairs([held_up, slower()])) == 2


def test_a_lost_pair_may_lend_what_was_calm_of_it() -> None:
    lost, held_up = slower(reference=range(7)), slower(candidate=(VAE,))
    assert [left.pair for left in kept_pairs([lost, held_up])] == [held_up]


@pytest.mark.parametrize(("disturbed", "kept"), [(5, True), (6, False)])
def test_a_pair_with_few_steps_left_is_lost(disturbed: int, kept: bool) -> None:
    assert bool(kept_pairs([slower(candidate=range(disturbed))])) is kept


def test_it_says_how_much_was_set_aside() -> None:
    pairs = [slower(), slower(reference=(0,), candidate=(0, 1)), slower()]
    assert not set_aside(pairs[:1])
    assert str(set_aside(pairs)) == "2 of 24 steps set aside"
    assert str(set_aside([*pairs, slower(reference=range(7))])) == "10 of 32 steps and 1 of 4 pairs set aside"
    rows = pairs_to_json([*pairs, slower(reference=range(7))])
    assert [(row["set_aside"], row["disturbed_steps"], row["disturbed_parts"]) for row in rows] == [
        (False, [], []),
        (False, [0, 1], []),
        (False, [], []),
        (True, list(range(7)), []),
    ]


def test_without_pressure_a_generation_that_waits_sets_its_pair_aside() -> None:
    def using(cpu_s: float) -> Sample:
        return sample(1.0, 1.0, conditions=replace(CALM, cpu_s=cpu_s, cpu_pressure_s=None))

    calm, waiting = using(9.0), using(6.0)
    pairs = [pair(waiting, calm), pair(calm, calm), pair(calm, waiting), pair(calm, calm)]
    assert [left.pair for left in kept_pairs(pairs)] == [pairs[1], pairs[3]]
    assert [pair_json["set_aside"] for pair_json in pairs_to_json(pairs)] == [True, False, True, False]


def test_a_worker_is_held_against_itself() -> None:
    """A candidate may use fewer CPUs than the reference, and one worker fewer than the next."""
    two_cpus, one_cpu = (
        sample(1.0, 1.0, conditions=replace(CALM, cpu_s=cpu_s, cpu_pressure_s=None)) for cpu_s in (9.0, 4.5)
    )
    pairs = [pair(two_cpus, one_cpu), pair(two_cpus, one_cpu), pair(one_cpu, one_cpu, workers=2)]
    assert [left.pair for left in kept_pairs(pairs)] == pairs


def test_where_one_of_the_two_has_no_turns_the_whole_of_it_is_judged() -> None:
    """A reference worker of an earlier version beside a candidate of today."""
    calm, busy = (sample(*[1.0] * 8, conditions=replace(CALM, cpu_pressure_s=pressure)) for pressure in (0.0, 3.0))
    candidate = in_turns(*[1.0] * 8, disturbed=(2,))
    pairs = [pair(calm, candidate), pair(busy, candidate)]
    (left,) = kept_pairs(pairs)
    assert (left.pair, len(left.calm.steps)) == (pairs[0], 7)


def test_latencies_apart_have_the_machines_drift_in_them() -> None:
    drifting = kept_pairs([pair(sample(speed, speed), sample(speed, speed)) for speed in (1.0, 1.3, 1.6, 1.2)])
    assert {round(left.whole_log_ratios[PLAIN_LATENCY.name], 9) for left in drifting} == {0.0}
    assert unpaired_width(drifting) > 0.1


def test_a_busy_machine_loses_steps_where_it_lost_images() -> None:
    generator = np.random.default_rng(3)
    steps_s = [1.0] * STEPS
    pairs = [
        pair(in_turns(*steps_s, disturbed=bursts(generator)), in_turns(*steps_s, disturbed=bursts(generator)))
        for _ in range(40)
    ]
    kept: list[KeptPair] = kept_pairs(pairs)
    whole = kept_pairs([without_turns(measured) for measured in pairs])
    assert len(whole) < 15
    assert len(kept) > 30
