"""The uses of anchors: for each what it is, which rows of which baselines have used it, and when it was last.

A file beside each anchor, ``anchors/DIGEST.json``. It only serves to tell which anchors are still wanted: where it
cannot be read, nothing but that knowledge is lost.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from perf.host import anchors
from perf.host.anchors import DIGITS, Recipe
from perf.host.cache import PARTIAL, partials
from perf.host.regular_file import read_text
from perf.host.replaced_file import replace_text
from perf.records.strict_json import parse

SCHEMA = 1
MAX_BYTES = 1024**2


@dataclass(frozen=True)
class Entry:
    """What is known of one anchor.

    ``recipe`` is None, and ``fault`` the reason, where its file cannot be read. ``rows`` are the rows that have used
    it, by the path of their baseline's file; ``last_use`` is in ISO 8601.
    """

    digest: str
    recipe: Recipe | None = None
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    last_use: str | None = None
    fault: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the anchor is there, and not just half made."""
        return (anchors.folder() / self.digest).is_dir()

    @property
    def size_bytes(self) -> int:
        """The disk space that it takes, with what a killed run has left of it or one at work has made so far."""
        whole = anchors.folder() / self.digest
        return sum(map(anchors.size_bytes, (whole, *partials(whole))))

    def to_json(self) -> dict[str, Any]:
        assert self.recipe is not None, "what could not be read is not written"
        return {
            "schema": SCHEMA,
            "python_version": self.recipe.python_version,
            "packages": dict(self.recipe.packages),
            "last_use": self.last_use,
            "rows": {path: list(names) for path, names in self.rows.items()},
        }


def note_use(recipe: Recipe, baseline: Path, rows: Iterable[str]) -> str | None:
    """Note that these rows of a baseline use the anchor now.

    Returns a line on what went wrong, or None: a full disk or a broken file must not end a measurement.
    """
    path = file_of(recipe.digest)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock")):
            entry = read(recipe.digest)
            known = {*entry.rows.get(str(baseline), ()), *rows}
            used = Entry(
                digest=recipe.digest,
                recipe=recipe,
                rows={**entry.rows, str(baseline): tuple(sorted(known))},
                last_use=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            replace_text(path, json.dumps(used.to_json(), indent=1), is_locked=True)
    except OSError as error:
        return f"the use of the anchor is not noted, which `python -m perf anchors` goes by: {error}"
    return (
        f"{entry.fault}; it is written anew, without the baselines that referred to it before" if entry.fault else None
    )


def entries() -> list[Entry]:
    """Return what is known of each anchor that is there, whole or half made, the latest use first."""
    folder = anchors.folder()
    names = {path.name.partition(".")[0] for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else ()
    known = [read(name) for name in names if len(name) == DIGITS and set(name) <= set("0123456789abcdef")]
    return sorted(known, key=lambda entry: (entry.last_use or "", entry.digest), reverse=True)


def read(digest: str) -> Entry:
    """Return what is known of the anchor of that digest."""
    path = file_of(digest)
    try:
        return _entry(digest, parse(read_text(path, MAX_BYTES)))
    except FileNotFoundError:
        return Entry(digest)
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Entry(digest, fault=f"{path} cannot be read ({reason})")


def file_of(digest: str) -> Path:
    """Return where an anchor is registered."""
    return anchors.folder() / f"{digest}.json"


def remove(digest: str) -> int | None:
    """Remove an anchor and what is half made of it; return the bytes freed, or None while another run makes it.

    A kill in between leaves what ``make_once`` removes before it makes the anchor again.
    """
    whole = anchors.folder() / digest
    try:
        with FileLock(whole.with_name(f"{digest}.lock"), timeout=0):
            if whole.exists():
                whole.rename(whole.with_name(f"{digest}.removed{PARTIAL}"))
            leftovers = partials(whole)
            freed = sum(map(anchors.size_bytes, leftovers))
            for leftover in leftovers:
                shutil.rmtree(leftover)
            file_of(digest).unlink(missing_ok=True)
    except Timeout:
        return None
    return freed


def _entry(digest: str, data: Any) -> Entry:
    """Return a register's content. Raises ValueError and others if it is none."""
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r}, this version reads {SCHEMA}")
    recipe = Recipe(data["python_version"], dict(data["packages"]))
    if recipe.digest != digest:
        raise ValueError("it is of another anchor")
    datetime.fromisoformat(data["last_use"])
    rows = {str(path): tuple(map(str, names)) for path, names in data["rows"].items()}
    return Entry(digest, recipe, rows, data["last_use"])
