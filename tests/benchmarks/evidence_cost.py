"""What the evidence costs a generation: ratios of latencies in fresh pairs of workers, one of which has less of it.

    pytest tests/benchmarks/evidence_cost.py -q --variant openvino-static --model tiny --rounds 40

One test is of the inspection, which comes before the rounds here, where a run has it after the last of them: what it
leaves behind in the process would show in the ratio. The other (``-k counters``) is of the kernel's counters, beside a
worker of the same code that opens none, and of the seconds that reading them takes. There are several pairs, since two
workers that do the same differ by the luck of their memory layout. Not collected by default.
"""

from __future__ import annotations

import math
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from scipy import stats

from perf.host.perf_events import uncounted
from perf.host.stack import ROOT
from perf.measure.command import HERE, Origin
from perf.measure.measurement import Measurement, measuring
from perf.measure.run import Run
from perf.spec.variant import Variant
from perf.worker.perf_events import PerfEvents

PAIRS_OF_WORKERS = 6
READINGS = 1000
CONFIDENCE = 0.95


@pytest.mark.ladder
def test_cost(row: Variant, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def inspect(inspected: Measurement) -> None:
        inspected.generate(run.bench.protocol.steps)
        inspected.inspect()

    logs = log_ratios(row, run, tmp_path, before_rounds=inspect)
    with capsys.disabled():
        print(f"\n{report(row, run, logs, 'with evidence / without')}")


@pytest.mark.ladder
def test_cost_of_counters(row: Variant, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = log_ratios(row, run, tmp_path, plain=Origin(code=code_without_counters(tmp_path / "code")))
    reads_us = [1e6 * read_s for read_s in reading_times_s()]
    with capsys.disabled():
        print(f"\n{report(row, run, logs, 'with counters / without')}")
        print(f"one reading of all counters, {threading.active_count()} thread: {statistics.median(reads_us):.1f} us")
        print("\n".join(map(str, uncounted(is_virtual=run.machine.hypervisor is not None))) or "all are counted")


def code_without_counters(folder: Path) -> Path:
    """Copy the suite's code to a folder, with no event to be opened."""
    shutil.copytree(ROOT / "perf", folder / "perf", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "perf/host/perf_events.py").open("a", encoding="utf-8") as module:
        module.write("\nEVENTS = {}\n")
    return folder


def reading_times_s() -> list[float]:
    """Return the seconds that reading all counters took, time after time, in this process."""
    events = PerfEvents()
    times_s = []
    for _ in range(READINGS):
        began_s = time.perf_counter()
        events.read()
        times_s.append(time.perf_counter() - began_s)
    return times_s


def report(variant: Variant, run: Run, logs: Sequence[float], name: str) -> str:
    """Return what was measured, the ratio of each pair of workers, and their mean with its interval."""
    mean, error = statistics.mean(logs), stats.sem(logs)
    low, high = stats.t.interval(CONFIDENCE, len(logs) - 1, loc=mean, scale=error)
    return (
        f"{variant.name}, {run.bench.model.name}, {run.bench.protocol}\n"
        f"pairs of workers: {', '.join(f'{math.exp(log):.3f}' for log in logs)}\n"
        f"{name}: {math.exp(mean):.3f} [{math.exp(low):.3f}, {math.exp(high):.3f}]"
    )


def log_ratios(
    variant: Variant,
    run: Run,
    folder: Path,
    *,
    before_rounds: Callable[[Measurement], None] = lambda _: None,
    plain: Origin = HERE,
) -> list[float]:
    """Return the log ratio of each pair's medians, of a worker with more evidence over a plain one."""
    logs = []
    for number in range(PAIRS_OF_WORKERS):
        (folder / str(number)).mkdir()
        logs.append(log_ratio(variant, run, folder / str(number), before_rounds=before_rounds, plain=plain))
    return logs


def log_ratio(
    variant: Variant, run: Run, folder: Path, *, before_rounds: Callable[[Measurement], None], plain: Origin
) -> float:
    """Return the log ratio of a pair's medians; rounds alternate, so that drift hits both."""
    stack, protocol = run.stacks[variant.stack], run.bench.protocol
    for name in ("more", "plain"):
        (folder / name).mkdir()
    with (
        measuring(variant, stack, run.bench, folder / "more", "more evidence") as more,
        measuring(variant, stack, run.bench, folder / "plain", "plain", origin=plain) as less,
    ):
        for worker in (more, less):
            for _ in range(variant.warmup_rounds):
                worker.generate(protocol.warmup_steps)
        before_rounds(more)
        for worker in (more, less):
            worker.generate(protocol.steps)  # the caches are cold after so much else
        for pair in range(protocol.rounds):
            for worker in (more, less) if pair % 2 else (less, more):
                worker.generate(protocol.steps)
        return math.log(median_s(more, protocol.rounds) / median_s(less, protocol.rounds))


def median_s(worker: Measurement, rounds: int) -> float:
    return statistics.median(sample.latency_s for sample in worker.session.samples[-rounds:])
