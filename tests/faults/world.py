"""A folder with all that a run needs: a checkpoint, a warm cache, a baseline; and what must hold after any fault."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from perf.exit_codes import ExitCode
from perf.gate import store
from tests.builders.checkpoints import make_checkpoint
from tests.builders.processes import is_running
from tests.builders.runs import ALLOW_INTERRUPTS, ladder_command, options_for, silly_surroundings

ROWS = ("eager-fp32", "openvino-static")
UPDATE = ("--update-baseline", "--why", "the second")
QUICK = ("--rounds", "3", "--budget", "0", "--fresh", "0")
DEADLINES = ("--load-deadline", "10", "--warmup-deadline", "10", "--generation-deadline", "10")
UNWRITTEN = 120  # of Python itself, where not even the standard output could be written
DOCUMENTED = {*map(int, ExitCode), UNWRITTEN, 3} - {int(ExitCode.INTERRUPTED)}
SETTLED_S = 10.0
LONGEST_S = 4.0  # that a run takes until something is broken
LIMIT_S = 200.0  # the probe, if it is stopped, is given up after two minutes
CRASH = re.compile(r"INTERNALERROR|^Traceback \(most recent call last\)", re.MULTILINE)


@dataclass
class Ran:
    """A run of the ladder that has ended."""

    code: int
    output: str
    seconds: float


Broken = tuple[str, Ran, bool]  # what was broken, the run, and whether it was killed


@dataclass
class World:
    """A folder of a campaign, made once and copied for each trial."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> World:
        """Make a folder whose ladder has run once, which has recorded the baseline and filled the cache."""
        world = cls(folder)
        folder.mkdir(exist_ok=True)
        make_checkpoint(folder / "checkpoint")
        ran = world.run("--update-baseline", "--why", "the first")
        assert ran.code == 0, ran.output
        return world

    def copy(self, folder: Path) -> World:
        """Return a world of its own in another folder; files of the cache are found by their paths' names alone."""
        shutil.copytree(self.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("sd-xeon-perf-*", "lock"))
        return World(folder, self.environment)

    @contextlib.contextmanager
    def copy_to_update(self) -> Iterator[World]:
        """Yield a copy whose baseline may change, as long as it is one that the next run finds nothing slower by."""
        copy = self.copy(self.folder.with_name(f"{self.folder.name}-update"))
        yield copy
        after = copy.run()
        assert after.code == 0, after.output
        shutil.rmtree(copy.folder)

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def baseline(self) -> Path:
        (path,) = store.files(self.folder / "baselines")
        return path

    def command(self, *options: str) -> list[str]:
        """Return the command of a ladder of two rows."""
        rows = (*options_for(self.folder / "checkpoint"), "--variant", ROWS[1])
        baselines = ("--baselines", str(self.folder / "baselines"), "--rootdir", str(self.folder))
        return ladder_command(*rows, *QUICK, *DEADLINES, *baselines, *options)

    def start(self, *options: str, **environment: str) -> subprocess.Popen[str]:
        """Start a ladder, whose output goes to a file."""
        with (self.folder / "output").open("w") as output:
            return subprocess.Popen(
                [*ALLOW_INTERRUPTS, *self.command(*options)],
                env=silly_surroundings(self.folder) | {"PERF_TRIAL": str(self.folder)} | self.environment | environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def finish(self, run: subprocess.Popen[str], began_s: float) -> Ran:
        """Wait for a ladder's end, and end it if that does not come."""
        try:
            code = run.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            raise AssertionError(f"it hangs:\n{self.output}") from None
        return Ran(code=code, output=self.output, seconds=time.monotonic() - began_s)

    def run(self, *options: str, **environment: str) -> Ran:
        """Run a ladder to its end."""
        began_s = time.monotonic()
        return self.finish(self.start(*options, **environment), began_s)

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")

    def processes(self) -> Iterator[int]:
        """Yield the processes that a run of this folder has started and that still run, its sentinels left out."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                is_ours = f"PERF_TRIAL={self.folder}".encode() in path.read_bytes().split(b"\0")
                is_sentinel = b"perf-sentinel" in path.with_name("cmdline").read_bytes()
            except OSError:
                continue
            if is_ours and not is_sentinel and is_running(int(path.parent.name)):
                yield int(path.parent.name)

    def faults_after(self, ran: Ran, *, killed: bool, baseline: Mapping[Path, str]) -> list[str]:
        """Return what does not hold after a run in which something broke."""
        found = []
        # Python ends so by itself where Ctrl-C comes while it still imports, before anything of ours has begun.
        is_early = killed and ran.code == -signal.SIGINT and "making the model ready" not in ran.output
        if CRASH.search(ran.output) and not is_early:
            found.append("a traceback")
        if ran.code not in DOCUMENTED and not (killed and ran.code < 0):
            found.append(f"exit code {ran.code}")
        if ran.code == 3:
            found.append("pytest's own failure, exit code 3")
        if left := self._left():
            found.append(f"processes left: {left}")
        if self.digests() != baseline:
            found.append("the baseline has changed")
        return found

    def _left(self) -> list[int]:
        deadline = time.monotonic() + SETTLED_S
        while (left := list(self.processes())) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return left

    def digests(self) -> dict[Path, str]:
        """Return each file of the baselines and the digest of its content, locks left out."""
        files = [path for path in (self.folder / "baselines").rglob("*.json") if path.is_file()]
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
