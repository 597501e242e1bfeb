"""The evaluation's scores as a picture: what was found and what was missed in silence, against the slowdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perf.lab.evaluate import OURS
from perf.lab.rules import PEERS
from perf.lab.scores import Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_IN = (3.6, 2.5)
HEAD_IN = 0.3
FOOT_IN = 0.55
DPI = 150
# Colours that colour-blind readers can tell apart: Okabe and Ito, Color Universal Design, 2008.
FOUND, MISSED, OPEN = "#000000", "#D55E00", "#0072B2"
PEER_COLOURS = dict(zip(PEERS, ("#56B4E9", "#009E73", "#E69F00", "#CC79A7"), strict=True))


def plot(path: Path, scores: Sequence[Score]) -> None:
    """Draw a panel per series and order: our verdicts as bold lines, what the rules of today call slower as thin ones.

    The file is a PNG or an SVG, by its name.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second that no other command should wait for

    scores = [score for score in scores if score.is_of_a_slower_row]
    names = list(dict.fromkeys(score.series for score in scores))
    orders = list(dict.fromkeys(score.order for score in scores))
    width_in, height_in = PANEL_IN[0] * len(orders), HEAD_IN + PANEL_IN[1] * len(names) + FOOT_IN
    figure = Figure(figsize=(max(width_in, 6.5), height_in), facecolor="white")
    panels = figure.subplots(len(names), len(orders), sharex=True, sharey=True, squeeze=False)
    for row, name in zip(panels, names, strict=True):
        for panel, order in zip(row, orders, strict=True):
            draw_panel(panel, [score for score in scores if (score.series, score.order) == (name, order)])
            panel.set_title(f"{name}\n{order}", fontsize=8)
        row[0].set_ylabel("share of the draws, %", fontsize=8)
    for panel in panels[-1]:
        panel.set_xlabel("planted slowdown, %", fontsize=8)
    figure.tight_layout(rect=(0, FOOT_IN / height_in, 1, 1))
    figure.legend(*panels[0][0].get_legend_handles_labels(), frameon=False, loc="lower center", ncols=4, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)


def draw_panel(panel: Axes, scores: Sequence[Score]) -> None:
    """Draw the lines of one series in one order."""
    ours = [score for score in scores if score.rule == OURS]
    planted = [score for score in ours if score.slowdown_percent]
    draw_line(panel, ours, "regressed_share", "regressed", color=FOUND, linewidth=2.2, zorder=4)
    draw_line(panel, planted, "unchanged_share", "missed in silence", color=MISSED, linewidth=2.6, zorder=5)
    draw_line(panel, ours, "undecided_share", "undecided", color=OPEN, linewidth=1.6, linestyle=":", zorder=3)
    for rule, colour in PEER_COLOURS.items():
        peer = [score for score in scores if score.rule == rule]
        draw_line(panel, peer, "regressed_share", f"{rule}: slower", color=colour, linewidth=0.9, alpha=0.7)
    panel.set_ylim(-3, 103)
    panel.tick_params(labelsize=8)
    panel.grid(alpha=0.3)


def draw_line(panel: Axes, scores: Sequence[Score], share: str, label: str, **style: object) -> None:
    """Draw one share against the slowdown."""
    panel.plot(
        [score.slowdown_percent for score in scores],
        [100 * getattr(score, share) for score in scores],
        label=label,
        marker="o",
        markersize=3.0,
        **style,  # type: ignore[arg-type]
    )
