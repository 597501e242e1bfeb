"""Pairs of generations, one of each side, made in turns: each part of one is a pair of its own with the other's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from perf.records.part import Part
from perf.records.sample import Sample

SINGLE_PARTS = {
    Part.TEXT_ENCODER: "text_encoder_s",
    Part.VAE_DECODE: "vae_decode_s",
    Part.SAFETY_CHECKER: "safety_checker_s",
}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two generations made in turns.

    ``workers`` is the number of the pair of workers, from 1. ``seconds`` is the wall time that the pair has taken, with
    all that belongs to it; None where that was not recorded.
    """

    workers: int
    reference: Sample
    candidate: Sample
    seconds: float | None = None

    @property
    def steps(self) -> int:
        """How many UNet steps both have made."""
        return min(len(self.reference.parts.unet_steps_s), len(self.candidate.parts.unet_steps_s))

    def single(self, part: Part) -> PartTimes | None:
        """Return the times of a part other than the UNet's steps: 0 s where one lacks it, None where both do."""
        field = SINGLE_PARTS[part]
        times = PartTimes(getattr(self.reference.parts, field), getattr(self.candidate.parts, field))
        return times if times.reference_s > 0 or times.candidate_s > 0 else None

    @property
    def differences(self) -> list[str]:
        """What only one of the two has made, a sentence each: further UNet steps, and other parts."""
        before, after = (len(sample.parts.unet_steps_s) for sample in (self.reference, self.candidate))
        steps = [f"number of UNet steps: {before} -> {after}"] if before != after else []
        singles = {part: self.single(part) for part in SINGLE_PARTS}
        return steps + [
            f"{part}: {'none -> one' if times.candidate_s else 'one -> none'}"
            for part, times in singles.items()
            if times and not times.is_in_both
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return {
            "workers": self.workers,
            "seconds": self.seconds,
            "reference": self.reference.to_json(),
            "candidate": self.candidate.to_json(),
        }


@dataclass(frozen=True)
class PartTimes:
    """The seconds of one part in both generations; 0 in one that lacks it."""

    reference_s: float
    candidate_s: float

    @property
    def is_in_both(self) -> bool:
        """Whether both have the part, so that there is a ratio."""
        return self.reference_s > 0 and self.candidate_s > 0

    @property
    def log_ratio(self) -> float:
        return math.log(self.candidate_s / self.reference_s)
