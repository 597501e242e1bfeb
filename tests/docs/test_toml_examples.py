"""The TOML that the pages show is what the suite reads."""

from __future__ import annotations

import re
from pathlib import Path

from perf.gate import known_file
from perf.host.stack import ROOT
from perf.measure import settings_file
from perf.measure.declared_options import declared


def example(page: str) -> str:
    """Return the first TOML block of a page."""
    match = re.search(r"^```toml\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    assert match, page
    return match[1]


def test_the_settings_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "perf.toml").write_text(example("reference/settings-file.md"))
    file = settings_file.find(tmp_path, declared())
    assert file
    assert file.tolerances.of_row("openvino-static")["latency"] == 0.02


def test_the_known_regression_is_one(tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text(example("how-to/known-regressions.md"))
    (entry,) = known_file.find(tmp_path, "genoa").entries
    assert entry.up_to == 0.04
