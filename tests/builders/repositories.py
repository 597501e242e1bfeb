"""Small git repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.builders.trees import tree

AUTHOR = ("-c", "user.name=cheese", "-c", "user.email=cheese@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *AUTHOR, "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """Make a repository with one commit of these files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, files)
    return folder


def commit(folder: Path, files: Mapping[str, str]) -> str:
    """Commit these files on top of what is there, and return the commit."""
    tree(folder, files)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "more cheese")
    return git(folder, "rev-parse", "HEAD")
