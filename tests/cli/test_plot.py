"""``python -m perf plot``, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf import cli
from tests.builders.recorded_runs import recorded_row, write_run


def test_a_recorded_ladder_is_drawn(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.json", recorded_row("eager-fp32", [2.0]), recorded_row("openvino-static", [1.0]))
    assert cli.main(["plot", str(run), "--output", str(tmp_path / "ladder.svg")]) == 0
    assert "<svg" in (tmp_path / "ladder.svg").read_text()


def test_a_mistake_is_one_line_and_draws_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run.json", recorded_row("eager-fp32", [2.0]))
    assert cli.main(["plot", str(run), "--output", str(tmp_path / "ladder.pdf")]) == 4
    assert capsys.readouterr().err.endswith("ladder.pdf: the name must end in .png or .svg\n")
    assert cli.main(["plot", str(tmp_path / "nowhere.json"), "--output", str(tmp_path / "ladder.svg")]) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
