"""What is reported of a worker that failed."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from perf.measure import postmortem


@pytest.mark.parametrize(
    ("returncode", "text"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (-signal.SIGSEGV, "signal SIGSEGV"),
        (-signal.SIGKILL, "signal SIGKILL (the kernel's out-of-memory killer does this; see dmesg)"),
    ],
)
def test_an_exit_is_named(returncode: int, text: str) -> None:
    assert postmortem.describe_exit(returncode) == text


def test_the_last_output_is_errors_first_and_no_empty_file(tmp_path: Path) -> None:
    (tmp_path / "worker.err").write_text("".join(f"line {number}\n" for number in range(30)))
    (tmp_path / "worker.out").write_text("")
    command, heading, *tail = postmortem.read_last_output(["python", "-m", "cheese"], tmp_path).splitlines()
    assert command == "command: python -m cheese"
    assert heading == f"--- last lines of {tmp_path / 'worker.err'}"
    assert tail == [f"| line {number}" for number in range(10, 30)]
