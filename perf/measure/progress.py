"""The progress of a run: one line that is rewritten on a terminal, and only the lines that stay in a log."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from typing import TextIO

ERASE_LINE = "\r\x1b[K"


def duration(seconds: float) -> str:
    """Return a duration as ``42 s``, ``3:07 min`` or ``1:02:03 h``."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}:{minutes:02}:{rest:02} h"
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"


class Progress:
    """A writer of progress to ``stream``: the real terminal or log, which pytest does not capture."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._subject = ""
        self._activity = ""
        self._began_s = 0.0

    def begin(self, subject: str, activity: str, *, logged: bool = False) -> None:
        """Show what starts now, for example ``eager-fp32 (1/12)`` and ``warm-up``; in a log only if ``logged``."""
        self._subject, self._activity = subject, activity
        self._began_s = time.monotonic()
        if self._rewrites or logged:
            self._show(f"{subject}: {activity}", last=not self._rewrites)

    def step(self, done: int, total: int, left_s: float | None) -> None:
        """Rewrite the line after a step; a log gets no line per step."""
        if self._rewrites:
            left = "" if left_s is None else f", {duration(left_s)} left"
            elapsed = duration(time.monotonic() - self._began_s)
            self._show(f"{self._subject}: {self._activity}, step {done}/{total}, {elapsed}{left}", last=False)

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self._show(text, last=True)

    def _show(self, text: str, *, last: bool) -> None:
        if self._rewrites:
            width = shutil.get_terminal_size().columns
            text = ERASE_LINE + (text if last else text[: width - 1])
        self._stream.write(text + ("\n" if last else ""))
        self._stream.flush()


class Silent(Progress):
    """The progress of a worker beside which another one's is shown."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())

    def _show(self, text: str, *, last: bool) -> None:
        """Show nothing."""


class StepsAlone(Silent):
    """The progress of the first of several workers, whose steps stand for those of all; ``also`` is called at each."""

    def __init__(self, whole: Progress, also: Callable[[], None]) -> None:
        super().__init__()
        self._whole = whole
        self._also = also

    def step(self, done: int, total: int, left_s: float | None) -> None:
        """Show a step of what was begun for all workers."""
        self._whole.step(done, total, left_s)
        self._also()
