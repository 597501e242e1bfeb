"""A run that has ended: its JSON is put into the outbox, and sent from there with whatever waits; a webhook is told."""

from __future__ import annotations

from pathlib import Path

from perf.errors import BadHistory, BadRun
from perf.history.connecting import default_url
from perf.history.database import Database
from perf.history.notice import tell
from perf.history.outbox import Outbox
from perf.history.reading import read_kept

NOT_KEPT = "none"  # the address that keeps nothing


def keep_run(recorded: Path, address: str | None) -> str | None:
    """Keep a recorded run; return a line that says what went wrong, or None.

    Args:
        recorded: the run's JSON.
        address: that of the database, ``none``, or None for this user's own.
    """
    if address == NOT_KEPT:
        return None
    try:
        where, outbox = address or default_url(), Outbox.default()
        outbox.put(recorded)
    except (BadRun, BadHistory, OSError) as error:
        return f"this run is not in the history: {error}"
    try:
        with Database(where) as database:
            outbox.send(database)
    except (BadHistory, OSError) as error:
        waiting = len(outbox.waiting())
        return f"{waiting} {'run waits' if waiting == 1 else 'runs wait'} in {outbox.folder} for the history: {error}"
    return None


def tell_of_run(address: str, recorded: Path, exit_code: int) -> str | None:
    """Tell a webhook of a recorded run; return a line that says what went wrong, or None."""
    try:
        return tell(address, read_kept(recorded), exit_code)
    except BadRun as error:
        return f"nobody was told of this run: {error}"
