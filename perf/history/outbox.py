"""Nights that could not be sent: the runs' own JSON files, copied to a folder until the database takes them.

The copy is made before anything is sent and removed when the night is in the database, so that a lost connection, a
full disk or a kill loses none; and since a night has a digest, none is there twice.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from perf.errors import BadHistory, BadRun, HistoryAway
from perf.history.connecting import state_folder
from perf.history.database import Database
from perf.history.kept import Kept
from perf.history.reading import read_kept


@dataclass(frozen=True)
class Outbox:
    """A folder of runs to be sent."""

    folder: Path

    @classmethod
    def default(cls) -> Outbox:
        """Return this user's own, beside the default database."""
        return cls(state_folder() / "outbox")

    def put(self, recorded: Path) -> Kept:
        """Copy a recorded run, whole or not at all, and return what is kept of it. Raises BadRun or OSError."""
        kept = read_kept(recorded)
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=self.folder, prefix=".")
        os.close(descriptor)
        try:
            shutil.copyfile(recorded, fresh)
            Path(fresh).replace(self.folder / f"{kept.digest}.json")
        except OSError:
            Path(fresh).unlink(missing_ok=True)
            raise
        return kept

    def waiting(self) -> list[Path]:
        """Return the files of the nights that wait, the oldest first."""
        dated = []
        for path in self.folder.glob("[!.]*.json") if self.folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):  # another process has sent it
                dated.append((path.stat().st_mtime, path))
        return [path for _, path in sorted(dated)]

    def send(self, database: Database) -> int:
        """Write all nights that wait, and return how many were new. Raises BadHistory; those that are left wait on.

        A night that the database refuses does not hold up the others. A file that is no run any more is put aside as
        ``NAME.bad``; one that is not there any more has been sent by another process.
        """
        sent, refusal = 0, None
        for path in self.waiting():
            try:
                sent += database.add(read_kept(path))
            except BadRun:
                with contextlib.suppress(FileNotFoundError):
                    path.rename(path.with_suffix(".bad"))
            except HistoryAway:
                raise
            except BadHistory as error:
                refusal = error
            else:
                path.unlink(missing_ok=True)
        if refusal:
            raise refusal
        return sent
