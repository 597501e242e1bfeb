"""Tasks in processes of their own, one per CPU, and their results in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from perf.errors import PerfError

Task = TypeVar("Task")
Result = TypeVar("Result")


def usable_cpus() -> int:
    """Return how many CPUs this process may run on."""
    return len(os.sched_getaffinity(0))


def results(function: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Generator[Result, None, None]:
    """Yield the result of each task, in the order of the tasks.

    The processes end with this one, however it ends. Close the generator where not all results are taken.

    Args:
        function: a pure function of a module; like the tasks and the results, it goes through pickle.
        tasks: what to call it with.
        jobs: how many processes work at most; with 1, or a single task, it is this process alone.

    Raises:
        PerfError: a process was killed.
    """
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        yield from map(function, tasks)
        return
    # Not forked: numpy's libraries have threads, whose locks a fork would copy as they are.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_the_parent)
    try:
        for future in _submitted(pool, function, tasks):
            yield future.result()
    except BrokenProcessPool as error:
        raise PerfError(
            "a process of the evaluation was killed, perhaps for lack of memory: see `dmesg`, and try --jobs 1"
        ) from error
    except BaseException:
        # What is still at work would go on for minutes, and nobody waits for it any more.
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[Task], Result], tasks: Sequence[Task]
) -> list[Future[Result]]:
    """Submit all tasks, which starts the processes.

    They inherit that SIGINT is blocked: a terminal sends Ctrl-C to all of them, and each would print a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return [pool.submit(function, task) for task in tasks]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_the_parent() -> None:
    """End this process when its parent is gone, which could be killed without a chance to say so."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "it is the initialiser of a child"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
