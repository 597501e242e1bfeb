"""What is left of pairs once their disturbed parts are set aside.

Only the disturbed parts of a pair are set aside:

- Of the UNet's steps, those that were calm in both generations are left. A pair with fewer of them than FEWEST_STEPS is
  lost.
- Another part occurs once in an image. Where it was disturbed, its log ratio and its seconds are the means over the
  calm pairs of the same workers; nothing is taken from a disturbed part. Pairs that borrow share the lenders' noise,
  which the model of perf.stats.paired_comparison counts as the luck of these workers, so it is not underestimated.
- A part that no pair of these workers can lend is left out if it takes up to MOST_UNKNOWN of the time; else the pair is
  lost until there is a lender.

Other work begins and ends without regard to which side has the turn, so that setting its parts aside favours neither.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from perf.records.part import Part
from perf.records.sample import Sample
from perf.stats.calm_parts import OTHER_PARTS, CalmParts, calm_parts
from perf.stats.pairs import SINGLE_PARTS, Pair, PartTimes
from perf.stats.watch import DRAM_ENERGY, LATENCY, PACKAGE_ENERGY, PLAIN_LATENCY

FEWEST_STEPS = 1 / 3  # of a pair's UNet steps
MOST_UNKNOWN = 0.02  # of a pair's time: a change of it by half would move the latency by 1 %


@dataclass(frozen=True, kw_only=True)
class KeptPair:
    """A pair without its disturbed parts.

    Attributes:
        calm: the parts that were calm in both generations.
        lent: the other parts, by their means over the calm pairs of the same workers; without those that are unknown.
    """

    pair: Pair
    calm: CalmParts
    lent: Mapping[Part, PartTimes]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was set aside of it."""
        return len(self.calm.steps) == self.pair.steps and self.calm.others == OTHER_PARTS

    @property
    def is_lost(self) -> bool:
        """Whether too few steps are left, or parts that nobody can lend take too much of the time."""
        if len(self.calm.steps) < max(1.0, FEWEST_STEPS * self.pair.steps):
            return True
        unknown = self._unknown
        is_unknown_before = sum(times.reference_s for times in unknown) > MOST_UNKNOWN * self.reference_s
        return is_unknown_before or sum(times.candidate_s for times in unknown) > MOST_UNKNOWN * self.candidate_s

    @property
    def names(self) -> list[str]:
        """The names of the watched quantities that it has; what was disturbed, or not recorded, is left out."""
        return [LATENCY.name, *self.part_log_ratios, *(self.whole_log_ratios if self.is_whole else ())]

    @functools.cached_property
    def part_log_ratios(self) -> dict[str, list[float]]:
        """The log ratios of the calm calls of each part that both have, by its name."""
        before_s, after_s = self.pair.reference.parts.unet_steps_s, self.pair.candidate.parts.unet_steps_s
        steps = [math.log(after_s[step] / before_s[step]) for step in sorted(self.calm.steps)]
        ratios: dict[str, list[float]] = {Part.UNET_STEP: steps}
        for part in SINGLE_PARTS:
            if part in self.calm.others and (times := self.pair.single(part)) and times.is_in_both:
                ratios[part] = [times.log_ratio]
        return ratios

    @functools.cached_property
    def whole_log_ratios(self) -> dict[str, float]:
        """The log ratios of what was measured of the whole images, by name: the latency, and the joules of both."""
        before, after = self.pair.reference, self.pair.candidate
        ratios = {PLAIN_LATENCY.name: math.log(after.latency_s / before.latency_s)}
        if before.energy and after.energy:
            ratios[PACKAGE_ENERGY.name] = math.log(after.energy.package_j / before.energy.package_j)
            if before.energy.dram_j and after.energy.dram_j:
                ratios[DRAM_ENERGY.name] = math.log(after.energy.dram_j / before.energy.dram_j)
        return ratios

    @property
    def calls_log_ratio(self) -> float:
        """The log ratio of the numbers of UNet steps."""
        reference, candidate = self.pair.reference.parts, self.pair.candidate.parts
        return math.log(len(candidate.unet_steps_s) / len(reference.unet_steps_s))

    @property
    def reference_unet_s(self) -> float:
        """The seconds of all of the reference's UNet steps; the calm ones stand in for the others."""
        return self._unet_s(self.pair.reference)

    @property
    def reference_s(self) -> float:
        """The reference's latency; of a disturbed part, the mean of the calm ones counts."""
        singles_s = sum(times.reference_s for times in [*self.singles.values(), *self._unknown])
        return self.reference_unet_s + singles_s + self.pair.reference.parts.rest_s

    @property
    def candidate_s(self) -> float:
        """The candidate's latency, in the same way."""
        singles_s = sum(times.candidate_s for times in [*self.singles.values(), *self._unknown])
        return self._unet_s(self.pair.candidate) + singles_s + self.pair.candidate.parts.rest_s

    @property
    def singles(self) -> dict[Part, PartTimes]:
        """The times of each part other than the UNet's steps, its own where it was calm, else lent ones."""
        own = {part: times for part in SINGLE_PARTS if part in self.calm.others and (times := self.pair.single(part))}
        return {**own, **self.lent}

    def _unet_s(self, sample: Sample) -> float:
        steps_s = sample.parts.unet_steps_s
        if self.is_whole:
            return sum(steps_s)
        return len(steps_s) * statistics.fmean(steps_s[step] for step in self.calm.steps)

    @property
    def _unknown(self) -> list[PartTimes]:
        """The times, disturbed as they are, of the parts that are neither calm nor lent."""
        parts = OTHER_PARTS - self.singles.keys()
        return [times for part in parts if (times := self.pair.single(part))]


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """How much of some pairs was set aside: UNet steps, those of lost pairs included, and lost pairs."""

    steps: int
    of_steps: int
    pairs: int
    of_pairs: int

    def __bool__(self) -> bool:
        return bool(self.steps or self.pairs)

    def __str__(self) -> str:
        lost = f" and {self.pairs} of {self.of_pairs} pairs" if self.pairs else ""
        return f"{self.steps} of {self.of_steps} steps{lost} set aside"


