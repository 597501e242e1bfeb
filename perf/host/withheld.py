"""The variables of this process that no process with other people's packages gets: tokens, and the CI system's own.

A package can run code of its own whenever the interpreter starts, so this holds for workers and for a mere look at a
stack, as it does for pip (perf.host.installer), which gets even less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

WITHHELD = re.compile(
    r"(GITHUB|ACTIONS|AWS|AZURE|GOOGLE)_.*|SSH_AUTH_SOCK"
    r"|(.*_)?(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|PAT|KEY)(_.*)?",
    re.IGNORECASE,
)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables whose names say that they are nobody else's business."""
    return {name: value for name, value in environment.items() if not WITHHELD.fullmatch(name)}
