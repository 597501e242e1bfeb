"""The errors that the suite raises on purpose.

::

    PerfError
    ├── BadInput              the request cannot be met: one line, exit code 4
    │   ├── UnknownName       a variant, model or stack that does not exist, with the near misses
    │   ├── BadCheckpoint     a folder or file that is not a usable diffusers checkpoint
    │   │   └── DamagedCheckpoint  one with a file that is not as it was written
    │   ├── HubUnreachable    a Hub id that cannot be downloaded from here
    │   ├── NoSpace           the disk has no room for what would be written
    │   ├── MachineBusy       another measurement is running on this machine
    │   ├── PipFailed         pip cannot install what was asked for: its own words
    │   ├── BadSeries         a recorded series that cannot be read
    │   ├── BadRun            a recorded run that cannot be explained
    │   ├── BadHistory        a history that cannot be read or written
    │   │   └── HistoryAway   one that may be later: locked, or its server is away
    │   └── GitHubFailed      GitHub refuses what is asked of it, or cannot be reached
    ├── BrokenContract        a backend of a package is not as the contract wants it; the worker raises it
    ├── BadRecord             a kept measurement that cannot be believed: the field, and why
    ├── BadCounter            a counter of energy that cannot be believed: the image has no joules
    ├── BadBaseline           a baseline file that cannot be read or written; its rows are invalid
    └── VariantError          one variant's test fails, and the others go on
        ├── NotAccepted       a row's sessions were not recorded as its baseline
        └── WorkerError       the variant could not be measured
            ├── WorkerFailed  the worker reported an exception, with its traceback
            │   └── BackendBroken  that a package's backend has broken the contract: the row is invalid
            ├── WorkerDied    the worker ended by itself: signal or exit code, and the tail of stderr
            ├── WorkerTimeout the worker did not answer before its deadline
            └── WorkerGarbled the worker broke the protocol
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class PerfError(Exception):
    """Base of all errors raised on purpose. The text is meant for the reader of a CI log."""


class BadInput(PerfError):
    """A request that cannot be met; no variant was measured."""


class UnknownName(BadInput):
    """A name that does not exist: ``kind`` is what it should name, ``known`` are the names that exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")


class BadCheckpoint(BadInput):
    """A model on disk that is not a complete diffusers checkpoint."""


class DamagedCheckpoint(BadCheckpoint):
    """A checkpoint with a file that is not as it was written; another copy may be whole."""


class HubUnreachable(BadInput):
    """A model that has to be downloaded while the Hub cannot be reached."""


class NoSpace(BadInput):
    """Too little room on the disk, found before anything is written."""


class MachineBusy(BadInput):
    """Another measurement that is running on this machine."""


class PipFailed(BadInput):
    """pip ended with an error; ``quote`` is what it printed about it, on one line."""

    def __init__(self, quote: str) -> None:
        self.quote = quote
        super().__init__(f"pip cannot install this: {quote}")


class BadSeries(BadInput):
    """A file that should hold recorded sessions and does not."""


class BadRun(BadInput):
    """A file that should hold the JSON of a run and does not."""


class BadHistory(BadInput):
    """A database of the history that cannot be used: why, and what to do."""


class HistoryAway(BadHistory):
    """A history that cannot be reached now, and may be later: locked, or its server is away."""


class GitHubFailed(BadInput):
    """A request that GitHub refuses or does not answer: which one, its own words, and what to do."""


class BrokenContract(PerfError):
    """A backend that a package brings and that is not as the contract wants it: which one, and what it did."""


class BadRecord(PerfError):
    """A kept measurement that cannot have been measured.

    ``field`` is the path of the faulty field within the entry, or empty for the entry itself; ``reason`` is what is
    wrong with it.
    """

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field or 'the entry'} {reason}")

    def within(self, place: str) -> BadRecord:
        """Return the same fault as seen from a file in which the entry is at ``place``."""
        return BadRecord(f"{place}.{self.field}" if self.field else place, self.reason)


class BadCounter(PerfError):
    """A counter that cannot be believed: the ``zone`` that it counts, the ``fault``, and the evidence."""

    def __init__(self, zone: str, fault: str, evidence: str) -> None:
        self.zone, self.fault = zone, fault
        super().__init__(f"{zone} {fault}: {evidence}")


class BadBaseline(PerfError):
    """A baseline file that cannot be read or written: its ``path``, and the ``reason``, which names a faulty field."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


class VariantError(PerfError):
    """A fault of one variant: ``headline`` says what happened, ``details`` are the evidence below it, if any.

    ``variant`` is the variant's name, with the stack's role where two are compared.
    """

    def __init__(self, variant: str, headline: str, details: str = "") -> None:
        self.variant, self.headline, self.details = variant, headline, details
        text = f"{variant}: {headline}"
        super().__init__(f"{text}\n{details}" if details else text)


class NotAccepted(VariantError):
    """A row whose sessions were not recorded as its baseline."""


class WorkerError(VariantError):
    """A variant that could not be built or measured."""


class WorkerFailed(WorkerError):
    """An exception that a worker reported; the worker is still alive."""


class BackendBroken(WorkerFailed):
    """A package's backend that has broken the contract, by the worker's BrokenContract; its row is invalid."""


class WorkerDied(WorkerError):
    """A worker whose process is gone."""


class WorkerTimeout(WorkerError):
    """A worker that missed a deadline and was killed."""


class WorkerGarbled(WorkerError):
    """A worker that sent something the protocol does not know."""
