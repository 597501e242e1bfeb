"""What is read of a pair of generations, one of either stack: log ratios, candidate over reference."""

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
    """Two generations made in turns; ``workers`` counts the pairs of workers from 1."""

    workers: int
    reference: Sample
    candidate: Sample

    @functools.cached_property
    def log_ratios(self) -> dict[str, float]:
        """By what is compared; a part that either generation has not is left out."""
        parts = parts_ratios(self.reference.parts, self.candidate.parts)
        found = {
            LATENCY.name: latency_ratio(self.reference.parts, self.candidate.parts),
            PLAIN_LATENCY.name: math.log(self.candidate.latency_s / self.reference.latency_s),
            **parts,
        }
        before, after = (one.conditions.peak_rss_bytes for one in (self.reference, self.candidate))
        return found | ({PEAK_MEMORY: math.log(after / before)} if before and after else {})


def undisturbed(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs beside which nothing else ran, neither beside the reference's generation nor the candidate's.

    The generations of one worker are a session: where the kernel does not account pressure, each is held against the
    best of its own worker, as everywhere (perf.stats.level). Workers of other pairs and stacks may use other CPUs.
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
    calm = undisturbed(pairs)
    return [asdict(pair) | {"set_aside": pair not in calm} for pair in pairs]


def parts_ratios(reference: Parts, candidate: Parts) -> dict[str, float]:
    """The log ratio of each part; of the UNet's steps, the mean of the middle half."""
    found: dict[str, float] = {Part.UNET_STEP: midmean(step_ratios(reference.unet_steps_s, candidate.unet_steps_s))}
    for field, name in SINGLE_PARTS.items():
        before_s, after_s = getattr(reference, field), getattr(candidate, field)
        if before_s > 0 and after_s > 0:
            found[name] = math.log(after_s / before_s)
    return found


def latency_ratio(reference: Parts, candidate: Parts) -> float:
    """The log ratio of the latencies, a step that something held up counting no more than the others.

    Each part's log ratio has the weight of its time; steps that one stack makes and the other does not count in full.
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
    """Of the steps that both have made, in order."""
    return [math.log(after_s / before_s) for before_s, after_s in zip(reference_s, candidate_s, strict=False)]


def grouped(pairs: Sequence[Pair], name: str) -> dict[int, list[float]]:
    """The log ratios of one quantity over the pairs that were not disturbed, by number of the pair of workers."""
    groups: dict[int, list[float]] = {}
    for pair in undisturbed(pairs):
        if name in pair.log_ratios:
            groups.setdefault(pair.workers, []).append(pair.log_ratios[name])
    return groups


def unpaired_width(pairs: Sequence[Pair]) -> float:
    """Width of the 95 % interval of the log ratio of means, had the same latencies been measured apart: Welch's."""
    logs = [np.log([getattr(pair, side).latency_s for pair in pairs]) for side in ("reference", "candidate")]
    return 2 * 1.96 * math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in logs))
