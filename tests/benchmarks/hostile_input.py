"""What hostile input costs: a flood of progress beyond its deadline, and a key that occurs twice among many.

    python -m tests.benchmarks.hostile_input

The first ratio is about 1 and the second under 2, whatever the number of keys. An earlier version took 11.5 s for a
deadline of 3 s, since it read the flood to its end, and over 20 s for 40,000 keys, each of which it looked for in all.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from perf.errors import WorkerTimeout
from perf.host.stack import ROOT
from perf.measure import launcher
from perf.measure.command import Command
from perf.records.sample import Sample
from perf.records.strict_json import parse
from tests.builders.runs import DATA

START_S = 30.0
DEADLINE_S = 3.0
KEYS = 40_000


def seconds(action: Callable[[], object]) -> float:
    """Return how long something takes."""
    began_s = time.perf_counter()
    action()
    return time.perf_counter() - began_s


def flood(folder: Path) -> None:
    """Ask a worker that sends progress without end for a sample."""
    environment = os.environ | {"SILLY": "generate:progress-flood", "PYTHONPATH": str(ROOT)}
    command = Command((sys.executable, str(DATA / "silly_worker.py")), environment)
    with launcher.start("silly", command, folder, START_S) as worker, contextlib.suppress(WorkerTimeout):
        worker.ask({"request": "generate", "steps": 3}, Sample, DEADLINE_S)


def keys(*, repeated: bool) -> str:
    """Return a JSON object of many keys, of which one may occur twice."""
    names = [*map(str, range(KEYS)), *(["0"] if repeated else [])]
    return "{" + ", ".join(f'"{name}": 1' for name in names) + "}"


def main() -> None:
    """Print both ratios."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"a flood of progress: {seconds(lambda: flood(Path(folder))) / DEADLINE_S:.2f} of its deadline")
    plain, repeated = (keys(repeated=repeated) for repeated in (False, True))
    ratio = seconds(lambda: parse(repeated)) / seconds(lambda: parse(plain))
    print(f"{KEYS} keys, one of them twice: {ratio:.2f} of the time of as many different ones")


if __name__ == "__main__":
    main()
