"""Whether a belief about noise that is learnt from recorded series finds more in a series that it has not seen.

For each series, the weights of drifts and standard deviations are those that the other series leave (perf.stats.belief)
in the mean, mixed with the broad ones in several proportions; those of nights stay, as no series spans nights::

    python -m tests.benchmarks.learnt_belief tests/data/noise/*.jsonl --trials 60

prints the summary of ``python -m perf evaluate`` for each proportion, the first of which is the belief in use.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np

from perf.lab import score_tables, series
from perf.lab.evaluate import evaluate
from perf.lab.trials import ORDERS
from perf.records.session_record import SessionRecord
from perf.stats import ladder_decision
from perf.stats.belief import BELIEF, Belief
from perf.stats.decision import BaselineLevels
from perf.stats.watch import LATENCY

PROPORTIONS = (0.0, 0.5, 0.9)
DRIFT, NIGHT, SD = range(3)  # axes of the weights
WIDTH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("series", type=Path, nargs="+", help="as for `python -m perf evaluate`")
    parser.add_argument("--trials", type=int, default=60, help="draws per series and order (%(default)s)")
    options = parser.parse_args()
    recorded = {path.stem: series.read(path) for path in options.series}
    for proportion in PROPORTIONS:
        scores = []
        for name, sessions in recorded.items():
            others = [each for other, each in recorded.items() if other != name]
            with mock.patch.object(ladder_decision, "BELIEF", learnt(others, proportion)):
                for order in ORDERS:
                    scores += evaluate(name, sessions, order, trials=options.trials)
        print(f"\n{proportion:.0%} learnt\n{score_tables.summary(scores, WIDTH)}", flush=True)


def learnt(recorded: Sequence[Sequence[SessionRecord]], proportion: float) -> Belief:
    """Return the broad belief mixed with ``proportion`` of the mean of what each of the series leaves of it."""
    after = [BELIEF.after([BaselineLevels.of(sessions).log_evidence[LATENCY.name]]).weights for sessions in recorded]
    drifts_and_sds = np.mean(after, axis=0).sum(axis=NIGHT, keepdims=True)
    nights = BELIEF.weights.sum(axis=(DRIFT, SD), keepdims=True)
    return Belief(np.log(proportion * drifts_and_sds * nights + (1 - proportion) * BELIEF.weights))


if __name__ == "__main__":
    main()
