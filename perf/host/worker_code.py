"""The suite's own code that runs in a worker, and its digest: with a stack's packages, all the software of a worker."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from perf.errors import BadInput
from perf.host.repository import git
from perf.host.stack import ROOT

# What runs in the worker, the data that both sides read, and how the worker is started.
WORKER_CODE = (
    "worker/**/*.py",
    "spec/**/*.py",
    "records/*.py",
    "errors.py",
    "host/cache.py",
    "host/exports.py",
    "host/perf_events.py",
    "host/regular_file.py",
    "host/replaced_file.py",
    "measure/command.py",
)

WIRE = "perf/worker/wire.py"
VERSION = re.compile(r"^VERSION = (\d+)$", re.MULTILINE)


def worker_files() -> list[Path]:
    """List the suite's own files that decide what a worker does."""
    return sorted(path for pattern in WORKER_CODE for path in (ROOT / "perf").glob(pattern))


def worker_commit() -> str | None:
    """Return the commit whose worker's code is exactly this tree's; None where git knows of none, or is missing."""
    patterns = [f":(glob)perf/{pattern}" for pattern in WORKER_CODE]
    try:
        changed = git("diff", "--name-only", "HEAD", "--", *patterns)
        committed = git("ls-tree", "-r", "-z", "--name-only", "HEAD", "perf/").split("\0")
        here = {path.relative_to(ROOT).as_posix() for path in worker_files()}
        return git("rev-parse", "HEAD").strip() if not changed and here <= set(committed) else None
    except BadInput:
        return None


def wire_version(code: Path = ROOT) -> int | None:
    """Return the version of the wire in a folder with the suite's code; None where it has none.

    The file is read, not imported: that code is not this one's.
    """
    try:
        text = (code / WIRE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    version = VERSION.search(text)
    return int(version[1]) if version else None


def worker_digest() -> str:
    """Return the digest of the worker's code, 16 hexadecimal digits."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in worker_files())).hexdigest()[:16]
