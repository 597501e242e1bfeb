"""``python -m tests [OPTIONS]``: the suite's own tests, those marked ``alone`` first, then all others two at a time.

Alone are tests whose answer depends on how long something takes in a real worker, and one that needs pytest-benchmark,
which is off beside pytest-xdist. All share what real workers make once: models, exports, compiled kernels. With
options, pytest is run once, with these.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from tests.builders.runs import SHARED_CACHE

PARTS: Sequence[Sequence[str]] = (
    ("-m", "alone"),
    ("-m", "not alone", "-n", "2", "--dist", "loadgroup"),
)
DURATIONS = ("--durations", "10")


def main(arguments: Sequence[str]) -> int:
    """Run pytest on the parts, whatever becomes of the first, and return the first exit code that is not 0."""
    with tempfile.TemporaryDirectory() as cache:
        codes = [run(part, cache) for part in ([arguments] if arguments else PARTS)]
    return next((code for code in codes if code), 0)


def run(arguments: Sequence[str], cache: str) -> int:
    """Run pytest in a process of its own, and return its exit code."""
    command = [sys.executable, "-m", "pytest", *DURATIONS, *arguments]
    return subprocess.run(command, env=os.environ | {SHARED_CACHE: cache}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
