"""The evaluation's scores as tables for the terminal or a README, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from perf.lab.evaluate import OURS
from perf.lab.scores import Score
from perf.report.tables import aligned

SUMMED_UP_PERCENT = (3, 5)  # slowdowns of the summary

NOTES = (
    "Shares of the draws, which are seeded. regressed: called slower, a false alarm at 0 %.",
    "unchanged: called no slower, a silent miss where a slowdown was planted.",
    "disturbed: not judged, because other work ran or the whole machine drifted.",
    "machine: the verdict on it by all rows; regressed is slower, and improved faster.",
    "sessions, rounds, s: mean spent on the new sessions.",
)
SUMMARY_NOTES = (
    "alarms, open: called slower, and left undecided, where nothing is slower.",
    "3 %, missed: called slower, and called unchanged, where so much was planted. 5 % likewise.",
)


def shares_table(scores: Sequence[Score], width: int) -> list[str]:
    """Return the lines of one rule's table: a line per slowdown with the share of each verdict, and what was spent."""
    headings = ("slower by", "regressed", "undecided", "unchanged", "improved", "disturbed", "sessions", "rounds", "s")
    return aligned(headings, map(_shares_line, scores), width)


def _shares_line(score: Score) -> tuple[str, ...]:
    shares = (
        score.regressed_share,
        score.undecided_share,
        score.unchanged_share,
        score.improved_share,
        score.disturbed_share,
    )
    spent = (f"{score.sessions_mean:.1f}", f"{score.rounds_mean:.0f}", f"{score.seconds_mean:.0f}")
    return (f"{score.slowdown_percent:g} %", *map(share_text, shares), *spent)


def peers_table(scores: Sequence[Score], width: int) -> list[str]:
    """Return the lines of the table of the rules in use today: a line per rule with the share that it calls slower."""
    by_rule: dict[str, list[Score]] = {}
    for score in scores:
        by_rule.setdefault(score.rule, []).append(score)
    percents = dict.fromkeys(score.slowdown_percent for score in scores)
    headings = ("called slower by", *(f"{percent:g} %" for percent in percents))
    rows = [(rule, *(share_text(score.regressed_share) for score in of_rule)) for rule, of_rule in by_rule.items()]
    return aligned(headings, rows, width)


def ladder_table(scores: Sequence[Score], width: int) -> list[str]:
    """Return the lines of a ladder's table: of each slowdown, a line per group of rows, and for the machine."""
    headings = ("slower by", "judged", "regressed", "undecided", "unchanged", "improved", "disturbed", "sessions", "s")
    rows = []
    for score in scores:
        slower_by, *shares, sessions, _, seconds = _shares_line(score)
        rows.append((slower_by, score.judged, *shares, sessions, seconds))
    return aligned(headings, rows, width)


def tables(scores: Sequence[Score], width: int) -> str:
    """Format the scores of one series in one order: our rule's table, and below it that of the rules of today."""
    ours = [score for score in scores if score.rule == OURS]
    peers = [score for score in scores if score.rule != OURS]
    return "\n".join([*shares_table(ours, width), *peers_table(peers, width)])


def summary(scores: Sequence[Score], width: int) -> str:
    """Format what matters most of our rule: a line per series and order."""
    headings = [text for percent in SUMMED_UP_PERCENT for text in (f"{percent} %", "missed")]
    by_line: dict[tuple[str, str], dict[float, Score]] = {}
    for score in scores:
        if score.rule == OURS and score.is_of_a_slower_row:
            by_line.setdefault((score.series, score.order), {})[score.slowdown_percent] = score
    rows = [(", ".join(name), *_summary_cells(of_line)) for name, of_line in by_line.items()]
    return "\n".join(aligned(("perf", "alarms", "open", *headings), rows, width))


def _summary_cells(by_percent: dict[float, Score]) -> list[str]:
    cells = [share_text(by_percent[0].regressed_share), share_text(by_percent[0].undecided_share)]
    for percent in SUMMED_UP_PERCENT:
        cells += [share_text(by_percent[percent].regressed_share), share_text(by_percent[percent].unchanged_share)]
    return cells


def share_text(share: float) -> str:
    """Format a share in percent with a tenth, and all or nothing without."""
    return f"{share:.0%}".replace("%", " %") if share in {0, 1} else f"{100 * share:.1f} %"


def write_json(path: Path, scores: Sequence[Score]) -> None:
    """Write the scores as a JSON list, an object each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([score.to_json() for score in scores], indent=1) + "\n", encoding="utf-8")
