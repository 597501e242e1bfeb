"""The picture of a ladder: what it shows, and that nothing in it overlaps."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from matplotlib.image import imread

from perf.errors import BadInput, BadRun
from perf.measure.settings import BASELINES
from perf.report import ladder_plot, plotted_ladder
from perf.report.ladder_plot import LadderPlot
from perf.report.plotted_ladder import PlottedLadder, PlottedRow
from perf.spec.ladder import LADDER
from tests.builders.recorded_runs import recorded_row, write_run


def plot_of(folder: Path, **latencies_s: list[float]) -> LadderPlot:
    rows = [recorded_row(name.replace("_", "-"), values) for name, values in latencies_s.items()]
    return ladder_plot.prepare(plotted_ladder.read(write_run(folder / "run.json", *rows)))


@pytest.fixture
def whole_ladder(tmp_path: Path) -> LadderPlot:
    latencies_s = itertools.count(262.0, -8.0)
    return plot_of(tmp_path, **{variant.name: [next(latencies_s)] * 3 for variant in LADDER})


def test_it_says_what_was_measured_on_what(tmp_path: Path) -> None:
    plot = plot_of(tmp_path, eager_fp32=[1.0])
    assert plot.title == "Seconds per image: tiny, 128x128, 20 steps"
    assert plot.subtitle == "AMD EPYC 9R14 (genoa), 2 cores, 24 GiB, bf16 by avx512_bf16"
    assert plot.backends == {"eager": "PyTorch 2.13.0"}


def test_a_baseline_is_drawn_with_the_rounds_of_all_its_sessions() -> None:
    (path,) = (BASELINES / "genoa").glob("synthetic-sd15-256x256-20steps-*.json")
    ladder = plotted_ladder.read(path)
    accepted = json.loads(path.read_text())["rows"]
    assert [row.name for row in ladder.rows] == [variant.name for variant in LADDER if variant.name in accepted]
    assert len(ladder.rows) == len(accepted) == 12
    assert {len(row.latencies_s) for row in ladder.rows} == {9}
    plot = ladder_plot.prepare(ladder)
    assert plot.subtitle.endswith("bf16 by avx512_bf16; baseline of 3 sessions, the latest of 2026-11-23")
    assert set(plot.backends) == {"eager", "ipex", "openvino"}


def test_a_baseline_without_rows_is_one_line(tmp_path: Path) -> None:
    (path,) = (BASELINES / "genoa").glob("synthetic-sd15-256x256-20steps-*.json")
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps(json.loads(path.read_text()) | {"rows": {}}))
    with pytest.raises(BadRun, match="without a row"):
        plotted_ladder.read(empty)


def test_a_bar_is_a_row_with_its_interval_and_speed_up(tmp_path: Path) -> None:
    eager, static = plot_of(tmp_path, eager_fp32=[10.0, 12.0, 11.0], openvino_static=[5.0, 6.0, 5.5]).bars
    assert (static.name, static.backend) == ("openvino-static", "openvino")
    assert (static.low_s, static.latency_s, static.high_s) == (5.0, 5.5, 6.0)
    assert (eager.label, static.label) == ("11.00 s   1.00x", "5.500 s   2.00x")


def test_without_eager_float32_there_is_no_speed_up(tmp_path: Path) -> None:
    plot = plot_of(tmp_path, openvino_static=[5.0])
    assert plot.bars[0].label == "5.000 s"
    assert "speed-up" not in plot.axis_label


def test_one_disturbed_round_does_not_make_all_bars_short(tmp_path: Path) -> None:
    plot = plot_of(tmp_path, eager_fp32=[1.0, 1.1, 22.0])
    assert plot.axis_limit_s < 2.2


def test_every_backend_has_a_colour_and_a_name() -> None:
    backends = {variant.backend for variant in LADDER}
    assert backends == ladder_plot.COLOURS.keys() == ladder_plot.LIBRARIES.keys()


def test_a_backend_that_a_package_brings_has_a_colour_and_its_own_name() -> None:
    row = PlottedRow(name="mine", base_name="mine", backend="cheese", latencies_s=(1.0,), packages={"torch": "2.13.0"})
    plot = ladder_plot.prepare(PlottedLadder(model="tiny", setting="64x64, 2 steps", source="here", rows=(row,)))
    assert plot.backends == {"cheese": "cheese"}
    ladder_plot.figure_of(plot).draw_without_rendering()


def test_nothing_overlaps_and_nothing_is_cut(whole_ladder: LadderPlot) -> None:
    figure = ladder_plot.figure_of(whole_ladder)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    written = [*figure.texts, *axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()[:-1], axes.xaxis.label]
    boxes = {text.get_text(): text.get_window_extent() for text in written}
    assert len(boxes) >= 2 + 2 * len(LADDER)
    for text, box in boxes.items():
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
    for (text, box), (other, other_box) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), f"{text} over {other}"


def test_a_png_is_light_and_twice_as_wide_as_a_readme(whole_ladder: LadderPlot, tmp_path: Path) -> None:
    ladder_plot.draw(tmp_path / "pictures" / "ladder.png", whole_ladder)
    pixels = imread(tmp_path / "pictures" / "ladder.png")
    assert pixels.shape[1] == 1800
    assert pixels[0, 0].tolist() == [1, 1, 1, 1]


def test_an_svg_is_the_same_whenever_it_is_drawn(tmp_path: Path) -> None:
    plot = plot_of(tmp_path, eager_fp32=[1.0])
    ladder_plot.draw(tmp_path / "ladder.svg", plot)
    assert "<dc:date>" not in (tmp_path / "ladder.svg").read_text()


def test_another_format_is_refused() -> None:
    with pytest.raises(BadInput, match=r"--output ladder\.pdf: the name must end in \.png or \.svg"):
        ladder_plot.check_output("--output", Path("ladder.pdf"))
