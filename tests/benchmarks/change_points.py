"""How soon a change between nights is found, and how often one is that is none: this suite's search, and others'.

    python -m tests.benchmarks.change_points tests/data/noise/*.jsonl --otava ENVIRONMENT/bin/python

makes nights of recorded identical sessions: each night's level is the median of a session's calm rounds, as in the
history (perf.history.night.Calm); with ``--all-rounds``, of all of them. A session without calm rounds is a night that
says nothing, and no method sees it. Sessions are drawn in two orders: ``shuffled``, each by itself, and ``recorded``,
in runs of RUN_NIGHTS on average that were neighbours in time (the stationary bootstrap of Politis and Romano, JASA 89,
1994), so that what drifted within the hour of recording drifts from night to night.

Every method sees the series anew after each night, as a user does. A step is planted at night 90 to 120, or five of
0.8 % each, 14 nights apart. It is hit if a change in its direction is reported at most NEAR nights from it, in the 60
nights from then on; the delay counts the nights of the new level that it took. What is
reported of the same nights without the step is no hit. Where nothing is planted, every change
that is reported at any night is a false alarm, and those at most NEAR nights from an earlier one are the same.

apache-otava runs in an environment of its own (``pip install apache-otava``), as its defaults are.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import ruptures
from numpy.typing import NDArray

from perf.lab import series
from perf.records.session_record import SessionRecord
from perf.report.tables import aligned
from perf.stats.change_points import FEWEST_NIGHTS, PENALTY, change_points
from perf.stats.intervals import median_interval
from perf.stats.level import MIN_ROUNDS, undisturbed
from perf.stats.night_noise import robust_variance
from tests.builders.runs import DATA

Floats = NDArray[np.float64]
Level = tuple[float, float]  # a log level and its variance
Method = Callable[[Floats, Floats], Sequence[int]]  # log levels and their variances -> first nights of new levels

NIGHTS, FIRST_LOOK = 365, 6
PLANTED_AT = (90, 120)
STEPS_PERCENT: Mapping[str, Sequence[float]] = {
    "1 %": [1.0],
    "2 %": [2.0],
    "3 %": [3.0],
    "5 %": [5.0],
    "5 x 0.8 %": [0.8] * 5,
}
STEP_GAP = 14
HORIZON, NEAR = 60, 7
ORDERS = ("shuffled", "recorded")
RUN_NIGHTS = 5
WIDTH = 120
NORMAL_95 = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Nights:
    """A series of nights: log levels, and their variances."""

    values: Floats
    variances: Floats

    def stepped(self, at: int, percents: Sequence[float]) -> Nights:
        """Return the same nights with steps, the first at a night, the others STEP_GAP nights apart."""
        values = self.values.copy()
        for number, percent in enumerate(percents):
            values[at + number * STEP_GAP :] += math.log1p(percent / 100)
        return Nights(values, self.variances)


def drawn_nights(levels: Sequence[Level], order: str, generator: np.random.Generator) -> Nights:
    """Draw the nights of a year from the levels of identical sessions."""
    number, drawn = 0, []
    for night in range(NIGHTS):
        begins = order == "shuffled" or night == 0 or generator.random() < 1 / RUN_NIGHTS
        number = int(generator.integers(len(levels))) if begins else (number + 1) % len(levels)
        drawn.append(levels[number])
    return Nights(*np.array(drawn).T)


def level_of(session: SessionRecord, *, all_rounds: bool) -> Level:
    """Return a session's log level and its variance; NaN of one that says nothing."""
    rounds = session.rounds if all_rounds else undisturbed(session.rounds)
    if len(rounds) < min(MIN_ROUNDS, len(session.rounds)):
        return math.nan, math.nan
    latencies_s = [timed.latency_s for timed in rounds]
    interval = median_interval(latencies_s)
    return math.log(statistics.median(latencies_s)), (math.log(interval.high / interval.low) / (2 * NORMAL_95)) ** 2


