"""The launcher: it starts a worker, talks to it, and leaves nothing of it behind, whatever happens to either side.

A worker leads a session (setsid) of its own, so Ctrl-C reaches the parent alone, which then ends the whole process
group, and whatever of the worker's has left it. If the parent dies first, the kernel kills the worker
(PR_SET_PDEATHSIG), and a sentinel (perf.host.sentinel) kills the processes that the worker has started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from perf.errors import (
    BackendBroken,
    BrokenContract,
    WorkerDied,
    WorkerError,
    WorkerFailed,
    WorkerGarbled,
    WorkerTimeout,
)
from perf.host.foreign_text import in_one_line, quoted
from perf.host.sentinel import Sentinel, kill_marked, marked, new_mark
from perf.host.worker_code import wire_version
from perf.measure.channel import Channel, Request
from perf.measure.command import Command
from perf.measure.postmortem import ERRORS, OUTPUT, describe_exit, read_last_output
from perf.measure.replies import NAMES, Failure, Hello, Progress, Reply

GRACE_S = 10.0
SETTLE_S = 0.3  # a worker's OpenMP threads spin for 0.2 s after their last work
IDLE_CHECK_S = 0.002
EXIT_CHECK_S = 0.02

T = TypeVar("T", bound=Reply)


class WorkerProcess:
    """A running worker and its pipes. Its output goes to ``worker.out`` and ``worker.err`` in ``folder``.

    Its temporary files go to a folder of its own, which is removed when it has ended. A worker is killed, so its
    libraries cannot clean up: IPEX's torch makes a folder at import, and torch keeps 150 MB of precompiled headers.
    """

    def __init__(self, name: str, command: Command, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._temporary = folder / "tmp"
        self._temporary.mkdir(exist_ok=True)
        self._mark = new_mark()
        self._sentinel = Sentinel(self._mark)
        pipes = request_read, request_write, reply_read, reply_write = *os.pipe(), *os.pipe()
        self._command = [*command.arguments, str(request_read), str(reply_write), str(os.getpid())]
        with (
            undone_on_error(self._sentinel.end, *(partial(os.close, end) for end in pipes)),
            (folder / OUTPUT).open("wb") as out,
            (folder / ERRORS).open("wb") as err,
        ):
            self._process = subprocess.Popen(
                self._command,
                env=marked({**command.environment, "TMPDIR": str(self._temporary)}, self._mark),
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
        self._pid_fd = pid_fd_of(self._process.pid)
        self._sentinel.watch(self._process.pid)
        self._channel = Channel(request_write, reply_read, self._pid_fd)

    @property
    def pid(self) -> int:
        """The worker's process id, which is also its process group's."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has neither been ended nor died."""
        return self._process.returncode is None and not self._has_exited(0.0)

    def rename(self, name: str) -> None:
        """Let errors from now on be those of another name."""
        self._name = name

    def wait_until_idle(self, timeout_s: float) -> None:
        """Sleep until no thread of the worker runs or wants to, or ``timeout_s`` have passed."""
        deadline = time.monotonic() + timeout_s
        threads = Path(f"/proc/{self.pid}/task")
        while any(map(_is_running, threads.iterdir())) and time.monotonic() < deadline:
            time.sleep(IDLE_CHECK_S)

    def ask(
        self,
        request: Request | None,
        answer: type[T] | tuple[type[T], ...],
        deadline_s: float,
        on_progress: Callable[[int], None] | None = None,
    ) -> T:
        """Send a request, and wait for its reply.

        Args:
            request: The request, or None to wait for the worker's first message.
            answer: The type of the reply, or several that are possible.
            deadline_s: How long the worker may take.
            on_progress: Called with the count of steps done at each progress message before the reply.

        Raises:
            WorkerFailed: The worker reported an exception; it is still alive.
            WorkerTimeout: It did not answer in time, and was killed.
            WorkerDied: It ended by itself.
            WorkerGarbled: It broke the protocol, and was killed.
        """
        doing = request["request"] if request else "start"
        try:
            reply = self._exchange(request, time.monotonic() + deadline_s, on_progress)
        except TimeoutError:
            self.kill()
            raise self._error(
                WorkerTimeout, f"gave no answer to {doing!r} in {deadline_s:g} s and was killed"
            ) from None
        except EOFError:
            raise self._error(WorkerDied, f"died during {doing!r}: {self._cause_of_death()}") from None
        except ValueError as error:
            self.kill()
            raise self._error(WorkerGarbled, f"broke the protocol during {doing!r}: {error}") from None
        except BaseException:
            self.kill()  # Ctrl-C: nobody waits for what the worker is doing
            raise
        return self._expect(reply, answer if isinstance(answer, tuple) else (answer,), doing)

    def close(self) -> None:
        """End the process group and close the pipes. The worker is not asked first: it has nothing to save."""
        self.kill()
        self._sentinel.end()
        for descriptor in (self._request_fd, self._reply_fd, self._pid_fd):
            if descriptor is not None:
                os.close(descriptor)

    def kill(self) -> None:
        """Kill the process group, and what has left it.

        Its leader is reaped only after the group is gone, so that its number cannot belong to another process.
        """
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            kill_marked(self._mark)
            shutil.rmtree(self._temporary, ignore_errors=True)  # a dying child may still write there

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, request: Request | None, deadline: float, on_progress: Callable[[int], None] | None) -> Reply:
        """Send the request, if any, and return the first reply that is not about progress."""
        if request:
            self._channel.send(request, deadline)
        while isinstance(reply := self._channel.receive(deadline), Progress):
            if on_progress:
                on_progress(reply.done)
        return reply

    def _expect(self, reply: Reply, answers: tuple[type[T], ...], doing: str) -> T:
        if isinstance(reply, answers):
            return reply
        if isinstance(reply, Failure):
            traceback = f"--- traceback in the worker\n{quoted(reply.traceback)}"
            if reply.type == BrokenContract.__name__:
                raise BackendBroken(self._name, in_one_line(reply.message), traceback)
            headline = f"{doing} failed: {in_one_line(f'{reply.type}: {reply.message}')}"
            raise WorkerFailed(self._name, headline, traceback)
        self.kill()
        expected = " or ".join(repr(NAMES[kind]) for kind in answers)
        raise self._error(WorkerGarbled, f"answered {doing!r} with {NAMES[type(reply)]!r} instead of {expected}")

    def _error(self, kind: type[WorkerError], event: str) -> WorkerError:
        """Return an error that says what happened to the worker, with its last output as evidence."""
        return kind(self._name, f"worker {self.pid} {event}", read_last_output(self._command, self._folder))

    def _cause_of_death(self) -> str:
        """Return how the worker ended. Wait for that before killing its group, or the kill would pass for the cause."""
        has_exited = self._has_exited(GRACE_S)
        self.kill()
        return describe_exit(self._process.returncode) if has_exited else "it closed its pipe and did not end"

    def _has_exited(self, timeout_s: float) -> bool:
        """Wait for the worker's end, and leave it to be reaped."""
        deadline = time.monotonic() + timeout_s
        while not (ended := os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)):
            if time.monotonic() > deadline:
                break
            time.sleep(EXIT_CHECK_S)
        return ended is not None


