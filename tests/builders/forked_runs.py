"""Runs of the suite in forks of one process, which has imported what they need, for tests that make many of them."""

from __future__ import annotations

import atexit
import functools
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from perf.host.stack import ROOT

SERVER = ROOT / "tests" / "data" / "forked_runs.py"


class ForkServer:
    """A process that has imported pytest and what ``arguments`` collect, and forks a run whenever it is asked for."""

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [sys.executable, str(SERVER), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._process.communicate)  # it ends where its input does

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: int
    ) -> subprocess.CompletedProcess[str]:
        """Run pytest in ``folder``, with exactly this environment. Raises subprocess.TimeoutExpired."""
        with tempfile.TemporaryDirectory() as kept:
            outputs = [Path(kept, name) for name in ("stdout", "stderr")]
            code = self._ask(
                arguments=[*arguments],
                folder=str(folder),
                environment={**environment},
                timeout_s=timeout_s,
                **{path.name: str(path) for path in outputs},
            )
            stdout, stderr = (path.read_text() for path in outputs)
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired([*arguments], timeout_s, stdout, stderr)
        return subprocess.CompletedProcess([*arguments], code, stdout, stderr)

    def _ask(self, **request: object) -> int:
        """Return the exit code of the run that is asked for."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@functools.cache
def fork_server(*arguments: str) -> ForkServer:
    """Return this process's one server for these arguments, started when it is first needed."""
    return ForkServer(arguments)
