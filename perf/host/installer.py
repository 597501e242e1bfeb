"""pip, run from this environment on any interpreter; its own words are quoted, never interpreted.

It makes environments as tox makes the stacks, so that the user's own configuration (indexes, proxies, folders of
wheels) is in force. What it downloads is other people's: none of this process's secrets are in its environment.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from perf.errors import PipFailed
from perf.host.sentinel import Sentinel

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
    process = subprocess.Popen(
        command,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    output, errors = _communicate(process)
    if process.returncode:
        raise PipFailed(quote(output, errors) or f"exit code {process.returncode}")
    return output


def _communicate(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for the process, which leads a session, and return what it printed; it does not outlive this one.

    A pip that goes on alone would write into the environment that the next run makes in the same place.
    """
    sentinel = Sentinel(process.pid)
    try:
        return process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        sentinel.end()


def clean_environment() -> dict[str, str]:
    """Return the part of this process's environment that pip needs: no tokens, and nothing that a CI system set."""
    return {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}


def quote(output: str, errors: str) -> str:
    """Return the part of what pip printed that tells why it failed, on one line."""
    causes = HEADED_LIST.search(output)
    if causes:
        return "; ".join(line.strip() for line in causes[1].splitlines())
    lines = [line.removeprefix(ERROR) for line in errors.splitlines() if line.startswith(ERROR)]
    return "; ".join(lines) or " ".join(errors.split())[-QUOTED_CHARACTERS:]
