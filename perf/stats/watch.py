"""The quantities that the gate watches in every row: latency first, then what could hide behind it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from perf.records.part import Part
from perf.records.session_record import SessionRecord
from perf.stats.level import Level, Powers, Reading, level, load_level, steadied_level
from perf.stats.shift import Prior


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One watched quantity.

    ``column`` is a field of Round, or "load_s" of SessionRecord. ``tolerance`` is the slowdown (or growth) that
    matters, as a fraction. ``share`` is the part of the row's false alarms that it may cause. ``is_steadied``: whether
    waiting and the machine's speed are taken out of it. ``luck_adds``: whether luck only ever adds to it, as a cold
    page cache does to a load.
    """

    name: str
    column: str
    tolerance: float
    share: float
    prior: Prior
    is_steadied: bool = False
    luck_adds: bool = False

    def levels(self, records: Sequence[SessionRecord], powers: Powers) -> list[Level]:
        """Return one level, on a log scale, per session that can be read."""
        levels = [self._level(record, powers) for record in records]
        return [known for known in levels if known is not None]

    def new_levels(self, records: Sequence[SessionRecord], powers: Powers) -> list[Level]:
        """Return the levels of new sessions that count: all of them, or the least where luck adds."""
        levels = self.levels(records, powers)
        if self.luck_adds and levels:
            return [min(levels, key=attrgetter("value"))]
        return levels

    def _level(self, record: SessionRecord, powers: Powers) -> Level | None:
        if self.column == "load_s":
            return load_level(record)
        plain: Reading = attrgetter(self.column)
        if self.is_steadied:
            return steadied_level(record, plain, powers)
        return level(record, plain, statistics.median)


NO_DRIFT = {"slope": 0.0, "slope_sd": 0.01}  # bytes do not follow the clock

# As the gate reads them, identical sessions of the recorded series differ by 0.8 to 3 % (`perf evaluate` says so); the
# grid of perf.stats.belief reaches from a third of this to three times as much.
SESSIONS_ALIKE = Prior(0.012)

# A part of a few milliseconds may take twice as long in one process as in the next.
SMALL_PART = Prior(0.30)

LATENCY = Watch(name="latency", column="latency_s", tolerance=0.03, share=0.8, prior=SESSIONS_ALIKE, is_steadied=True)

PLAIN_LATENCY = Watch(name="plain latency", column="latency_s", tolerance=0.03, share=0.03, prior=Prior(0.02))

# A load takes half as long again, and up to three times as long, where the page cache has lost the checkpoint.
LOAD_TIME = Watch(name="load time", column="load_s", tolerance=0.50, share=0.01, prior=Prior(0.30), luck_adds=True)

# An allocator may keep a sixth more in one process than in the next: of the 16 identical sessions in the one recorded
# series that has it, seven peaked at 3.5 GB, and nine at 3.8 to 4.1 GB.
PEAK_MEMORY = Watch(
    name="peak memory",
    column="peak_rss_bytes",
    tolerance=0.03,
    share=0.03,
    prior=Prior(0.01, **NO_DRIFT),
    luck_adds=True,
)

# Joules follow the plain latency, and no further: power rises with the clock and with the temperature, so whether a
# slower machine uses more or less is not known. Other work on cores that nobody waits for is no pressure, and adds. The
# memory has a quantity of its own: some machines do not count it, and a sum with it is not to be compared with one
# without.
OF_ENERGY = {"slope": 0.0, "slope_sd": 0.5}
PACKAGE_ENERGY = Watch(
    name="package energy",
    column="package_j",
    tolerance=0.03,
    share=0.02,
    prior=Prior(0.02, **OF_ENERGY),
    luck_adds=True,
)
DRAM_ENERGY = Watch(
    name="DRAM energy", column="dram_j", tolerance=0.05, share=0.01, prior=Prior(0.02, **OF_ENERGY), luck_adds=True
)
ENERGIES = frozenset({PACKAGE_ENERGY.name, DRAM_ENERGY.name})

# No machine of ours counts instructions, so this is from published counts of identical runs: a coefficient of variation
# of up to 1.07 % over SPEC CPU with no special preparation, and of 0.002 % with some (Weaver and McKee, "Can hardware
# performance counters be trusted?", IISWC 2008); 0.6 % between two runs of a program of many threads
# (tests/data/counts/published.json). The grid reaches from 0.2 to 1.5 %. The tolerance lies beyond that, and below the
# latency's, which instructions alone cannot use up unnoticed.
INSTRUCTIONS = Watch(
    name="instructions", column="instructions", tolerance=0.02, share=0.02, prior=Prior(0.005, **NO_DRIFT)
)

WATCHES: tuple[Watch, ...] = (
    LATENCY,
    PLAIN_LATENCY,
    Watch(
        name=Part.UNET_STEP, column="unet_step_s", tolerance=0.03, share=0.04, prior=SESSIONS_ALIKE, is_steadied=True
    ),
    Watch(name=Part.VAE_DECODE, column="vae_decode_s", tolerance=0.05, share=0.02, prior=Prior(0.03)),
    Watch(name=Part.TEXT_ENCODER, column="text_encoder_s", tolerance=0.20, share=0.01, prior=SMALL_PART),
    Watch(name=Part.SAFETY_CHECKER, column="safety_checker_s", tolerance=0.20, share=0.01, prior=SMALL_PART),
    LOAD_TIME,
    PEAK_MEMORY,
    PACKAGE_ENERGY,
    DRAM_ENERGY,
    INSTRUCTIONS,
)

LUCK_ADDS = frozenset(watch.name for watch in WATCHES if watch.luck_adds)

# What each worker has one value of, however many images it makes. In pairs, workers are compared by it; everything
# else, joules too, is compared image by image, which other work meets on both sides.
OF_WORKERS = frozenset({LOAD_TIME.name, PEAK_MEMORY.name})
