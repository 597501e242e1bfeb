"""How often the upgrade check is right: a stack compared with itself, and with one whose workers do more work.

    WORKERS=8 PLANTED="3 0" pytest tests/benchmarks/paired_power.py -q --variant openvino-static --size 256x256

Measures so many pairs of workers, and then replays them: each try takes the pairs of workers in another order, in which
candidate and reference are still started first alternately, until the check would have stopped. Prints which verdicts
the tries ended with, after how many pairs, and how wide the interval of all pairs is compared with that of the same
latencies taken apart. $KEEP is a folder for the pairs as JSON. Not collected by default.
"""

from __future__ import annotations

import json
import os
import statistics
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.compare.stack_pair import StackPair
from perf.host.stack import inspect_python
from perf.measure.run import Run
from perf.spec.variant import Variant
from perf.stats.kept_pairs import by_workers
from perf.stats.paired_comparison import LOOKS, Comparison, Groups, PairedVerdict, compare
from perf.stats.watch import LATENCY
from tests.builders.runs import DATA

WORKERS = int(os.environ.get("WORKERS", "8"))
PLANTED_PERCENT = tuple(float(text) for text in os.environ.get("PLANTED", "3 0").split())
TRIES = 200


class Endless(PairedRun):
    """A paired run that goes on although it is decided."""

    def is_enough(self) -> bool:
        return len(self.loads_s) >= WORKERS


@pytest.mark.ladder
@pytest.mark.parametrize("planted", PLANTED_PERCENT)
def test_power(
    row: Variant, planted: float, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = run.stacks[row.stack]
    monkeypatch.setenv("SLOWED_PYTHON", used.python)
    monkeypatch.setenv("SLOWED_PERCENT", str(planted))
    candidate = inspect_python("slowed", DATA / "slowed_python") if planted else used
    paired_run = Endless(row, StackPair(reference=used, candidate=candidate), run, 0.0)
    paired_run.all_pairs()
    result = judge(paired_run, run)
    if folder := os.environ.get("KEEP"):
        Path(folder, f"{row.name}-{planted:g}.json").write_text(json.dumps(result.to_json()), encoding="utf-8")
    with capsys.disabled():
        print(f"{row.name}, {planted:g} % more work planted: {'; '.join(summary(result))}")


def summary(result: ComparedRow) -> list[str]:
    """Return the verdicts of the tries, and the two widths, a sentence each."""
    groups = by_workers(result.pairs, LATENCY.name)
    generator = np.random.default_rng(0)
    tries = [one_try(groups, shuffled(groups, generator)) for _ in range(TRIES)]
    counts = Counter(str(comparison.verdict) for comparison in tries)
    pairs = [comparison.pairs for comparison in tries]
    assert result.widths is not None
    return [
        str(result.latency),
        ", ".join(f"{count} of {TRIES} tries {verdict}" for verdict, count in counts.most_common()),
        f"pairs: median {statistics.median(pairs):g}, 95 % within {np.quantile(pairs, 0.95):g}",
        f"95 % interval of all: {result.widths[0]:.1%} wide in pairs, {result.widths[1]:.1%} apart",
    ]


def shuffled(groups: Groups, generator: np.random.Generator) -> list[int]:
    """Return the numbers of the pairs of workers in random order, odd and even ones alternately."""
    odd, even = (generator.permutation([number for number in groups if number % 2 == rest]) for rest in (1, 0))
    return [int(number) for both in zip(odd, even, strict=False) for number in both]


def one_try(groups: Groups, order: list[int]) -> Comparison:
    """Return the comparison at which the check would have stopped."""
    looks = [compare({number: groups[number] for number in order[: look + 1]}) for look in range(len(order[:LOOKS]))]
    return next((look for look in looks if look.verdict is not PairedVerdict.UNDECIDED), looks[-1])
