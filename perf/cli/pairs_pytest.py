"""A comparison in turns, of two stacks or of rows, in a pytest of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from perf.host.stack import ROOT

SUITE = ROOT / "perf" / "suite" / "test_pairs.py"
QUIETLY = ("-q", "-rfE", "-o", "console_output_style=classic", "--benchmark-quiet", "--benchmark-storage=results")


def run_pairs(name: str, options: Sequence[str]) -> int:
    """Run a comparison with these options of pytest, and return its exit code; ``name`` is that of its results.

    SIGTERM and SIGHUP reach this process alone, and are passed on: pytest shows and keeps what it has measured. Raises
    KeyboardInterrupt for these as for Ctrl-C, which reaches both.
    """
    results = (f"--benchmark-save={name}", f"--json=results/{name}.json", f"--markdown=results/{name}.md")
    command = [sys.executable, "-m", "pytest", str(SUITE), *QUIETLY, *results, *options]
    with subprocess.Popen(command) as pytest, passing_on(pytest) as passed_on:
        try:
            code = pytest.wait()
        except KeyboardInterrupt:
            pytest.wait()  # it prints what it has measured
            raise
    if passed_on:
        raise KeyboardInterrupt
    return code


@contextlib.contextmanager
def passing_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Pass SIGTERM and SIGHUP on to a process during the block; yield the list of those that came."""
    passed_on: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        passed_on.append(number)
        process.send_signal(number)

    endings = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in endings}
    try:
        yield passed_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
