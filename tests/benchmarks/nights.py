"""Nights after an upgrade, end to end: a baseline of one release is accepted, and every night has another.

    python -m tests.benchmarks.nights openvino==2026.3.1 --nights 10 --planted 0 3 -- --model tiny \\
        --variant openvino-static

The baseline is recorded with the given release in the stack ``current``, in a folder of its own. Each night is a run of
the ladder with the installed release, whose workers do so many percent more work as were planted (tests/data/
slowed_worker.py). A line per night says what was planted, the verdict, the seconds that the run took, and whether pip
made the anchor; the last lines count the verdicts. ``--keep FOLDER`` keeps the baseline and each night's record. What
follows ``--`` goes to pytest.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perf.gate.proposal import Proposal
from perf.host import environments, stack
from perf.host.requirements import Requested
from perf.stats.verdict import Verdict
from tests.builders.runs import DATA, ladder_command

STACK = "current"
MADE = "making the stack of its baseline again"


@dataclass(frozen=True, kw_only=True)
class Night:
    """One run of the ladder: the verdicts on its rows, its seconds, and whether it had to make an anchor."""

    verdicts: Sequence[Verdict]
    seconds: float
    made_anchor: bool


def ladder(
    folder: Path, options: Sequence[str], record: str = "baseline.json", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the ladder in a process of its own, which writes its record into the folder."""
    command = ladder_command("--baselines", str(folder / "baselines"), "--benchmark-json", str(folder / record))
    return subprocess.run(
        [*command, *options], env=os.environ | environment, capture_output=True, text=True, check=False
    )


def record_baseline(folder: Path, python: Path, sessions: int, options: Sequence[str]) -> None:
    """Record the baseline with the stack of this interpreter."""
    recording = ("--stack", f"{STACK}={python}", "--update-baseline", "--why", "before", "--sessions", str(sessions))
    ran = ladder(folder, [*recording, *options])
    if ran.returncode:
        sys.exit(ran.stdout + ran.stderr)


def night(folder: Path, number: int, python: str, planted_percent: float, options: Sequence[str]) -> Night:
    """Run one night with workers that do so many percent more work than the interpreter's own."""
    record = f"night-{number}-{planted_percent:g}.json"
    slowed = {"SLOWED_PYTHON": python, "SLOWED_PERCENT": str(planted_percent)}
    interpreter = str(DATA / "slowed_python") if planted_percent else python
    began_s = time.monotonic()
    ran = ladder(folder, ["--stack", f"{STACK}={interpreter}", *options], record, **slowed)
    seconds = time.monotonic() - began_s
    kept = (folder / record).read_text()  # pytest-benchmark has opened it, and writes it at the end
    if not kept:
        sys.exit(ran.stdout + ran.stderr)
    benchmarks = json.loads(kept)["benchmarks"]
    return Night(
        verdicts=[Proposal.from_json(benchmark["extra_info"]).verdict for benchmark in benchmarks],
        seconds=seconds,
        made_anchor=MADE in ran.stderr,
    )


def main() -> None:
    """Record the baseline, run the nights, and count their verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirement", help="the baseline's release, such as openvino==2026.3.1")
    parser.add_argument("--nights", type=int, default=10)
    parser.add_argument("--planted", type=float, nargs="+", default=[0.0, 3.0], metavar="PERCENT")
    parser.add_argument("--sessions", type=int, default=1, help="of the baseline")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to keep the records")
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    wanted, options = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]
    used = stack.inspect_python(STACK, stack.default_python(STACK))
    before = environments.upgrade(used, Requested([wanted.requirement])).python
    kinds: collections.Counter[tuple[float, str]] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="nights-") as name:
        folder = wanted.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        record_baseline(folder, before, wanted.sessions, options)
        for number in range(1, wanted.nights + 1):
            for percent in wanted.planted:
                found = night(folder, number, used.python, percent, options)
                anchor = ", anchor made" if found.made_anchor else ""
                for verdict in found.verdicts:
                    kinds[percent, str(verdict.kind)] += 1
                    print(
                        f"night {number}, {percent:g} % planted, {found.seconds:.0f} s{anchor}: {verdict}", flush=True
                    )
    for (percent, kind), count in sorted(kinds.items()):
        print(f"{percent:g} % planted: {count} {kind}")


if __name__ == "__main__":
    main()
