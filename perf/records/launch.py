"""Launch, how a variant's worker is started: what stands before python, and the environment that steers it.

A baseline keeps it, so that a later reference worker can be started in the same way. A baseline is a file that anybody
may have edited, and what it says here is run: so only options of numactl are accepted, only variables that steer
kernels or allocators, and no path.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from perf.errors import BadRecord
from perf.records.checks import check_keys

# Variables that change which kernels a library chooses or how it runs them. A folder changes neither.
STEERING = re.compile(r"(?!.*_DIR$)(ONEDNN|DNNL|MKL|KMP|GOMP|OMP|TORCH|TORCHINDUCTOR|ATEN|OV|IPEX)_")
ALLOCATING = re.compile(r"MALLOC_|TCMALLOC_|GLIBC_TUNABLES$|LD_PRELOAD$|LD_LIBRARY_PATH$")

FOLDERS = "LD_LIBRARY_PATH"  # kept as names with a digest each: enough to see a change, nothing to set again
NAME = re.compile(r"[A-Z][A-Za-z0-9_]*")
PATH = re.compile(r"[^\s:,;=]*/")  # up to its last slash

NUMACTL = "numactl"
PLACES = {"-C", "--physcpubind", "-N", "--cpunodebind", "-m", "--membind", "-i", "--interleave", "-p", "--preferred"}
PLACE = re.compile(r"[+!]?(\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*|all|same)")
CPU_LISTS = ("-C", "--physcpubind")


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What stands before python on the command line, and the variables that steer kernels and allocators.

    ``LD_PRELOAD`` names files without their folders. Raises BadRecord for what the suite itself would never start.
    """

    prefix: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_prefix(self.prefix)
        for name, value in self.environment.items():
            _check_variable(name, value)

    @classmethod
    def of(cls, prefix: Sequence[str], environment: Mapping[str, str]) -> Self:
        """Return the launch of a command, by what stands before its python and its whole environment."""
        steering = {name: value for name, value in sorted(environment.items()) if steers(name)}
        kept = {name: without_paths(name, value) for name, value in steering.items()}
        return cls(prefix=tuple(prefix), environment=kept)

    @property
    def cpus(self) -> frozenset[int]:
        """The numbers of the CPUs that the prefix binds to; empty if it binds to none by number."""
        numbers: set[int] = set()
        words = _words(self.prefix)
        for option, value in itertools.pairwise(words):
            if option in CPU_LISTS:
                numbers |= _numbers(value)
        return frozenset(numbers)

    def bound_to(self, cpus: Iterable[int]) -> Self:
        """Return the same launch with these CPUs in place of those that the prefix binds to."""
        words = iter(_words(self.prefix))
        others = [word for word in words if not (word in CPU_LISTS and next(words))]
        return dataclasses.replace(self, prefix=(NUMACTL, "-C", ",".join(map(str, cpus)), *others))

    def to_json(self) -> dict[str, Any]:
        return {"prefix": list(self.prefix), "environment": dict(self.environment)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Check and return a launch. Raises BadRecord, whose field is the path within it."""
        fields = check_keys(data, required={"prefix", "environment"})
        if not isinstance(fields["prefix"], list):
            raise BadRecord("prefix", "is not a list")
        if not isinstance(fields["environment"], dict):
            raise BadRecord("environment", "is not an object")
        return cls(prefix=tuple(fields["prefix"]), environment=dict(fields["environment"]))


def steers(name: str) -> bool:
    """Tell whether a variable of this name changes what a worker's libraries do."""
    return NAME.fullmatch(name) is not None and bool(STEERING.match(name) or ALLOCATING.match(name))


def without_paths(name: str, value: str) -> str:
    """Return a variable's value without the folders of this machine.

    Those of the dynamic linker's search path are told apart by a digest: two may have the same last name.
    """
    if name != FOLDERS:
        return "".join(letter if letter.isprintable() else "?" for letter in PATH.sub("", value))
    folders = [folder.rstrip("/") for folder in value.split(":") if folder]
    return ":".join(f"{ascii(folder.rpartition('/')[2])[1:-1]}#{_digest(folder)}" for folder in folders)


def launch_changes(before: Launch, after: Launch) -> list[str]:
    """List what differs, such as ``OMP_NUM_THREADS 16 -> 32`` or ``started by numactl -C 0-15 -> started directly``."""
    changes = []
    if before.prefix != after.prefix:
        changes.append(f"{_started(before)} -> {_started(after)}")
    for name in sorted(before.environment.keys() | after.environment.keys()):
        old, new = before.environment.get(name, "not set"), after.environment.get(name, "not set")
        if old != new:
            changes.append(f"{name} {old} -> {new}")
    return changes


def _started(launch: Launch) -> str:
    return f"started by {' '.join(launch.prefix)}" if launch.prefix else "started directly"


def _check_prefix(prefix: tuple[str, ...]) -> None:
    """Raise BadRecord unless the prefix is empty, or numactl with options that place a process."""
    if not all(isinstance(word, str) for word in prefix):
        raise BadRecord("prefix", f"{list(prefix)!r} is not a list of words")
    if not prefix:
        return
    words = [word for word in _words(prefix) if word not in ("-l", "--localalloc")]
    options, values = words[::2], words[1::2]
    is_placing = len(options) == len(values) and set(options) <= PLACES and all(map(PLACE.fullmatch, values))
    if prefix[0] != NUMACTL or not is_placing:
        raise BadRecord("prefix", f"{' '.join(prefix)!r} is not {NUMACTL} with options that place a process")


def _words(prefix: Sequence[str]) -> list[str]:
    """Return the options and their values, those joined by ``=`` taken apart."""
    return [part for word in prefix[1:] for part in word.split("=", maxsplit=1)]


def _check_variable(name: object, value: object) -> None:
    if not isinstance(name, str) or not steers(name):
        raise BadRecord("environment", f"{name!r} is not a variable that steers kernels or allocators")
    if not isinstance(value, str) or not value.isprintable() or "/" in value:
        raise BadRecord(f"environment.{name}", f"{value!r} is not a printable text without paths")


def _numbers(places: str) -> set[int]:
    """Return the numbers in a list such as ``0-3,8``."""
    numbers: set[int] = set()
    for part in places.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:6]
