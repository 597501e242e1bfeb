"""The baseline files on disk: ``baselines/<codename>/<model>-<size>-<steps>steps-<digest>.json``.

An ordinary run only reads. A file is replaced as a whole, under a lock, by one written beside it, which is read back
first: two runs at once lose nothing, a full disk or a kill leaves the old one, and nothing is written that would not be
read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from perf.errors import BadBaseline, BadRecord
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey
from perf.host.regular_file import read_text
from perf.host.replaced_file import lock_of, replace_text
from perf.records.strict_json import parse

PUBLISHED = "published.json"
MAX_BYTES = 64 * 1024**2


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
    """List the measured baselines in a folder and those below it; none where it does not exist.

    Hidden files are none of ours: macOS leaves such beside the files that it copies. Raises BadBaseline for a folder
    that cannot be read, whose baselines would else be taken for missing.
    """
    below = [Path(place, name) for place, _, names in os.walk(folder, onerror=_refuse_folder) for name in names]
    return sorted(path for path in below if path.suffix == ".json" and path.name[0] != "." and path.name != PUBLISHED)


def _refuse_folder(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise BadBaseline(Path(error.filename), f"the folder cannot be read: {error.strerror}") from error


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
        return Baseline.from_json(parse(read_text(path, MAX_BYTES)))
    except OSError as error:
        raise BadBaseline(path, f"cannot be read: {error.strerror}") from error
    except BadRecord as error:
        raise BadBaseline(path, str(error)) from error
    except ValueError as error:  # not UTF-8, not JSON
        raise BadBaseline(path, f"not JSON: {error}") from error


def update(path: Path, change: Callable[[Baseline | None], Baseline]) -> Baseline:
    """Replace the file by ``change`` of what it holds now, and return that.

    Raises BadBaseline, and leaves the file as it was, if it cannot be read, changed or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock_of(path)):
            changed = change(load(path) if os.path.lexists(path) else None)
            replace_text(path, readable(changed), is_locked=True)
    except (OSError, ValueError, RecursionError, BadRecord) as error:
        raise BadBaseline(path, f"not written, what was there is as it was: {error}") from error
    return changed


def readable(baseline: Baseline) -> str:
    """Return the text of a baseline's file. Raises BadRecord or ValueError if another content would be read from it."""
    text = serialise(baseline.to_json())
    read_back = Baseline.from_json(parse(text))
    if read_back.faults:
        raise next(iter(read_back.faults.values()))
    if serialise(read_back.to_json()) != text:
        raise BadRecord("", "would not be read as it was written; that is a fault of the suite, please report it")
    return text


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
