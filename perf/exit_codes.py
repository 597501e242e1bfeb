"""The exit codes of every command, and of pytest when it measures the ladder or compares in turns."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell or a CI job is told. 1 and 4 mean the same as pytest's own."""

    OK = 0
    FAILED = 1
    """A row is slower than before, or invalid, or there is none; a search has found a slower release."""
    UNDECIDED = 2
    """Nothing is slower than before, but a row is not decided under ``--require-all``, all pairs of a row were
    disturbed, or a search did not finish."""
    BAD_INPUT = 4
    """The request cannot be met: one line on standard error says why."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, as shells report it."""
