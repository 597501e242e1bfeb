"""What is left of pairs: the ratios of their parts, what stands in for a disturbed one, and when a pair is lost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from perf.records.part import Part
from perf.records.sample import Sample
from perf.stats.kept_pairs import KeptPair, by_workers, kept_pairs, pairs_to_json, set_aside, unpaired_width
from perf.stats.pairs import Pair
from perf.stats.watch import LATENCY, PLAIN_LATENCY
from tests.builders.pairs import CALM, STEPS, Disturbed, bursts, in_turns, noisy, pair, sample, without_turns

VAE = Part.VAE_DECODE


def ratios(reference: Sample, candidate: Sample) -> dict[str, float]:
    (left,) = kept_pairs([pair(reference, candidate)])
    return left.log_ratios


def slower(times: float = 1.1, *, vae: float = 1.0, reference: Disturbed = (), candidate: Disturbed = ()) -> Pair:
    """Return a pair in turns of eight steps whose candidate's steps take so many times longer."""
    return pair(
        in_turns(*[1.0] * 8, disturbed=reference), in_turns(*[times] * 8, vae_s=2.0 * vae, disturbed=candidate)
    )  # fmt: skip


def test_the_same_is_the_same() -> None:
    same = ratios(sample(*[1.0] * 8), sample(*[1.0] * 8))
    assert set(same.values()) == {0.0}
    assert {LATENCY.name, PLAIN_LATENCY.name, Part.UNET_STEP, Part.VAE_DECODE, Part.TEXT_ENCODER} <= same.keys()


def test_every_part_counts_by_its_time() -> None:
    measured = ratios(sample(*[1.0] * 8), sample(*[1.1] * 8, vae_s=1.0))
    assert measured[Part.UNET_STEP] == pytest.approx(math.log(1.1))
    assert measured[LATENCY.name] == pytest.approx((8 * math.log(1.1) + 2 * math.log(0.5)) / 10.6)


def test_a_step_that_was_held_up_is_no_slower_software() -> None:
    measured = ratios(sample(*[1.0] * 8), sample(*[1.0] * 6, 1.9, 1.0))
    assert measured[LATENCY.name] == pytest.approx(0.0)
    assert measured[PLAIN_LATENCY.name] > 0.08


def test_a_step_more_counts_in_full() -> None:
    measured = ratios(sample(*[1.0] * 8), sample(*[1.0] * 9))
    assert measured[LATENCY.name] == pytest.approx(8 * math.log(9 / 8) / 10.6)


def test_a_part_that_is_not_known_is_left_out() -> None:
    assert VAE not in ratios(sample(1.0, 1.0, vae_s=0.0), sample(1.0, 1.0))


def test_disturbed_steps_are_in_no_ratio_and_no_weight() -> None:
    """A third as many steps again, each half as long again in one of the two, and nothing moves."""
    (undisturbed,) = kept_pairs([slower()])
    (disturbed,) = kept_pairs([slower(reference=(0, 3), candidate=(3, 6))])
    assert disturbed.log_ratios[LATENCY.name] == pytest.approx(undisturbed.log_ratios[LATENCY.name])
    assert disturbed.reference_s == pytest.approx(undisturbed.reference_s)
    assert disturbed.candidate_s == pytest.approx(undisturbed.candidate_s)
    assert (undisturbed.is_whole, disturbed.is_whole) == (True, False)
    assert PLAIN_LATENCY.name not in disturbed.log_ratios


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
    assert second.log_ratios[LATENCY.name] == pytest.approx(first.log_ratios[LATENCY.name])
    assert second.candidate_s == pytest.approx(first.candidate_s)
    assert VAE not in second.log_ratios, "what was lent is not counted twice"
    other_workers = replace(calm, workers=2)
    assert kept_pairs([other_workers, held_up])[0].pair is other_workers
    assert len(kept_pairs([other_workers, held_up])) == 1


def test_a_pair_without_a_lender_is_lost_until_there_is_one() -> None:
    held_up = slower(candidate=(VAE,))
    assert kept_pairs([held_up]) == []
    assert len(kept_pairs([held_up, slower()])) == 2


def test_a_small_part_that_nobody_can_lend_is_left_out() -> None:
    (left,) = kept_pairs([slower(vae=1.1, candidate=(Part.TEXT_ENCODER,))])
    expected = (8 * math.log(1.1) + 2 * math.log(1.1)) / 10.5
    assert left.log_ratios[LATENCY.name] == pytest.approx(expected)


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


def test_disturbed_pairs_of_whole_generations_are_in_no_group() -> None:
    calm = sample(1.0, 1.0)
    busy = sample(1.0, 1.0, conditions=replace(CALM, cpu_pressure_s=3.0))
    pairs = [pair(calm, calm), pair(busy, calm), pair(calm, busy), pair(calm, calm, 2), pair(calm, calm, 2)]
    assert by_workers(pairs, LATENCY.name) == {1: [0.0], 2: [0.0, 0.0]}


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
    assert {round(left.log_ratios[PLAIN_LATENCY.name], 9) for left in drifting} == {0.0}
    assert unpaired_width(drifting) > 0.1


@pytest.mark.parametrize("has_psi", [True, False])
def test_setting_parts_aside_moves_no_mean(has_psi: bool) -> None:
    """Bursts fall on either side alike; the mean log ratio over many pairs stays within its own standard error."""
    generator = np.random.default_rng(7)
    true, found = math.log(1.03), []
    for _ in range(150):
        pairs = [
            pair(
                in_turns(*noisy(generator, STEPS, 0.01), disturbed=bursts(generator), has_psi=has_psi),
                in_turns(
                    *(1.03 * np.array(noisy(generator, STEPS, 0.01))), vae_s=2.06,
                    disturbed=bursts(generator), has_psi=has_psi,
                ),
            )
            for _ in range(3)
        ]  # fmt: skip
        found += [left.log_ratios[LATENCY.name] for left in kept_pairs(pairs)]
    expected = true * (STEPS + 2) / (STEPS + 2.6)  # the text encoder and the checker are no slower
    assert len(found) > 300
    assert np.mean(found) == pytest.approx(expected, abs=4 * float(np.std(found)) / math.sqrt(len(found)))


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
