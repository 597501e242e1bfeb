"""The TOML that the pages show is what the suite reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perf.gate import known_file
from perf.host.stack import ROOT
from perf.measure import settings_file
from perf.measure.declared_options import declared
from perf.measure.row_table import OPTIONS
from tests.builders.markdown import toml_blocks


def test_the_settings_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "perf.toml").write_text(toml_blocks("reference/settings-file.md")[0])
    file = settings_file.find(tmp_path, declared())
    assert file
    assert file.tolerances.of_row("openvino-static")["latency"] == 0.02


def test_the_known_regression_is_one(tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text(toml_blocks("how-to/known-regressions.md")[0])
    (entry,) = known_file.find(tmp_path, "genoa").entries
    assert entry.up_to == 0.04


@pytest.mark.parametrize("page", ["rows-of-your-own.md", "a-backend-of-your-own.md"])
def test_the_rows_of_ones_own_are_rows(tmp_path: Path, page: str) -> None:
    for block in toml_blocks(f"how-to/{page}"):
        (tmp_path / "perf.toml").write_text(block)
        file = settings_file.find(tmp_path, declared())
        assert file
        assert file.rows


def test_the_page_names_every_option_of_a_row() -> None:
    page = (ROOT / "docs/how-to/rows-of-your-own.md").read_text()
    table = page[page.index("## Options") : page.index("## A stack of your own")]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == OPTIONS.keys()
