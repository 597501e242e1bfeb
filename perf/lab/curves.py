"""The evaluation's scores as a table for the terminal or a README, as JSON, and as a plot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from perf.lab.evaluate import OURS, Score
from perf.lab.rules import PEERS
from perf.report.tables import aligned


def table(scores: Sequence[Score], width: int) -> str:
    """Format one series as a table, a line per rule. ``width`` is the terminal's, in characters.

    What is spent is for identical sessions, and at worst over the slowdowns.
    """
    planted = dict.fromkeys(score.slowdown_percent for score in scores if score.slowdown_percent)
    headings = ("rule", "false alarms", *(f"{percent:g} %" for percent in planted), "sessions", "rounds", "s")
    rules = dict.fromkeys(score.rule for score in scores)
    rows = [cells([score for score in scores if score.rule == rule]) for rule in rules]
    return "\n".join(aligned(headings, rows, width))


def cells(scores: Sequence[Score]) -> tuple[str, ...]:
    """Return the texts of one rule's line, from its scores in order of the slowdown, none first."""
    identical = scores[0]
    sessions = f"{identical.sessions_mean:.1f}"
    most = max(score.sessions_mean for score in scores)
    if most > identical.sessions_mean:
        sessions += f"..{most:.1f}"
    shares = (f"{100 * score.flagged_share:.1f} %" for score in scores)
    return (identical.rule, *shares, sessions, f"{identical.rounds_mean:.0f}", f"{identical.seconds_mean:.0f}")


def notes(scores: Iterable[Score], trials: int, order: str) -> list[str]:
    """Explain the columns, and how often our rule left it open."""
    ours = [score for score in scores if score.rule == OURS]
    identical = [score for score in ours if not score.slowdown_percent]
    undecided = max((score.undecided_share for score in identical), default=0)
    disturbed = max((score.disturbed_share for score in ours), default=0)
    lines = [
        f"{trials} trials a series, sessions {order}, seeded. false alarms: identical sessions called slower;",
        "5 % and the like: sessions so much slower that were called slower; an undecided one counts as missed.",
        "sessions, rounds, s: mean spent where nothing is slower (..most, over the slowdowns).",
        f"{OURS}: undecided where nothing is slower in up to {100 * undecided:.1f} %.",
    ]
    if disturbed:
        lines.append(
            f"{OURS}: no undisturbed round and so no verdict but `disturbed` in up to {100 * disturbed:.0f} %."
        )
    return lines


def write_json(path: Path, scores: Sequence[Score]) -> None:
    """Write the scores as a JSON list, an object each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([score.to_json() for score in scores], indent=1) + "\n", encoding="utf-8")


def plot(path: Path, scores: Sequence[Score]) -> None:
    """Plot detection against slowdown, a panel per series and a line per rule; ours is the bold one."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second that no other command should wait for

    mpl.use("agg")
    from matplotlib import pyplot  # noqa: PLC0415

    names = list(dict.fromkeys(score.series for score in scores))
    figure, axes = pyplot.subplots(1, len(names), figsize=(5.2 * len(names), 3.8), sharey=True, squeeze=False)
    for name, axis in zip(names, axes[0], strict=True):
        for rule in dict.fromkeys(score.rule for score in scores):
            points = [score for score in scores if (score.series, score.rule) == (name, rule)]
            axis.plot(
                [point.slowdown_percent for point in points],
                [100 * point.flagged_share for point in points],
                marker="o",
                markersize=3.5,
                label=rule,
                **({"color": "black", "linewidth": 2.2, "zorder": 3} if rule == OURS else {"linewidth": 1.2}),
            )
        axis.set(title=name, xlabel="planted slowdown, %", ylim=(-3, 103))
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("sessions called slower, %")
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.legend(*axes[0][0].get_legend_handles_labels(), frameon=False, loc="lower center", ncols=len(PEERS) + 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