def kept_pairs(pairs: Sequence[Pair]) -> list[KeptPair]:
    """Return the pairs of which enough was undisturbed, in order, without what was not."""
    return [left for left in without_disturbed(pairs) if not left.is_lost]


def without_disturbed(pairs: Sequence[Pair]) -> list[KeptPair]:
    """Return what is left of each pair, in order, the lost ones included."""
    left_of = {}
    for number in dict.fromkeys(pair.workers for pair in pairs):
        left_of[number] = iter(_without_disturbed([pair for pair in pairs if pair.workers == number]))
    return [next(left_of[pair.workers]) for pair in pairs]


def _without_disturbed(pairs: Sequence[Pair]) -> list[KeptPair]:
    """Return what is left of the pairs of the same workers."""
    references = calm_parts([pair.reference for pair in pairs])
    candidates = calm_parts([pair.candidate for pair in pairs])
    calm = [reference & candidate for reference, candidate in zip(references, candidates, strict=True)]
    means = _mean_times(pairs, calm)
    left = []
    for pair, parts in zip(pairs, calm, strict=True):
        lent = {part: times for part, times in means.items() if part not in parts.others and pair.single(part)}
        left.append(KeptPair(pair=pair, calm=parts, lent=lent))
    return left


def _mean_times(pairs: Sequence[Pair], calm: Sequence[CalmParts]) -> dict[Part, PartTimes]:
    """Return the geometric means of each part's times over the pairs in which it was calm, if there are any."""
    means = {}
    for part in SINGLE_PARTS:
        times = [pair.single(part) for pair, parts in zip(pairs, calm, strict=True) if part in parts.others]
        known = [measured for measured in times if measured]
        if known:
            means[part] = PartTimes(
                _mean_s([measured.reference_s for measured in known]),
                _mean_s([measured.candidate_s for measured in known]),
            )
    return means


def _mean_s(times_s: Sequence[float]) -> float:
    """Return the geometric mean; 0 of a part that this side lacks."""
    return statistics.geometric_mean(times_s) if all(times_s) else 0.0


def set_aside(pairs: Sequence[Pair]) -> SetAside:
    """Count what was set aside of these pairs."""
    kept = kept_pairs(pairs)
    of_steps = sum(pair.steps for pair in pairs)
    return SetAside(
        steps=of_steps - sum(len(left.calm.steps) for left in kept),
        of_steps=of_steps,
        pairs=len(pairs) - len(kept),
        of_pairs=len(pairs),
    )


def pairs_to_json(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Return the pairs for JSON, each with whether it was set aside as disturbed, and which of its parts were."""
    rows = []
    for left in without_disturbed(pairs):
        steps = sorted(set(range(left.pair.steps)) - left.calm.steps)
        parts = sorted(OTHER_PARTS - left.calm.others)
        aside = {"set_aside": left.is_lost, "disturbed_steps": steps, "disturbed_parts": parts}
        rows.append(left.pair.to_json() | aside)
    return rows


def unpaired_width(pairs: Sequence[KeptPair]) -> float:
    """Return the width of the 95 % interval of the log ratio, had the same latencies been measured apart.

    That is the normal interval with Welch's variances, from at least two pairs.
    """
    reference = np.log([left.reference_s for left in pairs])
    candidate = np.log([left.candidate_s for left in pairs])
    variance = float(reference.var(ddof=1) + candidate.var(ddof=1)) / len(pairs)
    return 2 * 1.96 * math.sqrt(variance)
