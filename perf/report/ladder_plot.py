"""The picture of a ladder: a bar per row, coloured by backend, with its interval and speed-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perf.errors import BadInput
from perf.report.ladder_table import seconds
from perf.report.plotted_ladder import PlottedLadder, PlottedRow
from perf.spec.ladder import EAGER_FP32
from perf.stats.intervals import median_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = {".png", ".svg"}
# Colours that colour-blind readers can tell apart: Okabe and Ito, Color Universal Design, 2008.
COLOURS = {
    "eager": "#0072B2",
    "ipex": "#E69F00",
    "openvino": "#009E73",
    "genai": "#56B4E9",
    "onnxruntime": "#CC79A7",
}
OF_A_PACKAGE = "#D55E00"
LIBRARIES = {
    "eager": ("PyTorch", "torch"),
    "ipex": ("IPEX", "intel-extension-for-pytorch"),
    "openvino": ("OpenVINO", "openvino"),
    "genai": ("OpenVINO GenAI", "openvino-genai"),
    "onnxruntime": ("ONNX Runtime", "onnxruntime"),
}
WIDTH_IN = 9.0
ROW_IN = 0.36
HEAD_IN = 0.72  # title and machine
FOOT_IN = 0.95  # axis and legend
MARGIN_IN = 0.12
DPI = 200
ROOM_FOR_TEXT = 1.26  # of the longest bar and whisker, for what is written beside them
ROOM_FOR_LONG_TEXT = 1.4  # where a whisker is cut, and the text says where it would end
LONGEST_WHISKER = 1.3  # of the longest bar; a longer one, of a disturbed row, would make all bars short
INK, GREY = "#222222", "#666666"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One row of the picture: median seconds per image, its interval, and what is written beside the bar."""

    name: str
    backend: str
    latency_s: float
    low_s: float
    high_s: float
    label: str


@dataclass(frozen=True, kw_only=True)
class LadderPlot:
    """All that the picture shows; ``backends`` are those that it has, with the name and version for the legend."""

    title: str
    subtitle: str
    axis_label: str
    bars: tuple[Bar, ...]
    backends: dict[str, str]

    @property
    def whisker_limit_s(self) -> float:
        """Where whiskers end at the latest."""
        return LONGEST_WHISKER * max(row.latency_s for row in self.bars)

    @property
    def axis_limit_s(self) -> float:
        """The end of the axis, which leaves room for the text beside the longest bar."""
        longest_s = max(row.high_s for row in self.bars)
        if longest_s > self.whisker_limit_s:
            return ROOM_FOR_LONG_TEXT * self.whisker_limit_s
        return ROOM_FOR_TEXT * longest_s


def check_output(option: str, path: Path) -> Path:
    """Return the path of a picture. Raises BadInput unless its name says PNG or SVG."""
    if path.suffix not in FORMATS:
        raise BadInput(f"{option} {path}: the name must end in .png or .svg")
    return path


def prepare(ladder: PlottedLadder) -> LadderPlot:
    """Choose what the picture of a ladder shows."""
    lowest = min(median_interval(row.latencies_s).confidence for row in ladder.rows)
    axis_label = f"seconds: median and its interval ({lowest:.0%} confidence or more)"
    if any(row.base_name == EAGER_FP32 for row in ladder.rows):
        axis_label += f"; x: speed-up over {EAGER_FP32}"
    return LadderPlot(
        title=f"Seconds per image: {ladder.model}, {ladder.setting}",
        subtitle=ladder.source,
        axis_label=axis_label,
        bars=tuple(bar(row, ladder.reference_s(row)) for row in ladder.rows),
        backends=legend(ladder.rows),
    )


def bar(row: PlottedRow, reference_s: float | None) -> Bar:
    """Return the bar of a row; ``reference_s`` is eager fp32's latency, None if the ladder lacks it."""
    interval = median_interval(row.latencies_s)
    label = f"{seconds(row.latency_s)} s"
    if reference_s is not None:
        label += f"   {reference_s / row.latency_s:.2f}x"
    return Bar(
        name=row.name,
        backend=row.backend,
        latency_s=row.latency_s,
        low_s=interval.low,
        high_s=interval.high,
        label=label,
    )


