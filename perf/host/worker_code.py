"""The suite's own code that runs in a worker, and its digest: with a stack's packages, all the software of a worker."""

from __future__ import annotations

import hashlib
from pathlib import Path

from perf.host.stack import ROOT

# What runs in the worker, the data that both sides read, and how the worker is started.
WORKER_CODE = ("worker/**/*.py", "spec/*.py", "records/*.py", "errors.py", "host/cache.py", "measure/command.py")


def worker_files() -> list[Path]:
    """List the suite's own files that decide what a worker does."""
    return sorted(path for pattern in WORKER_CODE for path in (ROOT / "perf").glob(pattern))


def worker_digest() -> str:
    """Return the digest of the worker's code, 16 hexadecimal digits."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in worker_files())).hexdigest()[:16]
