"""How often the upgrade check is right: a stack beside itself, and beside one whose workers do more work, many times.

    TRIES=10 PLANTED="0 3" pytest tests/benchmarks/paired_power.py -q --variant openvino-static --size 256x256

Prints each try, how many were called slower, equivalent and undecided, and how wide the intervals were beside those of
the same latencies taken apart; $KEEP is a folder for all pairs as JSON. Not collected by default.
"""

from __future__ import annotations

import json
import os
import statistics
from collections import Counter
from pathlib import Path

import pytest

from perf.duel import Duel, Rivals
from perf.run import Run
from perf.stack import probe
from perf.upgrade import Result, judged
from perf.variant import Variant
from tests.conftest import DATA

TRIES = int(os.environ.get("TRIES", "10"))
PLANTED_PERCENT = tuple(float(text) for text in os.environ.get("PLANTED", "0 3").split())


@pytest.mark.ladder
@pytest.mark.parametrize("planted", PLANTED_PERCENT)
def test_power(
    row: Variant, planted: float, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = run.stacks[row.stack]
    monkeypatch.setenv("SLOWED_PYTHON", used.python)
    monkeypatch.setenv("SLOWED_PERCENT", str(planted))
    candidate = probe("slowed", DATA / "slowed_python") if planted else used
    results = []
    for number in range(TRIES):
        duel = Duel(row, Rivals(reference=used, candidate=candidate), run, run.settings.pairs_budget_s)
        duel.all_pairs()
        results.append(judged(duel, run))
        with capsys.disabled():
            print(f"{row.name}, {planted:g} % planted, try {number + 1}: {results[-1].said}: {results[-1].sentence}")
    with capsys.disabled():
        print("\n".join(summary(results)))
    if folder := os.environ.get("KEEP"):
        kept = {"results": [result.to_json() for result in results]}
        Path(folder, f"{row.name}-{planted:g}.json").write_text(json.dumps(kept), encoding="utf-8")


def summary(results: list[Result]) -> list[str]:
    counts = Counter(str(result.said) for result in results)
    widths = [widths for result in results if (widths := result.widths)]
    paired, unpaired = (statistics.median(column) for column in zip(*widths, strict=True))
    pairs = [result.latency.pairs for result in results if result.latency]
    return [
        f"{', '.join(f'{count} {said}' for said, count in counts.items())} of {len(results)}; "
        f"pairs: {min(pairs)} to {max(pairs)}, median {statistics.median(pairs):g}",
        f"95 % interval, median width: {paired:.1%} in pairs, {unpaired:.1%} of the same latencies taken apart",
    ]