def seen_by(method: Method, values: Floats, variances: Floats) -> list[int]:
    """Return the first nights of new levels by a method that sees the nights that have a level."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < FIRST_LOOK:
        return []
    return [int(known[index]) for index in method(values[known], variances[known])]


def ours(values: Floats, variances: Floats) -> list[int]:
    return [point.index for point in change_points(values, variances)]


def ruptures_l2(values: Floats, penalty: float) -> list[int]:
    """Return what Pelt finds with the model "l2", and KernelCPD with a linear kernel, which is the same and faster."""
    variance = robust_variance(np.diff(values)) / 2
    if not variance:
        return []
    search = ruptures.KernelCPD(kernel="linear", min_size=FEWEST_NIGHTS).fit(values.reshape(-1, 1))
    return [int(index) for index in search.predict(pen=penalty * variance)[:-1]]


def ruptures_bic(values: Floats, _: Floats) -> list[int]:
    """Search with the usual penalty of two parameters, a level and a place (Yao, Stat. Prob. Letters 6, 1988)."""
    return ruptures_l2(values, 2 * math.log(len(values)))


def ruptures_ours(values: Floats, _: Floats) -> list[int]:
    return ruptures_l2(values, PENALTY)


def ruptures_doubled(values: Floats, _: Floats) -> list[int]:
    return ruptures_l2(values, 2 * PENALTY)


def ruptures_rbf(values: Floats, _: Floats) -> list[int]:
    search = ruptures.KernelCPD(kernel="rbf", min_size=FEWEST_NIGHTS).fit(values.reshape(-1, 1))
    return [int(index) for index in search.predict(pen=2 * math.log(len(values)))[:-1]]


class Otava:
    """apache-otava, asked by lines of JSON."""

    def __init__(self, python: Path, max_p_value: float) -> None:
        self._max_p_value = max_p_value
        command = [python, DATA / "otava_detector.py"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, values: Floats, _: Floats) -> list[int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([np.exp(values).tolist(), self._max_p_value]) + "\n")
        self._process.stdin.flush()
        found: list[int] = json.loads(self._process.stdout.readline())
        return found


@dataclass
class Score:
    """What a method has reported: by what was planted, the delay of each hit and None for each miss."""

    delays: dict[str, list[int | None]] = field(default_factory=lambda: {name: [] for name in STEPS_PERCENT})
    false_alarms: int = 0
    series: int = 0
    seconds: list[float] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Return the columns of a table's line."""
        hits = [hits_and_delay(delays) for delays in self.delays.values()]
        alarms = self.false_alarms / (self.series * (NIGHTS - FIRST_LOOK)) * 365
        return [f"{alarms:.2f}", *hits, f"{1000 * statistics.median(self.seconds):.1f}"]


def hits_and_delay(delays: Sequence[int | None]) -> str:
    """Return the share of hits, and the median of their delays in nights."""
    hits = [delay for delay in delays if delay is not None]
    return f"{len(hits) / len(delays):.0%}, {statistics.median(hits):.0f}" if hits else "0%"


def false_alarms(method: Method, nights: Nights, score: Score) -> None:
    """Look at unchanged nights after each of them."""
    reported: list[int] = []
    for end in range(FIRST_LOOK, NIGHTS + 1):
        for index in seen_by(method, nights.values[:end], nights.variances[:end]):
            if not any(abs(index - earlier) <= NEAR for earlier in reported):
                reported.append(index)
    score.false_alarms += len(reported)
    score.series += 1
    began_s = time.perf_counter()
    seen_by(method, nights.values, nights.variances)
    score.seconds.append(time.perf_counter() - began_s)


def delay(method: Method, nights: Nights, at: int, percents: Sequence[float]) -> int | None:
    """Return after how many nights of the new level a rise is reported; None if it is not."""
    last = at + (len(percents) - 1) * STEP_GAP
    stepped = nights.stepped(at, percents)
    for end in range(at + 1, last + HORIZON + 1):
        places = (at - NEAR, last + NEAR)
        if rises(method, stepped, end, places) and not rises(method, nights, end, places):
            return end - at
    return None


def rises(method: Method, nights: Nights, end: int, places: tuple[int, int]) -> bool:
    """Tell whether a method reports a rise between two places, having seen the nights before ``end``."""
    values = nights.values[:end]
    bounds = [0, *seen_by(method, values, nights.variances[:end]), end]
    return any(
        places[0] <= index <= places[1] and np.nanmedian(values[index:after]) > np.nanmedian(values[before:index])
        for before, index, after in zip(bounds, bounds[1:], bounds[2:], strict=False)
    )


def scored(methods: Mapping[str, Method], levels: Sequence[Level], order: str, count: int) -> list[list[str]]:
    """Return a table's lines of all methods on the same ``count`` years of nights."""
    generator = np.random.default_rng(1)
    scores = {name: Score() for name in methods}
    for _ in range(count):
        nights = drawn_nights(levels, order, generator)
        at = int(generator.integers(*PLANTED_AT))
        for name, method in methods.items():
            false_alarms(method, nights, scores[name])
            for planted, percents in STEPS_PERCENT.items():
                found = delay(method, nights, at, percents)
                scores[name].delays[planted].append(found)
    return [[name, *score.cells()] for name, score in scores.items()]


def main() -> None:
    """Print a table for each series and order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", type=Path, nargs="+", help="as for `python -m perf evaluate`")
    parser.add_argument("--otava", type=Path, metavar="PYTHON", help="of an environment with apache-otava")
    parser.add_argument("--all-rounds", action="store_true", help="of disturbed rounds too")
    parser.add_argument("--years", type=int, default=20, help="of nights per series and order (%(default)s)")
    options = parser.parse_args()
    methods: dict[str, Method] = {
        "ours": ours,
        "ruptures l2, BIC": ruptures_bic,
        "ruptures l2, our penalty": ruptures_ours,
        "ruptures l2, twice that": ruptures_doubled,
        "ruptures rbf": ruptures_rbf,
    }
    if options.otava:
        methods["otava"] = Otava(options.otava, 1e-3)
        methods["otava, p < 1e-6"] = Otava(options.otava, 1e-6)
    headings = ["alarms/year", *STEPS_PERCENT, "ms/series"]
    for path in options.series:
        levels = [level_of(session, all_rounds=options.all_rounds) for session in series.read(path)]
        for order in ORDERS:
            lines = scored(methods, levels, order, options.years)
            print("\n".join(aligned([f"{path.stem}, {order}", *headings], lines, WIDTH)), flush=True)


if __name__ == "__main__":
    main()
