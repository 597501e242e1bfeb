"""Pairs of generations, one of each stack, and their log ratios, candidate over reference."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from perf.records.part import Part
from perf.records.sample import Parts, Sample
from perf.records.session_record import Round
from perf.stats.intervals import midmean
from perf.stats.level import best_use, disturbed
from perf.stats.watch import LATENCY, PEAK_MEMORY, PLAIN_LATENCY

SINGLE_PARTS = {
    "text_encoder_s": Part.TEXT_ENCODER,
    "vae_decode_s": Part.VAE_DECODE,
    "safety_checker_s": Part.SAFETY_CHECKER,
}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two generations made in turns; ``workers`` is the number of the pair of workers, from 1."""

    workers: int
    reference: Sample
    candidate: Sample

    @functools.cached_property
    def log_ratios(self) -> dict[str, float]:
        """The log ratio of each quantity, by its name; a part that either generation lacks is left out."""
        ratios = {
            LATENCY.name: latency_ratio(self.reference.parts, self.candidate.parts),
            PLAIN_LATENCY.name: math.log(self.candidate.latency_s / self.reference.latency_s),
            **parts_ratios(self.reference.parts, self.candidate.parts),
        }
        before_bytes = self.reference.conditions.peak_rss_bytes
        after_bytes = self.candidate.conditions.peak_rss_bytes
        if before_bytes and after_bytes:
            ratios[PEAK_MEMORY.name] = math.log(after_bytes / before_bytes)
        return ratios


def undisturbed_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs during which nothing else ran, in either generation.

    The generations of one worker are a session: where the kernel does not account pressure, each is compared with the
    best of its own worker, as in perf.stats.level. Other workers are no measure of it: a candidate may use fewer CPUs.
    """
    calm = []
    for workers in dict.fromkeys(pair.workers for pair in pairs):
        calm += _undisturbed_by_same_workers([pair for pair in pairs if pair.workers == workers])
    return calm


def _undisturbed_by_same_workers(pairs: Sequence[Pair]) -> list[Pair]:
    best_reference = best_use(Round.of(pair.reference) for pair in pairs)
    best_candidate = best_use(Round.of(pair.candidate) for pair in pairs)
    return [
        pair
        for pair in pairs
        if not disturbed(Round.of(pair.reference), best_reference)
        and not disturbed(Round.of(pair.candidate), best_candidate)
    ]


def pairs_to_json(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Return the pairs for JSON, each with whether it was set aside as disturbed."""
    calm = undisturbed_pairs(pairs)
    return [asdict(pair) | {"set_aside": pair not in calm} for pair in pairs]


def parts_ratios(reference: Parts, candidate: Parts) -> dict[str, float]:
    """Return the log ratio of each part; of the UNet's steps, the mean of the middle half."""
    ratios: dict[str, float] = {Part.UNET_STEP: midmean(step_ratios(reference.unet_steps_s, candidate.unet_steps_s))}
    for field, name in SINGLE_PARTS.items():
        before_s, after_s = getattr(reference, field), getattr(candidate, field)
        if before_s > 0 and after_s > 0:
            ratios[name] = math.log(after_s / before_s)
    return ratios


def latency_ratio(reference: Parts, candidate: Parts) -> float:
    """Return the log ratio of the latencies, in which a step that was held up counts no more than the others.

    Each part's log ratio has the weight of its time. Steps that only one of the stacks makes count in full.
    """
    unet_s = sum(reference.unet_steps_s)
    calls = math.log(len(candidate.unet_steps_s) / len(reference.unet_steps_s))
    ratios = parts_ratios(reference, candidate)
    weighted = unet_s * (ratios[Part.UNET_STEP] + calls)
    paired_s = unet_s
    for field, name in SINGLE_PARTS.items():
        if name in ratios:
            weighted += getattr(reference, field) * ratios[name]
            paired_s += getattr(reference, field)
    return weighted / paired_s


def step_ratios(reference_s: Sequence[float], candidate_s: Sequence[float]) -> list[float]:
    """Return the log ratios of the steps that both have made, in order."""
    return [math.log(after_s / before_s) for before_s, after_s in zip(reference_s, candidate_s, strict=False)]


def by_workers(pairs: Sequence[Pair], name: str) -> dict[int, list[float]]:
    """Return the log ratios of one quantity over the undisturbed pairs, by number of the pair of workers."""
    groups: dict[int, list[float]] = {}
    for pair in undisturbed_pairs(pairs):
        if name in pair.log_ratios:
            groups.setdefault(pair.workers, []).append(pair.log_ratios[name])
    return groups


def unpaired_width(pairs: Sequence[Pair]) -> float:
    """Return the width of the 95 % interval of the log ratio, had the same latencies been measured apart.

    That is the normal interval with Welch's variances, from at least two pairs.
    """
    reference = np.log([pair.reference.latency_s for pair in pairs])
    candidate = np.log([pair.candidate.latency_s for pair in pairs])
    variance = float(reference.var(ddof=1) + candidate.var(ddof=1)) / len(pairs)
    return 2 * 1.96 * math.sqrt(variance)
