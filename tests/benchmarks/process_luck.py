"""What the luck of a process is: how far identical workers of a row differ, as usual and under other conditions.

    WORKERS=8 pytest tests/benchmarks/process_luck.py -q --variant bf16-channels-last --size 128x128 --steps 4 \
        --warmup-steps 2

One worker stays alive; each of WORKERS others, for each condition in CONDITIONS, is started beside it, makes pairs with
it in turns until PAIRS are kept, and ends. The conditions take turns too, in random order, so that the machine's drift
falls on all of them. Prints the standard deviations, and their ratios to the usual one with intervals; below it, how
much slower the second of two fresh workers is than the first. $JSON is a file for all log ratios and results. Not
collected by default.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perf.compare.in_turns import generate_in_turns
from perf.errors import WorkerError
from perf.lab.process_luck import Luck, compare, luck_of, start_order
from perf.measure.command import Origin
from perf.measure.measurement import Measurement
from perf.measure.run import Run
from perf.measure.steadying import UNSTEADIED, Steadying
from perf.report.tables import aligned
from perf.spec.variant import Variant
from perf.stats.kept_pairs import kept_pairs
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import by_workers
from perf.stats.watch import LATENCY

WORKERS = int(os.environ.get("WORKERS", "8"))
PAIRS = int(os.environ.get("PAIRS", "3"))
MOST_TRIES = 4  # for each pair, where other work runs
SEED = int(os.environ.get("SEED", "1"))
USUAL = "as usual"
CONDITIONS = {
    USUAL: UNSTEADIED,
    "fixed addresses": Steadying(fixed_addresses=True),
    "huge pages": Steadying(huge_pages=True),
    "fixed threads": Steadying(fixed_threads=True),
    "all three": Steadying(fixed_addresses=True, huge_pages=True, fixed_threads=True),
}
HEADINGS = ("condition", "workers", "sd of means", "noise", "luck", "sd to usual")

Ratios = list[list[float]]  # of each worker


@contextmanager
def warm_worker(row: Variant, run: Run, role: str, number: int, steadying: Steadying) -> Iterator[Measurement]:
    """Start a worker beside those that are alive, and warm it up. Raises a WorkerError."""
    origin = Origin(steadying=steadying)
    with run.measuring_beside(row, run.stacks[row.stack], role, number, origin, name=row.name) as measurement:
        measurement.warm_up()
        yield measurement
        measurement.end()


def log_ratios(reference: Measurement, candidate: Measurement) -> list[float]:
    """Return the log ratios of PAIRS pairs that two workers make, without disturbed parts; each is first in turn."""
    pairs: list[Pair] = []
    while len(kept_pairs(pairs)) < PAIRS and len(pairs) < MOST_TRIES * PAIRS:
        if len(pairs) % 2:
            second, first = generate_in_turns(candidate, reference)
        else:
            first, second = generate_in_turns(reference, candidate)
        pairs.append(Pair(workers=1, reference=first, candidate=second))
    return by_workers(pairs, LATENCY.name).get(1, [])


def measure(row: Variant, run: Run) -> tuple[dict[str, Ratios], dict[str, str]]:
    """Return the log ratios of the workers of each condition, and why a condition could not be had."""
    measured: dict[str, Ratios] = {name: [] for name in CONDITIONS}
    reasons: dict[str, str] = {}
    generator = random.Random(SEED)
    with warm_worker(row, run, "yardstick", 0, UNSTEADIED) as yardstick:
        for number in range(1, WORKERS + 1):
            for name in generator.sample(list(CONDITIONS), len(CONDITIONS)):
                try:
                    with warm_worker(row, run, name.replace(" ", "-"), number, CONDITIONS[name]) as worker:
                        measured[name].append(log_ratios(yardstick, worker))
                except WorkerError as error:
                    reasons[name] = str(error).splitlines()[0]
    return {name: [group for group in groups if len(group) > 1] for name, groups in measured.items()}, reasons


def measure_order(row: Variant, run: Run) -> Ratios:
    """Return the log ratios of pairs of fresh workers, the second started over the first."""
    measured = []
    for number in range(1, WORKERS + 1):
        with (
            warm_worker(row, run, "first", number, UNSTEADIED) as first,
            warm_worker(row, run, "second", number, UNSTEADIED) as second,
        ):
            measured.append(log_ratios(first, second))
    return [group for group in measured if group]


def cells(name: str, luck: Luck, usual: Luck) -> tuple[str, ...]:
    """Return the texts of a condition, in the order of HEADINGS."""
    sds = (f"{100 * sd:.2f} %" for sd in (luck.mean_sd, luck.noise_sd, luck.luck_sd))
    return (name, str(luck.workers), *sds, "-" if name == USUAL else str(compare(luck, usual)))


@pytest.mark.ladder
def test_luck(row: Variant, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    measured, reasons = measure(row, run)
    lucks = {name: luck_of(groups) for name, groups in measured.items() if len(groups) > 1}
    assert USUAL in lucks, f"too much other work ran to say anything, or {reasons}"
    of_order = measure_order(row, run)
    order = start_order(of_order) if len(of_order) > 1 else None
    results: dict[str, Any] = {
        "schema": 1,
        "row": row.name,
        "measured": run.measured(),
        "log_ratios": measured,
        "lucks": {name: luck.to_json() for name, luck in lucks.items()},
        "left_out": reasons,
        "log_ratios_of_second_started": of_order,
    }
    if path := os.environ.get("JSON"):
        Path(path).write_text(json.dumps(results, indent=1), encoding="utf-8")
    rows = [cells(name, luck, lucks[USUAL]) for name, luck in lucks.items()]
    with capsys.disabled():
        print("", *run.measured(), *aligned(HEADINGS, rows, 1000), sep="\n")
        print(*(f"{name}: {reason}" for name, reason in reasons.items()), sep="\n")
        print(f"{row.name}: started second over started first: {order or 'other work ran'}")