def legend(rows: Sequence[PlottedRow]) -> dict[str, str]:
    """Return backend -> library and version, in the order of the ladder."""
    named: dict[str, str] = {}
    for row in rows:
        library, package = LIBRARIES.get(row.backend, (row.backend, row.backend))
        version = row.packages.get(package, "").partition("+")[0]
        named.setdefault(row.backend, f"{library} {version}".strip())
    return named


def colour(backend: str) -> str:
    """Return the colour of a backend's bars; those that packages bring share one."""
    return COLOURS.get(backend, OF_A_PACKAGE)


def draw(path: Path, plot: LadderPlot) -> None:
    """Draw the picture into a PNG or SVG file; a PNG is 1800 pixels wide."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure_of(plot).savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def figure_of(plot: LadderPlot) -> Figure:
    """Return the picture as matplotlib's figure, as high as it has rows."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second that no other command should wait for

    height_in = HEAD_IN + ROW_IN * len(plot.bars) + FOOT_IN
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor="white", layout="constrained")
    axes = figure.subplots()
    draw_bars(axes, plot)
    style_axes(axes, plot)
    write_head(figure, plot, height_in)
    add_legend(figure, plot)
    return figure


def draw_bars(axes: Axes, plot: LadderPlot) -> None:
    """Draw each row: its bar, the interval as a whisker, and the text beyond both."""
    for position, row in enumerate(plot.bars):
        axes.barh(position, row.latency_s, height=0.68, color=colour(row.backend))
        end_s = min(row.high_s, plot.whisker_limit_s)
        whisker_s = [[row.latency_s - row.low_s], [end_s - row.latency_s]]
        axes.errorbar(row.latency_s, position, xerr=whisker_s, color=INK, linewidth=1.1, capsize=3)
        is_cut = end_s < row.high_s
        axes.annotate(
            f"{row.label}   (to {seconds(row.high_s)} s)" if is_cut else row.label,
            (end_s, position),
            xytext=(7, 0),
            textcoords="offset points",
            verticalalignment="center_baseline",
            fontsize=10.5,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def style_axes(axes: Axes, plot: LadderPlot) -> None:
    """Put the ladder's first row on top, and keep faint what is not data."""
    axes.set_yticks(range(len(plot.bars)), [row.name for row in plot.bars], fontsize=10.5, color=INK)
    axes.set_ylim(len(plot.bars) - 0.4, -0.6)
    axes.set_xlim(0, plot.axis_limit_s)
    axes.set_xlabel(plot.axis_label, fontsize=9.5, color=GREY, loc="left")
    axes.tick_params(axis="x", labelsize=9.5, labelcolor=GREY, length=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(GREY)


def write_head(figure: Figure, plot: LadderPlot, height_in: float) -> None:
    """Write the title and the machine above the bars, which are kept below them."""
    left, title_top, subtitle_top = MARGIN_IN / WIDTH_IN, 1 - 0.12 / height_in, 1 - 0.42 / height_in
    figure.text(left, title_top, plot.title, verticalalignment="top", fontsize=13.5, fontweight="bold", color=INK)
    figure.text(left, subtitle_top, plot.subtitle, verticalalignment="top", fontsize=10, color=GREY)
    layout = figure.get_layout_engine()
    assert layout is not None, "the figure was made with one"
    layout.set(rect=(0, 0, 1, 1 - HEAD_IN / height_in), w_pad=MARGIN_IN)  # type: ignore[call-arg]


def add_legend(figure: Figure, plot: LadderPlot) -> None:
    """Say below the bars which colour is which library."""
    from matplotlib.patches import Patch  # noqa: PLC0415

    figure.legend(
        handles=[Patch(color=colour(backend), label=name) for backend, name in plot.backends.items()],
        loc="outside lower left",
        ncols=len(plot.backends),
        frameon=False,
        fontsize=10,
    )
