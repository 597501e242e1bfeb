"""Annotations are one line, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.report import github


def test_an_annotation_is_one_line() -> None:
    assert github.error("a: b, 5 %", "first\nsecond 5 %") == "::error title=a%3A b%2C 5 %25::first%0Asecond 5 %25"


def test_the_summary_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    github.add_to_summary("one\n")
    github.add_to_summary("two\n")
    assert (tmp_path / "summary.md").read_text() == "one\ntwo\n"
