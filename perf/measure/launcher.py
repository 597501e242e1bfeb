"""Starts a worker, talks to it, and sees to it that nothing of it is left, whatever happens to either side.

A worker leads a session (setsid) of its own, so Ctrl-C reaches the parent alone, which then ends the whole process
group. If the parent dies first, the kernel kills the worker (PR_SET_PDEATHSIG), and a sentinel, a shell that waits
for the end of a pipe held by the parent, kills what the worker had started.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from perf.errors import WorkerDied, WorkerError, WorkerFailed, WorkerGarbled, WorkerTimeout
from perf.measure.channel import Channel, Message
from perf.measure.command import Command

SENTINEL = 'read -r _; kill -s KILL -- "-$1"'
GRACE_S = 10.0
SETTLE_S = 0.3  # a worker's OpenMP threads spin for 0.2 s after their last work
IDLE_CHECK_S = 0.002
TAIL_LINES = 20


class WorkerProcess:
    """A running worker and its pipes. Its output goes to ``worker.out`` and ``worker.err`` in ``folder``.

    Its temporary files are in a folder there that ends with it: a worker is killed, so what its libraries would remove
    at their exit (IPEX's torch makes a folder at import) or share (torch's 150 MB of precompiled headers) would stay.
    """

    def __init__(self, name: str, command: Command, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._temporary = folder / "tmp"
        self._temporary.mkdir(exist_ok=True)
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        self._command = [*command.arguments, str(request_read), str(reply_write), str(os.getpid())]
        with (folder / "worker.out").open("wb") as out, (folder / "worker.err").open("wb") as err:
            self._process = subprocess.Popen(
                self._command,
                env={**command.environment, "TMPDIR": str(self._temporary)},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=(request_read, reply_write),
                start_new_session=True,
            )
        os.close(request_read)
        os.close(reply_write)
        self._request_fd, self._reply_fd = request_write, reply_read
        self._pid_fd = os.pidfd_open(self._process.pid)
        self._sentinel = start_sentinel(self._process.pid)
        self._channel = Channel(request_write, reply_read, self._pid_fd)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_idle(self, most_s: float) -> None:
        """Sleep while a thread of the worker runs, at most so long: OpenMP's spin for a while after their last work."""
        deadline = time.monotonic() + most_s
        while any(map(_runs, Path(f"/proc/{self.pid}/task").iterdir())) and time.monotonic() < deadline:
            time.sleep(IDLE_CHECK_S)

    def ask(
        self,
        request: Message | None,
        answer: str | tuple[str, ...],
        deadline_s: float,
        on_progress: Callable[[int], None] | None = None,
    ) -> Message:
        """Send ``request``, if any, and return the reply named ``answer``, or one of several such.

        Raises a WorkerError with its evidence.
        """
        doing = request["request"] if request else "start"
        deadline = time.monotonic() + deadline_s
        try:
            if request:
                self._channel.send(request)
            while (message := self._channel.receive(deadline))["reply"] == "progress":
                if on_progress:
                    on_progress(message["done"])
        except TimeoutError:
            self.kill()
            raise self._error(
                WorkerTimeout, f"gave no answer to {doing!r} in {deadline_s:g} s and was killed"
            ) from None
        except EOFError:
            raise self._error(WorkerDied, f"died during {doing!r}: {self._cause_of_death()}") from None
        except (ValueError, LookupError) as error:
            self.kill()
            raise self._error(WorkerGarbled, f"broke the protocol during {doing!r}: {error}") from None
        except BaseException:
            self.kill()  # Ctrl-C: what the worker is doing is wanted by nobody any more
            raise
        return self._expect(message, (answer,) if isinstance(answer, str) else answer, doing)

    def close(self) -> None:
        """End the process group and let go of everything. A worker has nothing to save, so it is not asked first."""
        self.kill()
        self._end_sentinel()
        for descriptor in (self._request_fd, self._reply_fd, self._pid_fd):
            os.close(descriptor)

    def kill(self) -> None:
        """Kill the process group. The leader is not reaped before, so its number cannot be somebody else's."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            shutil.rmtree(self._temporary, ignore_errors=True)  # a dying child may still write there

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _expect(self, message: Message, answers: tuple[str, ...], doing: str) -> Message:
        if message["reply"] == "error":
            headline = f"{doing} failed: {message.get('type')}: {message.get('message')}"
            traceback = str(message.get("traceback")).rstrip()
            raise WorkerFailed(self._name, headline, f"--- traceback in the worker\n{traceback}")
        if message["reply"] not in answers:
            self.kill()
            wanted = " or ".join(map(repr, answers))
            raise self._error(WorkerGarbled, f"answered {doing!r} with {message['reply']!r} instead of {wanted}")
        return message

    def _error(self, kind: type[WorkerError], what: str) -> WorkerError:
        """Return an error that says what the worker did, with its last output as evidence."""
        return kind(self._name, f"worker {self._process.pid} {what}", self._last_output())

    def _last_output(self) -> str:
        """Return the command and the end of what the worker printed."""
        lines = [f"command: {' '.join(self._command)}"]
        for stream in ("worker.err", "worker.out"):
            text = (self._folder / stream).read_text(errors="replace").splitlines()
            if text:
                lines += [f"--- last lines of {self._folder / stream}", *text[-TAIL_LINES:]]
        return "\n".join(lines)

    def _cause_of_death(self) -> str:
        """Wait for the exit before the group is killed, or the killing would pass for the cause."""
        exited = self._wait_for_exit(GRACE_S)
        self.kill()
        code = self._process.returncode
        if not exited:
            return "it closed its pipe and did not end"
        if code >= 0:
            return f"exit code {code}"
        hint = " (the kernel's out-of-memory killer does this; see dmesg)" if code == -signal.SIGKILL else ""
        return f"signal {signal.Signals(-code).name}{hint}"

    def _wait_for_exit(self, timeout_s: float) -> bool:
        poll = select.poll()
        poll.register(self._pid_fd, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def _end_sentinel(self) -> None:
        self._sentinel.kill()
        self._sentinel.wait()
        assert self._sentinel.stdin is not None
        self._sentinel.stdin.close()


def _runs(task: Path) -> bool:
    """Whether a thread is on a CPU or wants one; one that has just ended does not."""
    try:
        stat = (task / "stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "R"


def start_sentinel(pid: int) -> subprocess.Popen[bytes]:
    """A shell that kills the process group ``pid`` when this process is gone and with it the pipe's other end."""
    return subprocess.Popen(
        ["/bin/sh", "-c", SENTINEL, "perf-sentinel", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def start(name: str, command: Command, folder: Path, deadline_s: float) -> WorkerProcess:
    """Start a worker and wait until it says hello. Raises a WorkerError."""
    try:
        process = WorkerProcess(name, command, folder)
    except OSError as error:
        raise WorkerDied(name, f"{command.arguments[0]} could not be started: {error}") from error
    try:
        process.ask(None, "hello", deadline_s)
    except BaseException:
        process.close()
        raise
    return process
