"""The suite's code of an earlier commit, from the repository's history: what an anchor's workers ran."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

from perf.errors import BadInput
from perf.host.cache import cache_dir, forget_unused, make_once
from perf.host.repository import git, git_bytes
from perf.host.stack import ROOT

SHOWN_DIGITS = 12
SPARE_BYTES = 10 * 1000**2


def code_of(commit: str, root: Path = ROOT) -> Path:
    """Return a folder of the cache with the suite's code (``perf``) as it was at ``commit``.

    It is taken out of the history of what is checked out here: code of another branch, which nobody has merged, is
    not run. Raises BadInput, with the remedy, where that cannot be had.
    """
    _check_history(commit, root)
    target = cache_dir() / "code" / commit

    def extract(folder: Path) -> None:
        _extract(git_bytes("archive", "--format=tar", commit, "perf", root=root), folder)

    made = make_once(target, extract, SPARE_BYTES)
    forget_unused(target.parent)
    return made


def _check_history(commit: str, root: Path) -> None:
    """Raise BadInput unless the commit is in the history of what is checked out."""
    shown = commit[:SHOWN_DIGITS]
    try:
        is_shallow = git("rev-parse", "--is-shallow-repository", root=root).strip() == "true"
    except BadInput as error:
        raise BadInput(f"{error}; the code of {shown} is taken from a clone of the suite's repository") from None
    try:
        git("cat-file", "-e", f"{commit}^{{commit}}", root=root)
        git("merge-base", "--is-ancestor", commit, "HEAD", root=root)
    except BadInput:
        if is_shallow:
            reason = f"commit {shown} is not in this shallow clone: git fetch --unshallow"
        else:
            reason = f"commit {shown} is not in the history of what is checked out: git fetch, or record a new baseline"
        raise BadInput(reason) from None


def _extract(archive: bytes, folder: Path) -> None:
    """Write the archive's regular files below ``folder``; whatever else it has, links above all, is left out."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            name = PurePosixPath(member.name)
            stream = files.extractfile(member) if member.isreg() else None
            if stream is None or name.is_absolute() or ".." in name.parts:
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stream.read())
