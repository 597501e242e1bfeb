"""The hashes of the packages in the lock files (perf/stacks/*.txt), of today and of their history in the repository."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from perf.errors import BadInput
from perf.host.repository import git
from perf.host.stack import ROOT

LOCK_FILES = "perf/stacks/*.txt"
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})(?!\w)")

Pin = tuple[str, str]  # a package's normalised name, and its version


def hashes_of(packages: Mapping[str, str], root: Path = ROOT) -> dict[str, list[str]] | None:
    """Return name -> hashes, ``sha256:...``, of these packages; None unless the lock files know some of each.

    The files of this tree are asked first; then those of earlier commits, the latest first, until all are known.
    """
    wanted = {(canonicalize_name(name), version) for name, version in packages.items()}
    known: dict[Pin, set[str]] = defaultdict(set)
    for text in _lock_files(root):
        for pin, hashes in read_hashes(text).items():
            known[pin] |= hashes
        if wanted <= known.keys():
            return {name: sorted(known[canonicalize_name(name), version]) for name, version in packages.items()}
    return None


def read_hashes(text: str) -> dict[Pin, set[str]]:
    """Return the pins of a lock file that have hashes; a pin and its hashes are one line, continued by backslashes."""
    known: dict[Pin, set[str]] = defaultdict(set)
    for line in text.replace("\\\n", " ").splitlines():
        pin, hashes = PIN.match(line), HASH.findall(line)
        if pin and hashes:
            known[canonicalize_name(pin[1]), pin[2]].update(hashes)
    return dict(known)


def _lock_files(root: Path) -> Iterable[str]:
    """Yield the text of each lock file, here and then in the history; without a repository there is none."""
    for path in sorted(root.glob(LOCK_FILES)):
        yield path.read_text(encoding="utf-8", errors="replace")
    try:
        commits = git("log", "--format=%H", "HEAD", "--", f":(glob){LOCK_FILES}", root=root).split()
        for commit in commits:
            names = git("ls-tree", "--name-only", commit, "perf/stacks/", root=root).split()
            for name in names:
                if name.endswith(".txt"):
                    yield git("show", f"{commit}:./{name}", root=root)
    except BadInput:
        return