def pid_fd_of(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends; None in a sandbox that refuses it.

    Without one, a death is seen by the end of the pipe, which a child of the worker may hold open until the deadline.
    """
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _is_running(task: Path) -> bool:
    """Return whether a thread, by its folder in /proc, is on a CPU or waits for one."""
    try:
        stat = (task / "stat").read_text()
    except OSError:  # the thread has just ended
        return False
    return stat.rpartition(")")[2].split()[0] == "R"


def start(name: str, command: Command, folder: Path, deadline_s: float) -> WorkerProcess:
    """Start a worker and wait for its hello.

    Args:
        name: The worker's name in errors.
        command: Its command line, without the arguments that describe the pipes, and its environment.
        folder: An existing folder for its output and temporary files.
        deadline_s: How long it may take to say hello.

    Raises:
        WorkerError: It could not be started, or ended, or did not say hello in time.
    """
    try:
        process = WorkerProcess(name, command, folder)
    except OSError as error:
        raise WorkerDied(name, f"{command.arguments[0]} could not be started: {error}") from error
    try:
        hello = process.ask(None, Hello, deadline_s)
        if hello.version != wire_version():
            spoken = f"version {hello.version} of the wire, not {wire_version()}"
            raise WorkerGarbled(name, f"worker {process.pid} speaks {spoken}: its code is not this tree's")
    except BaseException:
        process.close()
        raise
    return process


@contextlib.contextmanager
def undone_on_error(*undo: Callable[[], None]) -> Iterator[None]:
    """Call all of these if the block raises: nobody else knows yet what it has made."""
    with contextlib.ExitStack() as stack:
        for step in undo:
            stack.callback(step)
        yield
        stack.pop_all()
