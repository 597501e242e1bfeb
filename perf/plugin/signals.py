"""SIGTERM and SIGHUP, made to end a run as Ctrl-C does: what was measured is shown, judged as far as it goes, and kept.

A CI system ends a job that takes too long by SIGTERM, a closed terminal by SIGHUP; Python would die of both at once.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def as_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt in the block for the first such signal.

    Once the block has been ended, by whatever it was, further signals do nothing: what follows writes what was
    measured, and whoever has no patience for that has SIGKILL. A signal that is ignored already (nohup) stays so.
    """
    handled = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupt) for number in handled}
    try:
        yield
    except BaseException:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)
        raise
    for number, handler in before.items():
        signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for ending in ENDING:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)
