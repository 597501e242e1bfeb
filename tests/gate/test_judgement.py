"""The order in which a run's rows are measured and judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from perf.gate.judgement import Judgement
from perf.measure.run import Run
from perf.measure.settings import Judging
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from perf.spec.variant import Variant
from perf.stats.tolerances import Tolerances
from perf.stats.verdict import Verdict, VerdictKind
from tests.builders.baselines import MODEL
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions

VARIANTS = ladder.LADDER[:3]


class NotingJudgement(Judgement):
    """A judgement that notes its work instead of doing it."""

    def __init__(self, folder: Path, measured: Sequence[Variant]) -> None:
        bench = SimpleNamespace(model=MODEL, protocol=Protocol(size=Size(128, 128)), estimate=None, small_vae=None)
        run = SimpleNamespace(
            machine=GENOA,
            workers_machine=GENOA,
            bench=bench,
            bench_of=lambda _: bench,
            settings=SimpleNamespace(
                tolerances=Tolerances(),
                ladder=ladder.LADDER,
                baselines=folder,
                updates=False,
                fresh=0,
                judge=Judging.AUTO,
                resume=False,
            ),
            find_missing=lambda _: "a stack",
            variants=VARIANTS,
            say=print,
            has_row=lambda variant: variant in measured,
        )
        super().__init__(cast("Run", run))
        self.notes: list[str] = []

    def _measure(self, variant: Variant) -> None:
        self.notes.append(variant.name)
        self._sessions[variant.name] = sessions(1, seed=1)

    def _judge(self) -> None:
        self.notes.append("judge")
        self.verdicts = {name: Verdict(kind=VerdictKind.NO_BASELINE, sentence="") for name in self._sessions}

    def _judge_machine(self) -> None:
        self.notes.append("judge the machine")

    def _measure_again(self, variant: Variant) -> None:
        raise AssertionError(f"nothing suspicious is known of {variant.name}")


def test_all_missing_rows_are_measured_before_the_first_verdict(tmp_path: Path) -> None:
    judgement = NotingJudgement(tmp_path, measured=())
    for variant in VARIANTS:
        judgement.complete(variant)
    assert judgement.notes == [*(variant.name for variant in VARIANTS), "judge", "judge the machine"]


def test_a_row_that_was_skipped_is_not_measured(tmp_path: Path) -> None:
    judgement = NotingJudgement(tmp_path, measured=VARIANTS[:1])
    for variant in VARIANTS:
        judgement.complete(variant)
    assert VARIANTS[0].name not in judgement.notes
