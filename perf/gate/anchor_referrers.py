"""The rows of baselines that refer to an anchor: those that name its stack now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perf.errors import BadBaseline
from perf.gate import store
from perf.gate.baseline import Baseline
from perf.host.anchor_uses import Entry
from perf.host.anchors import Recipe


@dataclass(frozen=True)
class Referrer:
    """A baseline file and its rows that name the anchor's stack; ``fault`` says why they are not known."""

    path: Path
    rows: tuple[str, ...] = ()
    fault: str | None = None


class Referrers:
    """The baselines that refer to anchors: those that have used one, and those in the folder at hand.

    A file counts while it exists and a row of it names the stack. One that cannot be read at the moment, in the middle
    of a merge for example, counts for the anchors that it has used.
    """

    def __init__(self, folder: Path) -> None:
        self._at_hand = [path.absolute() for path in store.files(folder)]
        self._loaded: dict[Path, Baseline | BadBaseline] = {}

    def of(self, entry: Entry) -> list[Referrer]:
        """Return the baselines that refer to this anchor, in the order of their paths."""
        used = {Path(path) for path in entry.rows}
        paths = sorted({*used, *self._at_hand})
        return [referrer for path in paths if (referrer := self._referrer(path, entry.digest, has_used=path in used))]

    def _referrer(self, path: Path, digest: str, *, has_used: bool) -> Referrer | None:
        if not path.exists():
            return None
        baseline = self._load(path)
        if isinstance(baseline, BadBaseline):
            return Referrer(path, fault=baseline.reason) if has_used else None
        rows = _rows_of(baseline, digest)
        return Referrer(path, rows) if rows else None

    def _load(self, path: Path) -> Baseline | BadBaseline:
        if path not in self._loaded:
            try:
                self._loaded[path] = store.load(path)
            except BadBaseline as error:
                self._loaded[path] = error
        return self._loaded[path]


def _rows_of(baseline: Baseline, digest: str) -> tuple[str, ...]:
    return tuple(name for name, row in baseline.rows.items() if Recipe.of(row.stack).digest == digest)
