"""Pairs of generations: the ratios of their parts, the weight of a held-up step, and what sets a pair aside."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from perf.records.part import Part
from perf.records.sample import Conditions, Parts, Sample
from perf.stats.pairs import Pair, by_workers, pairs_to_json, undisturbed_pairs, unpaired_width
from perf.stats.watch import LATENCY, PEAK_MEMORY, PLAIN_LATENCY

CALM = Conditions(cpu_s=20.0, peak_rss_bytes=10**9, involuntary_switches=3, cpu_pressure_s=0.0, steal_s=0.0)


def sample(*steps_s: float, vae_s: float = 2.0, conditions: Conditions = CALM) -> Sample:
    parts = Parts(
        text_encoder_s=0.1, unet_steps_s=steps_s, vae_decode_s=vae_s, safety_checker_s=0.5, rest_s=0.01
    )  # fmt: skip
    return Sample(steps=len(steps_s), latency_s=parts.total_s, parts=parts, conditions=conditions)


def pair(reference: Sample, candidate: Sample, workers: int = 1) -> Pair:
    return Pair(workers=workers, reference=reference, candidate=candidate)


def test_the_same_is_the_same() -> None:
    ratios = pair(sample(*[1.0] * 8), sample(*[1.0] * 8)).log_ratios
    assert set(ratios.values()) == {0.0}
    assert {
        LATENCY.name,
        PLAIN_LATENCY.name,
        PEAK_MEMORY.name,
        Part.UNET_STEP,
        Part.VAE_DECODE,
        Part.TEXT_ENCODER,
    } <= ratios.keys()


def test_every_part_counts_by_its_time() -> None:
    ratios = pair(sample(*[1.0] * 8), sample(*[1.1] * 8, vae_s=1.0)).log_ratios
    assert ratios[Part.UNET_STEP] == pytest.approx(math.log(1.1))
    assert ratios[LATENCY.name] == pytest.approx((8 * math.log(1.1) + 2 * math.log(0.5)) / 10.6)


def test_a_step_that_was_held_up_is_no_slower_software() -> None:
    ratios = pair(sample(*[1.0] * 8), sample(*[1.0] * 6, 1.9, 1.0)).log_ratios
    assert ratios[LATENCY.name] == pytest.approx(0.0)
    assert ratios[PLAIN_LATENCY.name] > 0.08


def test_a_step_more_counts_in_full() -> None:
    ratios = pair(sample(*[1.0] * 8), sample(*[1.0] * 9)).log_ratios
    assert ratios[LATENCY.name] == pytest.approx(8 * math.log(9 / 8) / 10.6)


def test_parts_and_memory_that_are_not_known_are_left_out() -> None:
    unknown = sample(1.0, 1.0, vae_s=0.0, conditions=replace(CALM, peak_rss_bytes=None))
    assert not {Part.VAE_DECODE, PEAK_MEMORY.name} & pair(unknown, sample(1.0, 1.0)).log_ratios.keys()


def test_disturbed_pairs_are_in_no_group() -> None:
    calm = sample(1.0, 1.0)
    busy = sample(1.0, 1.0, conditions=replace(CALM, cpu_pressure_s=3.0))
    pairs = [pair(calm, calm), pair(busy, calm), pair(calm, busy), pair(calm, calm, 2), pair(calm, calm, 2)]
    assert by_workers(pairs, LATENCY.name) == {1: [0.0], 2: [0.0, 0.0]}


def test_without_pressure_a_generation_that_waits_sets_its_pair_aside() -> None:
    def using(cpu_s: float) -> Sample:
        return sample(1.0, 1.0, conditions=replace(CALM, cpu_s=cpu_s, cpu_pressure_s=None))

    calm, waiting = using(9.0), using(6.0)
    pairs = [pair(waiting, calm), pair(calm, calm), pair(calm, waiting), pair(calm, calm)]
    assert undisturbed_pairs(pairs) == [pairs[1], pairs[3]]
    assert [pair_json["set_aside"] for pair_json in pairs_to_json(pairs)] == [True, False, True, False]


def test_a_worker_is_held_against_itself() -> None:
    """A candidate may use fewer CPUs than the reference, and one worker fewer than the next."""
    two_cpus, one_cpu = (
        sample(1.0, 1.0, conditions=replace(CALM, cpu_s=cpu_s, cpu_pressure_s=None)) for cpu_s in (9.0, 4.5)
    )
    pairs = [pair(two_cpus, one_cpu), pair(two_cpus, one_cpu), pair(one_cpu, one_cpu, workers=2)]
    assert undisturbed_pairs(pairs) == pairs


def test_latencies_apart_have_the_machines_drift_in_them() -> None:
    drifting = [pair(sample(speed, speed), sample(speed, speed)) for speed in (1.0, 1.3, 1.6, 1.2)]
    assert {round(drifted.log_ratios[PLAIN_LATENCY.name], 9) for drifted in drifting} == {0.0}
    assert unpaired_width(drifting) > 0.1
