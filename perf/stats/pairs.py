"""Pairs of generations, one of each stack, made in turns: each part of one is a pair of its own with the other's."""

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
        """Return the times of a part other than the UNet's steps, or None where either generation lacks it."""
        field = SINGLE_PARTS[part]
        times = PartTimes(getattr(self.reference.parts, field), getattr(self.candidate.parts, field))
        return times if times.reference_s > 0 and times.candidate_s > 0 else None

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
    """The seconds of one part in both generations."""

    reference_s: float
    candidate_s: float

    @property
    def log_ratio(self) -> float:
        return math.log(self.candidate_s / self.reference_s)
