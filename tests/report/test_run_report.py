"""The report that a run ends with, and the files it is written to."""

from __future__ import annotations

from pathlib import Path

from perf.report.run_report import RunReport, lines_below

REPORT = RunReport(title="ladder", lines=("a line",), markdown="## Ladder\n")


def test_files_are_written_in_folders_that_need_not_exist(tmp_path: Path) -> None:
    REPORT.write_markdown(tmp_path / "results" / "ladder.md")
    assert (tmp_path / "results" / "ladder.md").read_text() == "## Ladder\n"


def test_only_what_was_asked_for_is_written(tmp_path: Path) -> None:
    REPORT.write_markdown(None)
    REPORT.write_json(tmp_path / "run.json")
    assert list(tmp_path.iterdir()) == [], "this report has no JSON"


def test_nothing_is_below_a_ladder_that_nothing_judged() -> None:
    assert lines_below(None, updates=False) == []
