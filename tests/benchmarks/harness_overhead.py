"""What the suite adds to a generation: the ratio of latencies through the suite and bare, measured alternately.

    pytest tests/benchmarks/harness_overhead.py -q --variant openvino-static --size 256x256 --steps 4 --rounds 60 \
        --budget 3600

Two processes of the variant are alive and one works at a time. Through the suite is all of it: pytest-benchmark's
pedantic loop, the request over the pipe, the counters, the clock around the parts, the progress. Short generations
make the overhead look large; a real one of 20 steps at 512x512 is tens of times longer. Not collected by default.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from perf.measure import command
from perf.measure.measurement import Measurement
from perf.measure.run import Run
from perf.stats.intervals import median_interval

BARE = Path(__file__).with_name("bare.py")


class Bare:
    """A process that runs the variant in a plain loop."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.latencies_s: list[float] = []

    def generate(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answers = (line.split() for line in self._process.stdout)
        self.latencies_s.append(next(float(words[1]) for words in answers if words[:1] == ["seconds"]))


@pytest.fixture(scope="session")
def bare(measurement: Measurement, run: Run) -> Iterator[Bare]:
    """Start the bare process and warm it up."""
    variant = measurement.variant
    bench = run.bench_of(variant)
    started = command.for_variant(variant, run.stacks[variant.stack], bench.machine)
    prefix = started.arguments[: started.arguments.index("-m")]
    arguments = bench.protocol.to_json() | bench.load_request(variant) | {"latents": str(bench.latents)}
    with subprocess.Popen(
        [*prefix, str(BARE), json.dumps(arguments)],
        env=dict(started.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        warm = Bare(process)
        for _ in range(variant.warmup_rounds):
            warm.generate()
        warm.latencies_s.clear()
        yield warm
        process.kill()


@pytest.mark.ladder
def test_overhead(
    measurement: Measurement, bare: Bare, benchmark: BenchmarkFixture, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measure pairs in the order bare-suite, suite-bare, bare-suite, ..., so that a drift hits both alike."""

    def before() -> tuple[tuple[int], dict[str, Any]]:
        arguments = measurement.next_round()
        warm = len(measurement.session.warmups) == measurement.variant.warmup_rounds
        if warm and len(measurement.session.samples) % 2 == 0:
            bare.generate()
        return arguments

    def after(_steps: int) -> None:
        if len(measurement.session.samples) % 2 == 0 and measurement.session.samples:
            bare.generate()

    with measurement.rounds():
        benchmark.pedantic(
            measurement.generate,
            setup=before,
            teardown=after,
            warmup_rounds=measurement.variant.warmup_rounds,
            rounds=run.bench.protocol.rounds,
        )
    in_the_worker = [sample.latency_s for sample in measurement.session.samples]
    assert benchmark.stats
    in_the_parent = benchmark.stats.stats.data
    with capsys.disabled():
        print(f"\n{measurement.variant.name}, {run.bench.protocol}")
        print(f"bare: {statistics.median(bare.latencies_s):.4f} s, median of {len(bare.latencies_s)}")
        print(f"timed in the worker / bare: {ratio(in_the_worker, bare.latencies_s)}")
        print(f"timed by pytest-benchmark / bare: {ratio(in_the_parent, bare.latencies_s)}")


def ratio(with_suite: Sequence[float], without: Sequence[float]) -> str:
    """Return the median of the pairs' ratios with its interval, and their geometric mean."""
    ratios = [suite_s / bare_s for suite_s, bare_s in zip(with_suite, without, strict=True)]
    interval = median_interval(ratios)
    mean = math.exp(statistics.fmean(map(math.log, ratios)))
    return (
        f"median {statistics.median(ratios):.5f} [{interval.low:.5f}, {interval.high:.5f}] "
        f"({interval.confidence:.0%} of {len(ratios)} pairs), geometric mean {mean:.5f}"
    )
