"""Where pytest-benchmark is going to keep this run's JSON, which it only writes when all tests have ended.

It says so nowhere beforehand, so this reads its session, which is private: tests/suite/test_accept_run.py fails where a
release changes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def recording_path(config: pytest.Config) -> Path | None:
    """Return the file that this run will be found in, relative to where pytest was started; None if it keeps none.

    The numbered file of ``--benchmark-save`` is preferred to that of ``--benchmark-json``, which the next run may
    overwrite.
    """
    session: Any = getattr(config, "_benchmarksession", None)
    if session is None or session.disabled:
        return None
    storage = session.storage
    if (name := session.save or session.autosave) and hasattr(storage, "path"):
        return relative(Path(storage.path, storage.default_machine_id or "", f"{storage._next_num}_{name}.json"))
    # It is open already; it may be the standard output.
    return relative(Path(session.json.name)) if session.json and Path(session.json.name).is_file() else None


def relative(path: Path) -> Path:
    """Return a path as it is typed here: relative if it is below this folder."""
    absolute = path.absolute()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute
