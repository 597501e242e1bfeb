"""What a pytest session keeps between hooks and fixtures, in pytest's stash."""

from __future__ import annotations

import pytest

from perf.compare.run_comparison import RunComparison
from perf.gate.judgement import Judgement
from perf.measure.progress import Progress
from perf.measure.run import Run
from perf.measure.settings import Settings

settings_key = pytest.StashKey[Settings]()
progress_key = pytest.StashKey[Progress]()
run_key = pytest.StashKey[Run]()
judgement_key = pytest.StashKey[Judgement]()
comparison_key = pytest.StashKey[RunComparison]()
unwritten_key = pytest.StashKey[str]()  # why the record of the run is not on the disk
