"""``python -m tests [OPTIONS]``: the suite's own tests, those with real workers first, then all others two at a time.

A real worker takes all cores, and must not be disturbed. The others mostly wait: for processes, deadlines, a browser;
only what needs pytest-benchmark itself is not for pytest-xdist, beside which it is off. With options, pytest is run
once, with these.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

ALONE = ("tests/e2e", "tests/docs/test_commands.py", "tests/measure/test_pedantic.py")
PARTS: Sequence[Sequence[str]] = (
    ALONE,
    ("-n", "2", "--dist", "loadgroup", *(f"--ignore={path}" for path in ALONE)),
)
DURATIONS = ("--durations", "10")


def main(arguments: Sequence[str]) -> int:
    """Run pytest on the parts, whatever becomes of the first, and return the first exit code that is not 0."""
    codes = [run(part) for part in ([arguments] if arguments else PARTS)]
    return next((code for code in codes if code), 0)


def run(arguments: Sequence[str]) -> int:
    """Run pytest in a process of its own, and return its exit code."""
    return subprocess.run([sys.executable, "-m", "pytest", *DURATIONS, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
