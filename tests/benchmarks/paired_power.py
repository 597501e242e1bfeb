"""How often the comparison of two stacks is right, and how long it takes: measured once, kept, and replayed.

A stack is compared with itself, and with one whose workers do PLANTED % more work::

    WORKERS=8 PAIRS=6 PLANTED="0 2 3" KEEP=results/pairs pytest tests/benchmarks/paired_power.py -q -k measure \
        --variant openvino-static --size 256x256 --steps 10 --warmup-steps 4

With BUSY=1 a process beside it burns a core in bursts (busy_loop.py, with the seed SEED). WORKERS pairs of workers make
PAIRS kept pairs each, or twice as many where other work ran. The pairs are kept in the folder KEEP, a file for each row
and PLANTED, and read again, without measuring anything, by::

    KEPT=results/pairs pytest tests/benchmarks/paired_power.py -q -k replay

which prints, for each file, the verdicts that runs would have ended with, and after how long; once with disturbed parts
set aside, and once with the whole pairs that have one (perf.lab.paired_replay). Not collected by default.
"""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.compare.side_pair import Side, SidePair
from perf.host.stack import inspect_python
from perf.lab import pair_recording, paired_replay
from perf.lab.pair_recording import KeptRow
from perf.measure.pedantic import all_rounds
from perf.measure.run import Run
from perf.report.comparison import details
from perf.report.tables import aligned
from perf.spec.variant import Variant
from perf.stats.paired_plan import NextPairs
from tests.builders.runs import DATA

WORKERS = int(os.environ.get("WORKERS", "8"))
PAIRS = int(os.environ.get("PAIRS", "6"))
PLANTED_PERCENT = tuple(float(text) for text in os.environ.get("PLANTED", "0 2 3").split())
IS_BUSY = os.environ.get("BUSY") == "1"
SEED = os.environ.get("SEED", "1")
BUSY_LOOP = Path(__file__).with_name("busy_loop.py")
UNBROKEN = 1000  # columns


class Recorder(PairedRun):
    """A paired run of WORKERS pairs of workers that make PAIRS pairs each, whatever they say."""

    def is_due(self) -> bool:
        return True

    def is_enough(self) -> bool:
        return len(self.starts_s) >= WORKERS and self._left <= 0

    def next_pairs(self) -> NextPairs:
        if self._left > 0:
            return NextPairs(is_fresh=False, pairs=self._left)
        return NextPairs(is_fresh=True, pairs=PAIRS)

    @property
    def _left(self) -> int:
        """How many pairs the last workers are still to make."""
        return PAIRS - sum(pair.workers == len(self.starts_s) for pair in self.pairs)


@contextlib.contextmanager
def busy_loop() -> Iterator[None]:
    """Let other work run beside the block, if BUSY=1."""
    if not IS_BUSY:
        yield
        return
    with subprocess.Popen([sys.executable, str(BUSY_LOOP), SEED]) as process:
        try:
            yield
        finally:
            process.kill()


@pytest.mark.ladder
@pytest.mark.parametrize("planted", PLANTED_PERCENT)
def test_measure(
    row: Variant, planted: float, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = run.stacks[row.stack]
    monkeypatch.setenv("SLOWED_PYTHON", used.python)
    monkeypatch.setenv("SLOWED_PERCENT", str(planted))
    candidate = inspect_python("slowed", DATA / "slowed_python") if planted else used
    reference, slowed = (Side(variant=row, stack=stack) for stack in (used, candidate))
    recorder = Recorder(SidePair(reference=reference, candidate=slowed), run, math.inf)
    with busy_loop():
        all_rounds(recorder)
    kept = KeptRow.of(
        recorder.pairs,
        recorder.starts_s,
        row=row.name,
        planted_percent=planted,
        is_busy=IS_BUSY,
        measured="; ".join(run.measured()),
    )
    if folder := os.environ.get("KEEP"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        kept.write(Path(folder, f"{row.name}-{planted:g}{'-busy' if IS_BUSY else ''}.jsonl"))
    with capsys.disabled():
        print("", *details(judge(recorder, run)), *table([kept]), sep="\n")


def test_replay(capsys: pytest.CaptureFixture[str]) -> None:
    if "KEPT" not in os.environ:
        pytest.skip("KEPT names no folder of kept pairs")
    paths = sorted(Path(os.environ["KEPT"]).glob("*.jsonl"))
    assert paths, "a folder of kept pairs"
    with capsys.disabled():
        print("", *table(list(map(pair_recording.read, paths))), sep="\n")


def table(rows: list[KeptRow]) -> list[str]:
    """Return the lines of a table of replayed rows."""
    return aligned(paired_replay.HEADINGS, paired_replay.report(rows), UNBROKEN)
