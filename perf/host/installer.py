"""pip, run from this environment on any interpreter; its own words are quoted, never interpreted.

It makes environments as tox makes the stacks, so that the user's own configuration (indexes, proxies, folders of
wheels) is in force. What it downloads is other people's: none of this process's secrets are in its environment.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from perf.errors import PipFailed
from perf.host import helper
from perf.host.foreign_text import in_one_line

# A heading and the lines indented below it. For conflicting requirements pip so lists the causes, on standard output;
# its ERROR lines say only that there is a conflict.
HEADED_LIST = re.compile(r"^\S.*:\n((?: {4}\S.*\n)+)", re.MULTILINE)
ERROR = "ERROR: "
QUOTED_CHARACTERS = 500

# The variables that pip gets; LD_LIBRARY_PATH because some builds of Python do not start without it.
PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|XDG_\w+|PIP_\w+|LD_LIBRARY_PATH"
    r"|(https?|all|no|ftp)_proxy|SSL_CERT_(FILE|DIR)|\w*CA_BUNDLE",
    re.IGNORECASE,
)


def pip(python: Path, *arguments: str) -> str:
    """Run pip on that interpreter and return its standard output. Raises PipFailed, with what pip printed."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "--no-input", *arguments]
    ended = helper.run(command, clean_environment())
    if ended.returncode:
        raise PipFailed(quote(ended.stdout, ended.stderr) or f"exit code {ended.returncode}")
    return ended.stdout


def clean_environment() -> dict[str, str]:
    """Return the part of this process's environment that pip needs: no tokens, and nothing that a CI system set."""
    return {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}


def quote(output: str, errors: str) -> str:
    """Return the part of what pip printed that tells why it failed, on one line."""
    causes = HEADED_LIST.search(output)
    if causes:
        return in_one_line(causes[1])
    lines = [line.removeprefix(ERROR) for line in errors.splitlines() if line.startswith(ERROR)]
    return in_one_line("\n".join(lines)) or in_one_line(" ".join(errors.split()))[-QUOTED_CHARACTERS:]
