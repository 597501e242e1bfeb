"""Pairs for tests: generations of given parts, whole or in turns, during some of which other work ran."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from perf.lab.pair_recording import Workers
from perf.records.part import Part
from perf.records.sample import Conditions, Parts, Sample, Turn
from perf.stats.pairs import Pair

CPUS = 2.0
STEPS = 11
CALM = Conditions(cpu_s=20.0, peak_rss_bytes=10**9, involuntary_switches=3, cpu_pressure_s=0.0, steal_s=0.0)
PRESSURE_SHARE = 0.4  # of a disturbed turn
HELD_UP = 1.5  # a disturbed turn takes so much longer
SLOW_WORKER = 0.025  # as a log ratio; so much slower were three of sixteen of IPEX's (turin-ipex-bf16-3.jsonl)

Floats = NDArray[np.float64]
Disturbed = Collection[int | Part]  # positions of UNet steps, and other parts


def sample(*steps_s: float, vae_s: float = 2.0, conditions: Conditions = CALM) -> Sample:
    """Return a generation with these UNet steps that took no turns."""
    parts = Parts(
        text_encoder_s=0.1, unet_steps_s=steps_s, vae_decode_s=vae_s, safety_checker_s=0.5, rest_s=0.01
    )  # fmt: skip
    return Sample(steps=len(steps_s), latency_s=parts.total_s, parts=parts, conditions=conditions)


def in_turns(*steps_s: float, vae_s: float = 2.0, disturbed: Disturbed = (), has_psi: bool = True) -> Sample:
    """Return a generation in turns, in which those that are disturbed take longer and wait for CPUs."""
    steps_s = tuple(_held_up(step_s, number in disturbed) for number, step_s in enumerate(steps_s))
    parts = Parts(
        text_encoder_s=_held_up(0.1, Part.TEXT_ENCODER in disturbed),
        unet_steps_s=steps_s,
        vae_decode_s=_held_up(vae_s, Part.VAE_DECODE in disturbed),
        safety_checker_s=_held_up(0.5, Part.SAFETY_CHECKER in disturbed),
        rest_s=0.01,
    )
    calls: list[tuple[Part, float, bool]] = [
        (Part.TEXT_ENCODER, parts.text_encoder_s / 2, Part.TEXT_ENCODER in disturbed),
        (Part.TEXT_ENCODER, parts.text_encoder_s / 2, False),
        *((Part.UNET_STEP, step_s, number in disturbed) for number, step_s in enumerate(steps_s)),
        (Part.VAE_DECODE, parts.vae_decode_s, Part.VAE_DECODE in disturbed),
        (Part.SAFETY_CHECKER, parts.safety_checker_s, Part.SAFETY_CHECKER in disturbed),
    ]
    turns = tuple(_turn(*call, has_psi=has_psi) for call in calls)
    conditions = replace(
        CALM,
        cpu_s=math.fsum(turn.cpu_s for turn in turns),
        cpu_pressure_s=math.fsum(turn.cpu_pressure_s or 0.0 for turn in turns) if has_psi else None,
    )
    return Sample(steps=len(steps_s), latency_s=parts.total_s, parts=parts, conditions=conditions, turns=turns)


def _held_up(seconds: float, is_disturbed: bool) -> float:
    return HELD_UP * seconds if is_disturbed else seconds


def _turn(part: Part, wall_s: float, is_disturbed: bool, *, has_psi: bool) -> Turn:
    used_s = wall_s / HELD_UP if is_disturbed else wall_s
    pressure_s = PRESSURE_SHARE * wall_s if is_disturbed else 0.0
    return Turn(
        part=part,
        wall_s=wall_s,
        cpu_s=CPUS * used_s,
        involuntary_switches=40 if is_disturbed else 0,
        cpu_pressure_s=pressure_s if has_psi else None,
    )


def pair(reference: Sample, candidate: Sample, workers: int = 1, seconds: float | None = None) -> Pair:
    return Pair(workers=workers, reference=reference, candidate=candidate, seconds=seconds)


def without_turns(measured: Pair) -> Pair:
    """Return the pair as it was before turns had conditions."""
    reference, candidate = (replace(made, turns=None) for made in (measured.reference, measured.candidate))
    return replace(measured, reference=reference, candidate=candidate)


def noisy(generator: np.random.Generator, steps: int, noise: float) -> list[float]:
    """Return so many step times of about a second, with a standard deviation of ``noise``, as a fraction."""
    return list(np.exp(generator.normal(0, noise, steps)))


@dataclass(frozen=True, kw_only=True)
class SimulatedRow:
    """A row of eleven steps, whose workers have luck, order and noise, and beside which other work may run.

    ``change`` is the candidate's log ratio; ``noise`` and ``luck`` are standard deviations, of a step and of a pair of
    workers; ``order`` is how much slower the worker that is started first is. ``slow_share`` of all workers are slower
    by SLOW_WORKER, for their whole lives. What the kernel does not tell of holds up some steps in a row where the row
    ``has_neighbour``.
    """

    change: float
    noise: float
    luck: float
    order: float = 0.005
    slow_share: float = 0.0
    is_busy: bool = False
    has_neighbour: bool = False
    start_s: float = 30.0
    pairs: int = 6

    def workers(self, generator: np.random.Generator, number: int) -> Workers:
        """Return what the pair of workers of that number makes."""
        candidate_is_slow, reference_is_slow = generator.random(2) < self.slow_share
        luck = generator.normal(0, self.luck) + SLOW_WORKER * (float(candidate_is_slow) - float(reference_is_slow))
        ratio = self.change + luck + (self.order if number % 2 else -self.order)
        pairs = tuple(self._pair(generator, number, ratio) for _ in range(self.pairs))
        return Workers(start_s=self.start_s, pairs=pairs)

    def all_workers(self, generator: np.random.Generator) -> Iterator[Workers]:
        """Yield pairs of workers without end."""
        return (self.workers(generator, number) for number in itertools.count(1))

    def _pair(self, generator: np.random.Generator, number: int, ratio: float) -> Pair:
        sides = []
        for log_ratio in (0.0, ratio):
            steps_s = math.exp(log_ratio) * np.array(noisy(generator, STEPS, self.noise))
            if self.has_neighbour:
                steps_s *= held_up_by_a_neighbour(generator)
            vae_s = 1.5 * math.exp(log_ratio) * noisy(generator, 1, self.noise)[0]
            disturbed = bursts(generator) if self.is_busy else ()
            sides.append(in_turns(*steps_s.tolist(), vae_s=vae_s, disturbed=disturbed))
        seconds = sides[0].latency_s + sides[1].latency_s
        return pair(sides[0], sides[1], workers=number, seconds=seconds)


def held_up_by_a_neighbour(generator: np.random.Generator) -> Floats:
    """Return factors by which steps take longer: one in sixteen begins a burst of about three, by 5 to 80 %."""
    factors, is_held_up = np.ones(STEPS), False
    for step in range(STEPS):
        is_beginning = not is_held_up and generator.random() < 1 / 16
        if is_beginning:
            factor = generator.uniform(1.05, 1.8)
        is_held_up = is_beginning or (is_held_up and generator.random() < 2 / 3)
        if is_held_up:
            factors[step] = factor
    return factors


def bursts(generator: np.random.Generator) -> set[int | Part]:
    """Return the parts, of the steps and the VAE, that other work of some length falls on, if it runs at all."""
    if generator.random() < 0.5:
        return set()
    first, length = int(generator.integers(0, STEPS + 1)), int(generator.integers(1, 6))
    return {Part.VAE_DECODE if number == STEPS else number for number in range(first, min(STEPS + 1, first + length))}
