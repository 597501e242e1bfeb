"""The faults of a campaign: each breaks one thing, chosen by a generator of random numbers, and says what it broke."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.faults.system_calls import fail_a_call, is_available, lose_a_part_of_the_system, turn_the_clock
from tests.faults.world import LONGEST_S, ROWS, UPDATE, Broken, World

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGSEGV, signal.SIGSTOP, 40)
VALUES: tuple[Any, ...] = (
    None,
    True,
    "cheese",
    "",
    -1,
    -0.5,
    0,
    float("nan"),
    float("inf"),
    1e300,
    10**30,
    [],
    {},
    [1, 2],
    {"a": 1},
)
REPLIES: dict[str, list[list[Any]]] = {
    "hello": [["version"]],
    "ready": [["load_s"], ["export_s"]],
    "sample": [
        *(["latency_s"], ["steps"], ["parts"], ["conditions"], ["turns"]),
        *(["parts", name] for name in ("text_encoder_s", "unet_steps_s", "vae_decode_s", "safety_checker_s", "rest_s")),
        *(["conditions", name] for name in ("cpu_s", "peak_rss_bytes", "involuntary_switches", "cpu_pressure_s")),
        ["parts", "unet_steps_s", 0],
    ],
    "evidence": [
        *(["kernels"], ["state"], ["surroundings"], ["peak"], ["kernels", 0], ["kernels", 0, "time_s"]),
        *(["state", "threads"], ["state", "scheduler"], ["surroundings", "allocators"], ["surroundings", "cpus"]),
        *(["peak", "fp32_flop_per_s"], ["peak", "memory_bytes_per_s"]),
    ],
}


def flip(path: Path) -> None:
    """Change a bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    if content:
        content[len(content) // 2] ^= 1
    path.write_bytes(content)


def instead(path: Path, make: Callable[[], None]) -> None:
    """Make something else in a file's place."""
    path.unlink()
    make()


OUTCOMES: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "flipped": flip,
    "made a directory": lambda path: instead(path, path.mkdir),
    "made a pipe": lambda path: instead(path, lambda: os.mkfifo(path)),
    "linked to a device": lambda path: instead(path, lambda: path.symlink_to("/dev/zero")),
    "linked to nothing": lambda path: instead(path, lambda: path.symlink_to("/no/such/file")),
    "filled with garbage": lambda path: path.write_bytes(os.urandom(1000)),
    "removed": Path.unlink,
}


def kill_a_process(world: World, dice: random.Random) -> Broken:
    """Send a signal to one of the run's processes, or to the run itself."""
    number, delay_s = dice.choice(SIGNALS), dice.uniform(0, LONGEST_S)
    began_s = time.monotonic()
    run = world.start()
    time.sleep(delay_s)
    try:
        processes = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
        victim = dice.choice(processes)
        what = f"{signal.strsignal(number)} to {' '.join(victim.cmdline()[-3:])} after {delay_s:.2f} s"
        is_run = victim.pid == run.pid
        # A child that has not become its program yet is waited for within Popen, which knows no deadline.
        is_waited_for = is_run or victim.cmdline() == processes[0].cmdline()
        victim.send_signal(number)
    except psutil.NoSuchProcess:
        return "nothing, it had ended", world.finish(run, began_s), False
    if number == signal.SIGSTOP and is_waited_for:  # nobody can end that but whoever stopped it
        time.sleep(0.5)
        victim.send_signal(signal.SIGCONT)
    return what, world.finish(run, began_s), is_run


def spoil_the_cache(world: World, dice: random.Random) -> Broken:
    """Spoil a file of the cache before the run."""
    files = sorted(path for path in world.cache.rglob("*") if path.is_file() and path.suffix != ".lock")
    path, how = dice.choice(files), dice.choice(sorted(OUTCOMES))
    OUTCOMES[how](path)
    return f"{path.relative_to(world.folder)} {how}", world.run(), False


def garble_a_reply(world: World, dice: random.Random) -> Broken:
    """Change, or leave out, one field of one kind of reply of one row's worker."""
    reply = dice.choice(sorted(REPLIES))
    change: dict[str, Any] = {"reply": reply, "path": dice.choice(REPLIES[reply])}
    if dice.random() < 0.8:
        change["value"] = dice.choice(VALUES)
    if dice.random() < 0.5:
        change["after"] = dice.randint(1, 3)
    row = dice.choice(ROWS)
    text = json.dumps(change)
    return f"{text} of {row}", world.run(SILLY_GARBLE=text, SILLY_GARBLE_ROW=row), False


def limit_what_can_be_written(world: World, dice: random.Random) -> Broken:
    """Let every write beyond so many bytes of a file fail, as on a full disk."""
    limit = int(10 ** dice.uniform(0, 5.5))
    options = ("--markdown", str(world.folder / "ladder.md"), "--junitxml", str(world.folder / "junit.xml"))
    saved = ("--benchmark-save=ladder", f"--benchmark-storage={world.folder / 'storage'}")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    began_s = time.monotonic()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        run = world.start(*options, *saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return f"files of at most {limit} bytes", world.finish(run, began_s), False


def take_something_away(world: World, dice: random.Random) -> Broken:
    """Take away something of the surroundings that a run usually has."""
    empty = world.folder / "empty"
    empty.mkdir()
    file = world.folder / "file"
    file.touch()
    choices: dict[str, dict[str, str]] = {
        "no home": {"HOME": "", "PERF_CACHE": ""},
        "a home that is a file": {"HOME": str(file), "PERF_CACHE": ""},
        "a cache below a file": {"PERF_CACHE": str(file / "cache")},
        "a cache that is a file": {"PERF_CACHE": str(file)},
        "no temporary folder": {"TMPDIR": "/no/such/folder"},
        "no programs": {"PATH": str(empty)},
        "another language": {"LANG": "xx_XX.ISO-8859-15", "LC_ALL": "xx_XX.ISO-8859-15"},
        "no summary": {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/no/such/summary"},
        "a garbled lock": {"PERF_LOCK": str(world.folder / "checkpoint" / "model_index.json")},
    }
    what = dice.choice(sorted(choices))
    return what, world.run(**choices[what]), False


def interrupt_an_update(world: World, dice: random.Random) -> Broken:
    """Kill a run that would write the baseline, before or after it has."""
    delay_s = dice.uniform(1.0, LONGEST_S)
    with world.copy_to_update() as copy:
        began_s = time.monotonic()
        run = copy.start(*UPDATE)
        try:
            run.wait(delay_s)
        except subprocess.TimeoutExpired:
            run.kill()
        ran = copy.finish(run, began_s)
        left = [path.name for path in copy.baseline.parent.glob(".*") if not path.name.endswith(".lock")]
    return f"an update killed after {delay_s:.2f} s, leaving {left}", ran, True


FAULTS = (
    kill_a_process,
    spoil_the_cache,
    garble_a_reply,
    limit_what_can_be_written,
    take_something_away,
    interrupt_an_update,
    *((fail_a_call, lose_a_part_of_the_system, turn_the_clock) if is_available() else ()),
)
