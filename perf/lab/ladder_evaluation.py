"""How good the gate is on a whole ladder: several series as its rows, with a slowdown in one of them or in all.

Rows of a ladder share their false alarms, tell each other of the noise, and excuse each other where the machine is
slower. So what is said of the slower row is scored, what of the others, and what of the machine: where every row is
slower and no software differs, it is the machine that is.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from perf.lab.evaluate import OURS, SLOWDOWNS_PERCENT
from perf.lab.replay import LadderResult, judge_rows
from perf.lab.scores import Judged, Score, TrialResult
from perf.lab.trials import BASELINE_SESSIONS, Division, dated, draw
from perf.records.session_record import SessionRecord
from perf.stats.shift import NIGHT_GAP_S

LADDER_TRIALS = 20  # a draw takes some seconds
BETWEEN_ROWS_S = 60.0

Recorded = Mapping[str, Sequence[SessionRecord]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """An order of the sessions, and whether all rows are slower, or one of them, which is another draw by draw."""

    order: str
    all_slower: bool

    def slowed(self, names: Sequence[str], number: int) -> Sequence[str]:
        """Return the rows that are slower in the draw of this number."""
        return names if self.all_slower else [names[number % len(names)]]


def evaluate_ladder(
    recorded: Recorded,
    case: Case,
    *,
    trials: int = LADDER_TRIALS,
    baseline_sessions: int = BASELINE_SESSIONS,
    slowdowns_percent: Sequence[float] = SLOWDOWNS_PERCENT,
) -> list[Score]:
    """Score the gate on the series as rows of one ladder, at every slowdown by the same draws.

    Args:
        recorded: two series or more by name, each long enough to be divided; of one machine, as rows of a ladder are.
        case: where the sessions lie, and which rows are slower.
        trials: how many times to draw.
        baseline_sessions: how many sessions each row's baseline has at most.
        slowdowns_percent: what to plant.
    """
    drawn = drawn_ladders(of_one_night(recorded), case.order, trials, baseline_sessions)
    slowed_rows = len(recorded) if case.all_slower else 1
    scores = []
    for percent in slowdowns_percent:
        for judged, results in results_of(drawn, case, percent).items():
            score = Score.of(ladder_name(recorded), case.order, OURS, percent, results)
            scores.append(replace(score, judged=judged, rows=len(recorded), slowed_rows=slowed_rows, trials=trials))
    return scores


def results_of(drawn: Sequence[Mapping[str, Division]], case: Case, percent: float) -> dict[Judged, list[TrialResult]]:
    """Return what was decided in all draws at one slowdown, by what is judged; nothing is left out but empty groups."""
    results: dict[Judged, list[TrialResult]] = {}
    for number, divisions in enumerate(drawn):
        slowed = case.slowed(list(divisions), number)
        result = judge_rows(divisions, {name: percent if name in slowed else 0.0 for name in divisions})
        for judged, of_group in grouped(result, slowed).items():
            if of_group:
                results.setdefault(judged, []).extend(of_group)
    return results


def ladder_name(recorded: Recorded) -> str:
    """Return what the ladder is called beside its series."""
    return f"ladder of {len(recorded)} rows"


def grouped(result: LadderResult, slowed: Sequence[str]) -> dict[Judged, list[TrialResult]]:
    """Return the results of a draw by what is judged."""
    return {
        Judged.SLOWED: [row for name, row in result.rows.items() if name in slowed],
        Judged.OTHERS: [row for name, row in result.rows.items() if name not in slowed],
        Judged.MACHINE: [result.machine],
    }


def drawn_ladders(recorded: Recorded, order: str, trials: int, baseline_sessions: int) -> list[dict[str, Division]]:
    """Return the rows' divisions, draw by draw; each row is drawn from its series with random numbers of its own."""
    by_row = {
        name: list(draw(series, trials, order, baseline_sessions=baseline_sessions, stream=number))
        for number, (name, series) in enumerate(recorded.items())
    }
    return [{name: drawn[number].division for name, drawn in by_row.items()} for number in range(trials)]


def of_one_night(recorded: Recorded) -> dict[str, list[SessionRecord]]:
    """Return the series dated as if one had been recorded after the other, from the night of the first one on.

    A series of several nights keeps their distances, so that its further nights fall on those of the others where they
    were a day apart too.
    """
    began_s = min(series[0].measured_s for series in recorded.values())
    aligned = {}
    for name, series in recorded.items():
        later = datetime.timedelta(seconds=began_s - series[0].measured_s)
        aligned[name] = [dated(session, later) for session in series]
        began_s += first_night_s(series) + BETWEEN_ROWS_S
    return aligned


def first_night_s(series: Sequence[SessionRecord]) -> float:
    """Return how long the first night of a series lasted, from its first session to its last."""
    began_s = last_s = series[0].measured_s
    for session in series:
        if session.measured_s - last_s > NIGHT_GAP_S:
            break
        last_s = session.measured_s
    return last_s - began_s
