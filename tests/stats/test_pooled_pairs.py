"""The pooled log ratios of a pair of workers: parts by their time, deaf to what holds up an image, and their noise."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest

from perf.records.part import Part
from perf.records.sample import Sample
from perf.stats.kept_pairs import kept_pairs
from perf.stats.pooled_pairs import by_workers, pooled, values
from perf.stats.watch import LATENCY, PLAIN_LATENCY
from tests.builders.pairs import CALM, STEPS, bursts, in_turns, noisy, pair, sample

VAE = Part.VAE_DECODE


def ratios(reference: Sample, candidate: Sample) -> dict[str, float]:
    (left,) = kept_pairs([pair(reference, candidate)])
    return {name: pooled([left], name) for name in left.names}


def test_the_same_is_the_same() -> None:
    same = ratios(sample(*[1.0] * 8), sample(*[1.0] * 8))
    assert set(same.values()) == {0.0}
    assert {LATENCY.name, PLAIN_LATENCY.name, Part.UNET_STEP, Part.VAE_DECODE, Part.TEXT_ENCODER} <= same.keys()


def test_every_part_counts_by_its_time() -> None:
    measured = ratios(sample(*[1.0] * 8), sample(*[1.1] * 8, vae_s=1.0))
    assert measured[Part.UNET_STEP] == pytest.approx(math.log(1.1))
    assert measured[LATENCY.name] == pytest.approx(math.log(10.4 / 10.6))
    assert measured[LATENCY.name] == pytest.approx(measured[PLAIN_LATENCY.name], abs=1e-4)


def test_a_step_that_was_held_up_is_no_slower_software() -> None:
    measured = ratios(sample(*[1.0] * 8), sample(*[1.0] * 6, 1.9, 1.0))
    assert measured[LATENCY.name] == pytest.approx(0.0)
    assert measured[PLAIN_LATENCY.name] > 0.08


def test_a_step_more_counts_in_full() -> None:
    measured = ratios(sample(*[1.0] * 8), sample(*[1.0] * 9))
    assert measured[LATENCY.name] == pytest.approx(math.log(11.6 / 10.6))


def test_a_part_that_only_one_makes_counts_in_full_and_has_no_ratio() -> None:
    lacking, whole = sample(*[1.0] * 8, vae_s=0.0), sample(*[0.5] * 8)
    measured = ratios(lacking, whole)
    assert VAE not in measured
    assert measured[LATENCY.name] == pytest.approx(math.log(6.6 / 8.6))
    assert measured[LATENCY.name] == pytest.approx(measured[PLAIN_LATENCY.name], abs=1e-3)
    other_way = ratios(whole, lacking)
    assert other_way[LATENCY.name] == pytest.approx(-measured[LATENCY.name])


def test_a_part_that_neither_makes_is_left_out() -> None:
    lacking = sample(*[1.0] * 8, vae_s=0.0)
    assert VAE not in ratios(lacking, lacking)
    assert ratios(lacking, lacking)[LATENCY.name] == 0.0


def test_a_disturbed_part_that_only_the_candidate_makes_is_lent_by_its_other_images() -> None:
    before = in_turns(*[1.0] * 8, vae_s=0.0)
    calm, busy = in_turns(*[1.0] * 8), in_turns(*[1.0] * 8, disturbed=(VAE,))
    assert kept_pairs([pair(before, busy)]) == [], "nobody knows how long it takes"
    left = kept_pairs([pair(before, calm), pair(before, busy)])
    assert len(left) == 2
    assert pooled(left, LATENCY.name) == pytest.approx(math.log(10.6 / 8.6))


def test_a_small_part_that_nobody_can_lend_is_left_out() -> None:
    candidate = in_turns(*[1.1] * 8, vae_s=2.2, disturbed=(Part.TEXT_ENCODER,))
    measured = ratios(in_turns(*[1.0] * 8), candidate)
    assert measured[LATENCY.name] == pytest.approx(math.log((8 * 1.1 + 2 * 1.1 + 0.5) / 10.5))


def test_disturbed_pairs_of_whole_generations_are_in_no_group() -> None:
    calm = sample(1.0, 1.0)
    busy = sample(1.0, 1.0, conditions=replace(CALM, cpu_pressure_s=3.0))
    pairs = [pair(calm, calm), pair(busy, calm), pair(calm, busy), pair(calm, calm, 2), pair(calm, calm, 2)]
    assert by_workers(pairs, LATENCY.name) == {1: [0.0], 2: [0.0, 0.0]}


@pytest.mark.parametrize("has_psi", [True, False])
def test_setting_parts_aside_moves_no_mean(has_psi: bool) -> None:
    """Bursts fall on either side alike; the mean log ratio over many pairs stays within its own standard error."""
    generator = np.random.default_rng(7)
    found: list[float] = []
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
        if kept := kept_pairs(pairs):
            found += values(kept, LATENCY.name)
    expected = math.log((1.03 * (STEPS + 2) + 0.6) / (STEPS + 2.6))  # the text encoder and the checker are no slower
    assert len(found) > 300
    assert np.mean(found) == pytest.approx(expected, abs=4 * float(np.std(found)) / math.sqrt(len(found)))


def test_an_image_that_was_held_up_is_outvoted_by_the_others_of_its_workers() -> None:
    """Most of its steps were, by what the kernel does not tell of; the mean of the images' own ratios would move."""
    calm, held_up = sample(*[1.0] * 8), sample(*[1.6] * 6, 1.0, 1.0)
    left = kept_pairs([pair(calm, calm), pair(calm, held_up), pair(calm, calm)])
    assert pooled(left, LATENCY.name) == pytest.approx(0.0)
    assert statistics.fmean(pooled([one], LATENCY.name) for one in left) > 0.1
    assert pooled(left, PLAIN_LATENCY.name) > 0.09, "it is said all the same"


def test_the_values_mean_is_the_pooled_ratio_and_those_of_a_mean_are_the_pairs_own() -> None:
    generator = np.random.default_rng(5)
    left = kept_pairs([pair(sample(*noisy(generator, 8, 0.02)), sample(*noisy(generator, 8, 0.02))) for _ in range(5)])
    for name in (LATENCY.name, Part.UNET_STEP, VAE):
        assert statistics.fmean(values(left, name)) == pytest.approx(pooled(left, name))
    assert values(left, PLAIN_LATENCY.name) == pytest.approx([one.whole_log_ratios[PLAIN_LATENCY.name] for one in left])
    assert values(left[:1], LATENCY.name) == [pooled(left[:1], LATENCY.name)]


@pytest.mark.parametrize("held_up", [0.0, 0.15])
def test_the_values_scatter_as_far_as_the_pooled_ratio_does_from_workers_to_workers(held_up: float) -> None:
    """Over 300 pairs of workers that make four images each, some of whose steps are held up, or none."""
    generator = np.random.default_rng(11)

    def steps() -> list[float]:
        slow = generator.random(STEPS) < held_up
        return list(np.array(noisy(generator, STEPS, 0.02)) * np.where(slow, generator.uniform(1.1, 1.8, STEPS), 1.0))

    workers = [kept_pairs([pair(sample(*steps()), sample(*steps())) for _ in range(4)]) for _ in range(300)]
    found = [pooled(left, LATENCY.name) for left in workers]
    said = math.sqrt(statistics.fmean(statistics.variance(values(left, LATENCY.name)) / 4 for left in workers))
    assert 0.9 * statistics.stdev(found) < said < 1.5 * statistics.stdev(found), "rather too noisy than too quiet"
    assert statistics.fmean(found) == pytest.approx(0.0, abs=4 * statistics.stdev(found) / math.sqrt(300))
