"""The changes that matter, where a user has set them: by pattern of row names and by watched quantity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from perf.records.part import Part
from perf.stats.watch import LATENCY, PLAIN_LATENCY, WATCHES, Watch

WILDCARD = re.compile(r"\*|\?|\[!?.[^]]*\]")

# The one is the latency read differently, the other most of it: a tolerance of their own would be the one in force.
LIKE_LATENCY = (PLAIN_LATENCY.name, str(Part.UNET_STEP))


@dataclass(frozen=True)
class Tolerances:
    """Tolerances as fractions: pattern of row names -> quantity -> tolerance. Without any, all are the defaults.

    Of the patterns that match a row and name the quantity, the most specific counts; TOML's tables have no order that
    could decide. Quantities that are the latency for the most part follow it where they are not named themselves.
    ``base_names`` has the names of the rows of which others are settings in a sweep, by the names of these.
    """

    by_pattern: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    base_names: Mapping[str, str] = field(default_factory=dict)

    def of_row(self, row: str) -> dict[str, float]:
        """Return the tolerance of every watched quantity of a row, as a fraction, by the quantity's name."""
        name = self.base_names.get(row, row)
        patterns = sorted((pattern for pattern in self.by_pattern if fnmatchcase(name, pattern)), key=specificity)
        chosen: dict[str, float] = {}
        for pattern in patterns:  # the most specific last
            chosen |= self.by_pattern[pattern]
        if LATENCY.name in chosen:
            chosen = dict.fromkeys(LIKE_LATENCY, chosen[LATENCY.name]) | chosen
        return {watch.name: chosen.get(watch.name, watch.tolerance) for watch in WATCHES}

    def watches_for(self, row: str) -> tuple[Watch, ...]:
        """Return what is watched in a row, in the order of WATCHES, each with its tolerance for this row."""
        tolerances = self.of_row(row)
        return tuple(replace(watch, tolerance=tolerances[watch.name]) for watch in WATCHES)


DEFAULT_TOLERANCES = Tolerances()


def specificity(pattern: str) -> tuple[bool, int]:
    """Return what a pattern is sorted by: a plain name above any wildcards, then by the letters it fixes."""
    fixed = WILDCARD.sub("", pattern)
    return fixed == pattern, len(fixed)
