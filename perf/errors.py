"""Every error the suite raises on purpose.

::

    PerfError
    ├── BadInput              what was asked for cannot be: one line, exit code 4
    │   ├── UnknownName       a variant, model or stack that does not exist, with the near misses
    │   ├── BadCheckpoint     a folder or file that is not a usable diffusers checkpoint
    │   ├── HubUnreachable    a Hub id that cannot be downloaded from here
    │   ├── NoSpace           the disk is too small for what would be written
    │   ├── MachineBusy       another measurement is running on this machine
    │   ├── PipFailed         pip cannot install what was asked for: its own words
    │   ├── BadSeries         a recorded series that cannot be read
    │   └── BadRun            a recorded run that cannot be explained
    ├── BadRecord             a kept measurement that cannot be believed: the field, and why
    ├── BadBaseline           a baseline file that cannot be read or written; its rows are invalid
    └── VariantError          one variant's test fails, and the others go on
        ├── NotAccepted       a row's sessions were not recorded as its baseline
        └── WorkerError       the variant could not be measured
            ├── WorkerFailed  the worker reported an exception, with its traceback
            ├── WorkerDied    the worker ended by itself: signal or exit code, and the tail of stderr
            ├── WorkerTimeout the worker did not answer before its deadline
            └── WorkerGarbled the worker broke the protocol
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class PerfError(Exception):
    """Base of all errors raised on purpose; its text is meant for the reader of a CI log."""


class BadInput(PerfError):
    """The request itself is wrong; no variant was measured."""


class UnknownName(BadInput):
    """A name that is not in the list of known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")


class BadCheckpoint(BadInput):
    """The model on disk is not a complete diffusers checkpoint."""


class HubUnreachable(BadInput):
    """The model has to be downloaded and the Hub cannot be reached."""


class NoSpace(BadInput):
    """Not enough room on the disk, said before anything is written."""


class MachineBusy(BadInput):
    """Somebody else is measuring on this machine."""


class PipFailed(BadInput):
    """pip ended with an error; ``quote`` is what it printed about it, on one line."""

    def __init__(self, quote: str) -> None:
        self.quote = quote
        super().__init__(f"pip cannot install this: {quote}")


class BadSeries(BadInput):
    """A file of recorded sessions is not one."""


class BadRun(BadInput):
    """A file is not the JSON of a run."""


class BadRecord(PerfError):
    """A kept measurement that cannot have been measured.

    ``field`` is its path within the entry, or empty where it is the entry itself; ``reason`` is what is wrong with it.
    """

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field or 'the entry'} {reason}")

    def within(self, place: str) -> BadRecord:
        """Return the same fault with its field's path seen from outside, where the entry is at ``place``."""
        return BadRecord(f"{place}.{self.field}" if self.field else place, self.reason)


class BadBaseline(PerfError):
    """A baseline file that cannot be read or written: ``path``, and ``reason``, which names the field if it is one."""

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
    """A row's sessions were not recorded as its baseline."""


class WorkerError(VariantError):
    """One variant could not be built or measured."""


class WorkerFailed(WorkerError):
    """The worker is alive and reported an exception."""


class WorkerDied(WorkerError):
    """The worker's process is gone."""


class WorkerTimeout(WorkerError):
    """The worker missed a deadline and was killed."""


class WorkerGarbled(WorkerError):
    """The worker sent something that the protocol does not know."""
