"""The baseline files on disk: ``baselines/<codename>/<model>-<size>-<steps>steps-<digest>.json``.

An ordinary run only reads. A file is replaced as a whole, under a lock, by one written beside it: two runs at once lose
nothing, and a full disk or a kill leaves the old one.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from perf.errors import BadBaseline, BadRecord
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey

PUBLISHED = "published.json"
MAX_BYTES = 64 * 1024**2
WRITABLE_BY_OWNER = 0o644


class Parsed(dict[str, Any]):
    """A JSON object that remembers which keys it had twice."""

    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredBaseline:
    """The baseline file for a key: its path, and its content, or None where the file does not exist."""

    path: Path
    baseline: Baseline | None


def find(folder: Path, key: BaselineKey) -> StoredBaseline:
    """Find the file of this key, whatever its name. Raises BadBaseline if it, or one that may be it, is unreadable."""
    expected = path_of(folder, key)
    candidates = [expected] if os.path.lexists(expected) else []
    candidates += [path for path in files(expected.parent) if path != expected]
    for path in candidates:
        baseline = load(path)
        if not baseline.key.differences(key):
            return StoredBaseline(path, baseline)
    return StoredBaseline(expected, None)


def path_of(folder: Path, key: BaselineKey) -> Path:
    """Return where the baseline of this key is written."""
    return folder / str(key.machine["codename"]) / key.file_name


def files(folder: Path) -> list[Path]:
    """List the measured baselines in a folder and those below it."""
    return sorted(path for path in folder.rglob("*.json") if path.name != PUBLISHED)


def why_not(folder: Path, differences: Callable[[BaselineKey], list[str]]) -> Iterator[tuple[Path, list[str]]]:
    """Yield each file and what keeps it from being compared with; an empty list for one that can be.

    Args:
        folder: where baselines are kept.
        differences: those between a file's key and the one that is looked for.
    """
    for path in files(folder):
        try:
            yield path, differences(load(path).key)
        except BadBaseline as error:
            yield path, [error.reason]


def load(path: Path) -> Baseline:
    """Read a baseline file. Raises BadBaseline, which names the file and the field."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadBaseline(path, f"over {MAX_BYTES >> 20} MiB; no baseline is that large")
        return Baseline.from_json(parse(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadBaseline(path, f"cannot be read: {error.strerror}") from error
    except RecursionError:
        raise BadBaseline(path, "nested too deeply to be a baseline") from None
    except BadRecord as error:
        raise BadBaseline(path, str(error)) from error
    except ValueError as error:  # not UTF-8, not JSON
        raise BadBaseline(path, f"not JSON: {error}") from error


def parse(text: str) -> Any:
    """Parse JSON into values whose objects are Parsed. Raises ValueError, RecursionError."""

    def to_object(pairs: list[tuple[str, Any]]) -> Parsed:
        parsed = Parsed(pairs)
        if len(parsed) < len(pairs):
            names = [name for name, _ in pairs]
            parsed.repeated = tuple(sorted({name for name in names if names.count(name) > 1}))
        return parsed

    return json.loads(text, object_pairs_hook=to_object)


def update(path: Path, change: Callable[[Baseline | None], Baseline]) -> Baseline:
    """Replace the file by ``change`` of what it holds now, and return that.

    Raises BadBaseline, and leaves the file as it was, if it cannot be read, changed or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            changed = change(load(path) if os.path.lexists(path) else None)
            replace(path, serialise(changed.to_json()))
    except (OSError, BadRecord) as error:
        raise BadBaseline(path, f"not written, what was there is as it was: {error}") from error
    return changed


def replace(path: Path, text: str) -> None:
    """Write a file beside ``path``, through to the disk, and rename it. Raises OSError and leaves nothing behind."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(fresh).chmod(WRITABLE_BY_OWNER)
        Path(fresh).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(fresh).unlink()
        raise


def serialise(value: Any) -> str:
    """Return JSON for people and diffs: keys sorted, each field on a line of its own, a list of numbers on one line."""
    return f"{_lines(value, indent='')}\n"


def _lines(value: Any, indent: str) -> str:
    is_nested = bool(value) and isinstance(value, Mapping | list)
    if not is_nested or _is_flat(value):
        return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    inner = f"{indent}  "
    if isinstance(value, Mapping):
        items = [f"{json.dumps(key)}: {_lines(value[key], inner)}" for key in sorted(value)]
        opening, closing = "{", "}"
    else:
        items = [_lines(item, inner) for item in value]
        opening, closing = "[", "]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closing}"


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, Mapping | list) for item in value)
