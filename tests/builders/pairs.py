"""Pairs for tests: generations of given parts, whole or in turns, during some of which other work ran."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from perf.records.part import Part
from perf.records.sample import Conditions, Parts, Sample, Turn
from perf.stats.pairs import Pair

CPUS = 2.0
CALM = Conditions(cpu_s=20.0, peak_rss_bytes=10**9, involuntary_switches=3, cpu_pressure_s=0.0, steal_s=0.0)
PRESSURE_SHARE = 0.4  # of a disturbed turn
HELD_UP = 1.5  # a disturbed turn takes so much longer

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
    return Sample(
        steps=len(steps_s),
        latency_s=parts.total_s,
        parts=parts,
        conditions=CALM,
        turns=tuple(_turn(*call, has_psi=has_psi) for call in calls),
    )


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
    """Return the pair as it was before turns had conditions, with the pressure of its turns over the whole."""
    return replace(measured, reference=_whole(measured.reference), candidate=_whole(measured.candidate))


def _whole(generation: Sample) -> Sample:
    pressure_s = math.fsum(turn.cpu_pressure_s or 0.0 for turn in generation.turns or ())
    return replace(generation, turns=None, conditions=replace(CALM, cpu_pressure_s=pressure_s))


def noisy(generator: np.random.Generator, steps: int, noise: float) -> list[float]:
    """Return so many step times of about a second, with a standard deviation of ``noise``, as a fraction."""
    return list(np.exp(generator.normal(0, noise, steps)))
