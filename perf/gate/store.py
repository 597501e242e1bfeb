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
from perf.gate.baseline import Baseline, BaselineKey

PUBLISHED = "published.json"
MAX_BYTES = 64 * 1024**2
WRITABLE_BY_OWNER = 0o644


class Parsed(dict[str, Any]):
    """A JSON object that remembers which keys it had twice."""

    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredBaseline:
    """The baseline file for a setting: its path, and what it holds unless it is not there."""

    path: Path
    baseline: Baseline | None


def find(folder: Path, setting: BaselineKey) -> StoredBaseline:
    """The file of this setting, whatever its name. Raises BadBaseline if it, or one that may be it, cannot be read."""
    named = path_of(folder, setting)
    for path in dict.fromkeys([*([named] if os.path.lexists(named) else []), *files(named.parent)]):
        baseline = load(path)
        if not baseline.setting.differences(setting):
            return StoredBaseline(path, baseline)
    return StoredBaseline(named, None)


def path_of(folder: Path, setting: BaselineKey) -> Path:
    return folder / str(setting.machine["codename"]) / setting.file_name


def files(folder: Path) -> list[Path]:
    """The measured baselines in a folder and those below it."""
    return sorted(path for path in folder.rglob("*.json") if path.name != PUBLISHED)


def why_not(folder: Path, differences: Callable[[BaselineKey], list[str]]) -> Iterator[tuple[Path, list[str]]]:
    """Each file and what keeps it from being compared with; an empty list for one that can be."""
    for path in files(folder):
        try:
            yield path, differences(load(path).setting)
        except BadBaseline as error:
            yield path, [error.reason]


def load(path: Path) -> Baseline:
    """Read a file. Raises BadBaseline, which names it and the field."""
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
    """JSON whose objects are Parsed."""

    def to_object(pairs: list[tuple[str, Any]]) -> Parsed:
        found = Parsed(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            found.repeated = tuple(sorted({name for name in names if names.count(name) > 1}))
        return found

    return json.loads(text, object_pairs_hook=to_object)


def update(path: Path, change: Callable[[Baseline | None], Baseline]) -> Baseline:
    """Replace the file by ``change`` of what it holds now. Raises BadBaseline and leaves it if it cannot be read."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            changed = change(load(path) if os.path.lexists(path) else None)
            replace(path, serialise(changed.to_json()))
    except (OSError, BadRecord) as error:
        raise BadBaseline(path, f"not written, what was there is as it was: {error}") from error
    return changed


def replace(path: Path, text: str) -> None:
    """Write beside ``path``, to the disk, and rename. Raises OSError and leaves nothing behind."""
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


def serialise(value: Any, indent: int = 0) -> str:
    """JSON for people and diffs: sorted keys, an object's fields on lines of their own, a list of numbers on one."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    if not isinstance(value, Mapping | list) or not value or _is_flat(value):
        return text if indent else f"{text}\n"
    inner, outer = "  " * (indent + 1), "  " * indent
    if isinstance(value, Mapping):
        items = [f"{json.dumps(key)}: {serialise(value[key], indent + 1)}" for key in sorted(value)]
        lines = f"{{\n{inner}" + f",\n{inner}".join(items) + f"\n{outer}}}"
    else:
        lines = f"[\n{inner}" + f",\n{inner}".join(serialise(item, indent + 1) for item in value) + f"\n{outer}]"
    return lines if indent else f"{lines}\n"


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, Mapping | list) for item in value)
