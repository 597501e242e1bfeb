"""``python -m tests.faults``: a campaign of faults, for so many minutes or trials, and what was not survived."""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.trial import Trial, run_trial
from tests.faults.world import World


def main() -> int:
    """Run the campaign, print a line per failure and a table at the end, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--trials", type=int, default=sys.maxsize)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the output of what was not survived")
    parser.add_argument("--fault", action="append", choices=[fault.__name__ for fault in FAULTS], help="only this one")
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if not options.fault or fault.__name__ in options.fault]
    ended_s = time.monotonic() + 60 * options.minutes
    tried: collections.Counter[str] = collections.Counter()
    failed: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="perf-faults-") as folder:
        world = World.make(Path(folder, "world"))
        for seed in range(options.seed, options.seed + options.trials):
            if time.monotonic() > ended_s:
                break
            trial = run_trial(world, Path(folder, f"trial-{seed}"), faults[seed % len(faults)], seed)
            tried[trial.fault] += 1
            if trial.failures:
                failed[trial.fault] += 1
                report(trial, options.keep)
    for fault, count in tried.items():
        print(f"{fault:28} {count:6} tried  {count - failed[fault]:6} survived")
    return 1 if failed else 0


def report(trial: Trial, keep: Path | None) -> None:
    """Print what was not survived, and keep the output of both runs."""
    print(trial, flush=True)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{trial.fault}-{trial.seed}.txt").write_text(f"{trial}\n\n{trial.output}")


if __name__ == "__main__":
    sys.exit(main())
