"""What the luck of a process is: how far identical workers of a row differ, as usual and under other conditions.

    WORKERS=9 pytest tests/benchmarks/process_luck.py -q --variant ipex-bf16 --size 256x256 --steps 6 --warmup-steps 2

WORKERS workers for each condition in CONDITIONS, one alive at a time, make IMAGES images each; what counts is their
UNet steps. The conditions take turns, in random order, so that the machine's drift falls on all of them. Prints how
long the steps take under each condition, over the usual one, the standard deviations, and their ratios to the usual
one with intervals. Below it, how much slower the second of two fresh workers is than the first, both alive, from
STARTS of them in turns. $JSON is a file for all log times and results. Not collected by default.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf.compare.in_turns import generate_in_turns
from perf.errors import WorkerError
from perf.host.stack import Stack
from perf.lab.process_luck import Luck, compare, luck_of, start_order
from perf.measure.measurement import Measurement
from perf.measure.run import Run
from perf.records.sample import Sample
from perf.report.tables import aligned
from perf.spec.variant import Variant
from perf.stats.calm_parts import calm_parts
from perf.stats.intervals import midmean
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import by_workers
from perf.stats.watch import LATENCY

WORKERS = int(os.environ.get("WORKERS", "8"))
IMAGES = int(os.environ.get("IMAGES", "2"))
STARTS = int(os.environ.get("STARTS", "4"))
PAIRS = 2
SEED = int(os.environ.get("SEED", "1"))
USUAL = "as usual"
# What stands before the interpreter in a shell.
CONDITIONS = {
    USUAL: "",
    "fixed addresses": "setarch -R",  # containers may forbid it
    "huge pages": "env GLIBC_TUNABLES=glibc.malloc.hugetlb=1",  # for rows with glibc's allocator or jemalloc
    "fixed threads": "env OMP_PROC_BIND=close OMP_PLACES=cores",
}
JEMALLOC = "export MALLOC_CONF=${MALLOC_CONF:+$MALLOC_CONF,thp:always}"
HEADINGS = ("condition", "workers", "step to usual", "sd of means", "noise", "luck", "sd to usual")

LogTimes = list[list[float]]  # of each worker


def stack_under(condition: str, stack: Stack, folder: Path) -> Stack:
    """Return the stack with an interpreter that is started under a condition."""
    path = folder / condition.replace(" ", "-")
    jemalloc = JEMALLOC if condition == "huge pages" else ""
    path.write_text(f'#!/bin/sh\n{jemalloc}\nexec {CONDITIONS[condition]} "{stack.python}" "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return replace(stack, python=str(path))


@contextmanager
def warm_worker(row: Variant, run: Run, stack: Stack, role: str, number: int) -> Iterator[Measurement]:
    """Start a worker beside those that are alive, and warm it up. Raises a WorkerError."""
    with run.measuring_beside(row, stack, role, number, name=row.name, is_timed=True) as measurement:
        assert isinstance(measurement, Measurement), "a worker alone, which can take turns"
        measurement.warm_up()
        yield measurement


def log_times(samples: list[Sample]) -> list[float]:
    """Return the log of the UNet's step time in each image, by the steps that nothing disturbed."""
    times = []
    for sample, calm in zip(samples, calm_parts(samples), strict=True):
        if calm.steps:
            times.append(math.log(midmean([sample.parts.unet_steps_s[step] for step in sorted(calm.steps)])))
    return times


def measure(row: Variant, run: Run, folder: Path) -> tuple[dict[str, LogTimes], dict[str, str]]:
    """Return the log times of the workers of each condition, and why a condition could not be had."""
    measured: dict[str, LogTimes] = {name: [] for name in CONDITIONS}
    reasons: dict[str, str] = {}
    stacks = {name: stack_under(name, run.stacks[row.stack], folder) for name in CONDITIONS}
    generator = random.Random(SEED)
    for number in range(1, WORKERS + 1):
        for name in generator.sample(list(CONDITIONS), len(CONDITIONS)):
            try:
                with warm_worker(row, run, stacks[name], name.replace(" ", "-"), number) as worker:
                    images = [worker.generate(run.bench.protocol.steps) for _ in range(IMAGES)]
                    measured[name].append(log_times(images))
            except WorkerError as error:
                reasons[name] = str(error).splitlines()[0]
    calm = {name: [times for times in groups if len(times) > 1] for name, groups in measured.items()}
    disturbed = {name: "every image waited for a CPU" for name, groups in calm.items() if not groups}
    return calm, disturbed | reasons


def measure_order(row: Variant, run: Run) -> LogTimes:
    """Return the log ratios of pairs of fresh workers, the second started over the first."""
    measured = []
    stack = run.stacks[row.stack]
    for number in range(1, STARTS + 1):
        with (
            warm_worker(row, run, stack, "first", number) as first,
            warm_worker(row, run, stack, "second", number) as second,
        ):
            measured.append(log_ratios(first, second))
    return [group for group in measured if group]


def log_ratios(reference: Measurement, candidate: Measurement) -> list[float]:
    """Return the log ratios of PAIRS pairs that two workers make; each has the first turn alternately."""
    pairs: list[Pair] = []
    for number in range(PAIRS):
        if number % 2:
            second, first = generate_in_turns(candidate, reference)
        else:
            first, second = generate_in_turns(reference, candidate)
        pairs.append(Pair(workers=1, reference=first, candidate=second))
    return by_workers(pairs, LATENCY.name).get(1, [])


def cells(name: str, luck: Luck, usual: Luck) -> tuple[str, ...]:
    """Return the texts of a condition, in the order of HEADINGS."""
    slower = f"{100 * math.expm1(luck.mean - usual.mean):+.1f} %"
    sds = (f"{100 * sd:.2f} %" for sd in (luck.mean_sd, luck.noise_sd, luck.luck_sd))
    return (name, str(luck.workers), slower, *sds, "-" if name == USUAL else str(compare(luck, usual)))


@pytest.mark.ladder
def test_luck(row: Variant, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured, reasons = measure(row, run, tmp_path)
    lucks = {name: luck_of(groups) for name, groups in measured.items() if len(groups) > 1}
    assert USUAL in lucks, f"too much other work ran to say anything, or {reasons}"
    of_order = measure_order(row, run)
    order = start_order(of_order) if len(of_order) > 1 else None
    results: dict[str, Any] = {
        "schema": 2,
        "row": row.name,
        "measured": run.measured(),
        "log_times": measured,
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
        print(f"{row.name}: started second over started first: {order or 'too few undisturbed pairs'}")
