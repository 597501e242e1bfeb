"""Faults of the kernel and the clock, by a library in C that the run has preloaded (shim.c).

Workers start without it, since the suite keeps LD_PRELOAD from them; the run itself and its helpers have it.
"""

from __future__ import annotations

import collections
import errno
import functools
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.faults.world import LONGEST_S, UPDATE, Broken, Ran, World

SOURCE = Path(__file__).with_name("shim.c")
READING = ("open", "read")
WRITING = ("create", "write", "fsync", "rename", "link", "unlink", "mkdir")
OF_READING = (errno.EIO, errno.EPERM, errno.EACCES, errno.ENOENT, errno.ESTALE)
OF_WRITING = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EPERM, errno.EDQUOT)
RANDOM = re.compile(
    r"(?<=sd-xeon-perf-)|[0-9a-f]{16}|(?<=\.)\w{5,8}(?=$|\.partial)|^\w{8}$"
)  # where a path is one run's own
SYSTEM = ("/proc/", "/sys/")
OUTPUTS = ("--benchmark-save=ladder", "--markdown", "ladder.md", "--junitxml", "junit.xml")
NOT_OURS = ("output", "#", ".")  # the output itself; pytest's own temporary files; what is outside the folder

DAY_S = 24 * 3600


def is_available() -> bool:
    """Return whether there is a compiler for the library."""
    return shutil.which("cc") is not None


@functools.cache
def library() -> Path:
    """Return the compiled library, made once by this process."""
    path = Path(tempfile.mkdtemp(prefix="perf-shim-"), "shim.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(path), str(SOURCE), "-ldl"], check=True)
    return path


def fail_a_call(world: World, dice: random.Random) -> Broken:
    """Let a system call on a file of the run fail, one of those that a run makes, and perhaps all that follow."""
    places = _places()
    call, place = dice.choice(sorted(places))
    number = dice.choice(OF_READING if call in READING else OF_WRITING)
    shim = {"CALL": call, "ERRNO": number, "AFTER": dice.randrange(places[call, place])}
    if place.startswith("baselines/") and dice.random() < 0.7:
        with world.copy_to_update() as copy:
            what, ran, killed = _fail(copy, dice, shim | {"UNDER": copy.folder / place}, *UPDATE)
        return f"{what}, in an update", ran, killed
    return _fail(world, dice, shim | {"UNDER": world.folder / place})


@functools.cache
def _places() -> collections.Counter[tuple[str, str]]:
    """Return how many calls of each kind an update makes that nothing breaks, by where their files are."""
    with tempfile.TemporaryDirectory(prefix="perf-calls-") as folder:
        world = World.make(Path(folder, "world"))
        notes = Path(folder, "calls")
        run_with(world, {"UNDER": f"{world.folder}/", "NOTE": notes}, *UPDATE)
        calls = [line.replace(f"{world.folder}/", "").split(" ", 1) for line in notes.read_text().splitlines()]
    lasting = [(call, RANDOM.split(path)[0]) for call, path in calls if not path.startswith(NOT_OURS)]
    return collections.Counter(place for place in lasting if place[1])


def lose_a_part_of_the_system(world: World, dice: random.Random) -> Broken:
    """Let /proc or /sys be unreadable, from some file of it on."""
    shim = {"CALL": dice.choice(READING), "ERRNO": dice.choice(OF_READING), "UNDER": dice.choice(SYSTEM)}
    return _fail(world, dice, shim | {"AFTER": int(10 ** dice.uniform(0, 2)) - 1})


def turn_the_clock(world: World, dice: random.Random) -> Broken:
    """Set the time of day wrong at some moment: forward, back, or to 1970, where a board without a battery begins."""
    by_s = dice.choice((1, 60, 3600, DAY_S, 15 * DAY_S, 4000 * DAY_S)) * dice.choice((1, -1))
    if dice.random() < 0.1:
        by_s = -int(time.time())
    at_s = dice.randint(0, int(LONGEST_S))
    ran = run_with(world, {"CLOCK_AT": at_s, "CLOCK_BY": by_s})
    return f"the clock wrong by {by_s} s after {at_s} s", ran, False


def _fail(world: World, dice: random.Random, shim: Mapping[str, object], *options: str) -> Broken:
    notes = world.folder / "failed-calls"
    ran = run_with(world, {**shim, "TIMES": dice.choice((0, 1, 1, 3)), "NOTE": notes}, *options)
    failed = notes.read_text().splitlines() if notes.exists() else []
    first = f"{len(failed)} failed, {failed[0]} first" if failed else "none failed"
    asked = f"{errno.errorcode[int(str(shim['ERRNO']))]} of {shim['CALL']} below {shim['UNDER']} after {shim['AFTER']}"
    return f"{asked}: {first}", ran, False


def run_with(world: World, shim: Mapping[str, object], *options: str) -> Ran:
    """Run the ladder, with all outputs that it has, and these variables for the library."""
    variables = {f"SHIM_{name}": str(value) for name, value in shim.items()}
    storage = f"--benchmark-storage={world.folder / 'storage'}"
    return world.run(*OUTPUTS, storage, *options, LD_PRELOAD=str(library()), **variables)
