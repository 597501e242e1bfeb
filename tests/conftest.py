"""What several tests need: a checkpoint that is complete and empty, runs of the suite, and the end of processes."""

from __future__ import annotations

import functools
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perf.host.machine import this_machine
from perf.host.stack import ROOT
from perf.measure import checkpoints
from perf.spec import synthetic

DATA = Path(__file__).parent / "data"
SILLY_PYTHON = DATA / "silly_python"
SUITE_OPTIONS = ("-q", "-p", "no:cacheprovider", "-o", "console_output_style=classic", "--benchmark-quiet")
NOT_THE_USERS = ("-p", "no:hypothesispytest")  # takes most of a second; who measures has no hypothesis

# A job in the background of a shell ignores SIGINT, and so would all that it starts.
ALLOW_INTERRUPTS = ("env", "--default-signal=INT")

RunLadder = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return make_checkpoint(tmp_path / "checkpoint")


def make_checkpoint(folder: Path) -> Path:
    """Fill a folder with everything that a checkpoint must have, with one number for weights."""
    for path, text in synthetic.find("tiny").files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for component in checkpoints.MODELS:
        (folder / component / "model.safetensors").write_bytes(safetensors())
    return folder


def safetensors(tensors: dict[str, Any] | None = None, data: bytes = bytes(4)) -> bytes:
    """The bytes of a safetensors file: length of the header, header, data."""
    one = {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    header = json.dumps(one if tensors is None else tensors).encode()
    return struct.pack("<Q", len(header)) + header + data


def ladder_command(*options: str) -> list[str]:
    suite = ROOT / "perf" / "suite" / "test_ladder.py"
    return [sys.executable, "-m", "pytest", str(suite), *SUITE_OPTIONS, *NOT_THE_USERS, *options]


def surroundings() -> dict[str, str]:
    """This process's environment; what runs in GitHub Actions must not add to the summary of its own tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}


HERE = this_machine()


def silly_surroundings(folder: Path) -> dict[str, str]:
    """Those in which the machine is always found equally fast, and the silly worker has the threads that it claims.

    The cache is in ``folder``, and so is what failed runs leave for whoever reads their messages.
    """
    return surroundings() | {
        "PERF_CACHE": str(folder / "cache"),
        "TMPDIR": str(folder),
        "PATH": f"{DATA / 'silly_bin'}:{os.environ['PATH']}",
        "SILLY_THREADS": str(len(HERE.cores) * HERE.sockets),
    }


@pytest.fixture
def run_ladder(tmp_path: Path) -> RunLadder:
    return functools.partial(run_ladder_in, tmp_path)


def run_ladder_in(
    folder: Path, *options: str, timeout_s: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the suite as a user would, in a process of its own with a cache of its own, and a probe that is silly."""
    return subprocess.run(
        ladder_command(*options),
        env=silly_surroundings(folder) | {"COLUMNS": "120"} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture
def silly_options(checkpoint: Path) -> tuple[str, ...]:
    return options_for(checkpoint)


def options_for(checkpoint: Path) -> tuple[str, ...]:
    """Options for a ladder of one row whose worker is tests/data/silly_worker.py."""
    return ("--model", str(checkpoint), "--stack", f"current={SILLY_PYTHON}", "--variant", "eager-fp32")


def wait_for(condition: Callable[[], Any], timeout_s: float = 20) -> Any:
    """The first true value of ``condition``; fails if there is none in time."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{condition} did not come true in {timeout_s} s"
        time.sleep(0.05)
    return value


def read_pid(path: Path) -> int:
    wait_for(path.exists)
    return int(path.read_text())


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
