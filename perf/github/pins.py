"""The lock file of a stack, as a pull request has it: read as data, and nothing else than pins is accepted.

A pin is one exact release of a package from an index, perhaps with hashes. What pip would follow or obey (URLs, paths,
options, other files) is refused, so that whoever writes the file chooses releases alone.
"""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement

from perf.errors import BadInput
from perf.github.markdown import shortened
from perf.host.foreign_text import printable
from perf.host.requirements import COMMENT, CONTINUED, HASH, exact_version
from perf.spec import ladder

MAX_BYTES = 1024**2
MAX_PINS = 1000


def lock_files() -> dict[str, str]:
    """Return the path of each stack's lock file in the repository -> the stack's name."""
    return {f"perf/stacks/{name}.txt": name for name in ladder.stacks()}


def read_pins(content: bytes, place: str) -> list[str]:
    """Return the pins of a lock file as requirements, each in one line with its hashes. Raises BadInput."""
    if len(content) > MAX_BYTES:
        raise BadInput(f"{place}: over {MAX_BYTES >> 20} MiB, which no lock file has")
    try:
        text = CONTINUED.sub(" ", content.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadInput(f"{place}: is not UTF-8") from None
    lines = [stripped for line in text.splitlines() if (stripped := COMMENT.sub("", line).strip())]
    if len(lines) > MAX_PINS:
        raise BadInput(f"{place}: more than {MAX_PINS} pins, which no stack has")
    return [_pin(line, place) for line in lines]


def _pin(line: str, place: str) -> str:
    """Return a line as it is written here, whatever its blanks. Raises BadInput where it is no pin."""
    hashes = HASH.findall(line)
    try:
        requirement = Requirement(HASH.sub("", line).strip())
    except InvalidRequirement:
        raise _refused(line, place) from None
    if exact_version(str(requirement)) is None:  # an address has no version
        raise _refused(line, place)
    return " ".join([str(requirement), *(f"--hash={each}" for each in hashes)])


def _refused(line: str, place: str) -> BadInput:
    return BadInput(f"{place}: {shortened(printable(line), 100)!r} is no pin such as openvino==2026.3.1")


def changed_pins(before: list[str], after: list[str]) -> list[str]:
    """Return the pins that a lock file has now and had not before."""
    known = set(before)
    return [pin for pin in after if pin not in known]
