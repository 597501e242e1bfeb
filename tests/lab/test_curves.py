"""The files that an evaluation is written to."""

from __future__ import annotations

import json
from pathlib import Path

from perf.lab import curves
from perf.lab.evaluate import evaluate
from tests.builders.sessions import sessions


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    scores = evaluate("cheese", sessions(4, seed=1), trials=2)
    curves.write_json(tmp_path / "new" / "scores.json", scores)
    curves.plot(tmp_path / "plots" / "scores.svg", scores)
    assert len(json.loads((tmp_path / "new" / "scores.json").read_text())) == len(scores)
    assert (tmp_path / "plots" / "scores.svg").stat().st_size
