"""The suite's own repository, as git knows it; without one, or without git, BadInput says so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from perf.errors import BadInput
from perf.host.stack import ROOT

# Set by git for its hooks: they would have git look into another repository (git rev-parse --local-env-vars).
LOCAL = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
DEADLINE_S = 120


def git(*arguments: str, root: Path = ROOT) -> str:
    """Run git in the suite's folder and return its standard output, as text. Raises BadInput, with git's own words."""
    return git_bytes(*arguments, root=root).decode("utf-8", errors="replace")


def git_bytes(*arguments: str, root: Path = ROOT) -> bytes:
    """Run git in the suite's folder and return its standard output. Raises BadInput, with git's own words."""
    environment = {name: value for name, value in os.environ.items() if name not in LOCAL}
    try:
        result = subprocess.run(
            ["git", *arguments],
            cwd=root,
            env=environment | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE_S,
            check=False,
        )
    except FileNotFoundError:
        raise BadInput("git is not installed here: apt-get install git") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadInput(f"git {arguments[0]} in {root}: {error}") from None
    if result.returncode:
        words = " ".join(result.stderr.decode("utf-8", errors="replace").split())
        raise BadInput(f"git {arguments[0]} in {root}: {words or f'exit code {result.returncode}'}")
    return result.stdout
