"""Runs that a baseline judges: of one silly row, recorded once and then measured in other ways."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import options_for, run_ladder_in

Options = tuple[str, ...]
Ran = subprocess.CompletedProcess[str]

SLOWER = {"SILLY_SLOWDOWN": "1.1", "SILLY_KERNEL": "ref:any"}  # the same packages, but other kernels: it is believed
QUICK = ("--rounds", "3", "--budget", "0")


def within(folder: Path, silly_options: Options) -> Options:
    return (*silly_options, *QUICK, "--baselines", str(folder / "baselines"))


def first_run_in(folder: Path) -> Path:
    """Record a baseline and return the folder that holds it and the cache."""
    options = within(folder, options_for(make_checkpoint(folder / "checkpoint")))
    ran = run_ladder_in(folder, *recorded(options, "the first"))
    assert ran.returncode == 0, ran.stdout
    return folder


def with_baseline(first_run: Path, folder: Path) -> Path:
    """Copy a first run's baseline and cache, and return the file of the baseline, which has one session."""
    for name in ("baselines", "cache"):
        shutil.copytree(first_run / name, folder / name)
    return baseline_file(folder)


def recorded(options: Options, why: str) -> Options:
    return (*options, "--update-baseline", "--why", why)


def baseline_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "baselines").rglob("*.json")
    return path


def said_verdict(ran: Ran) -> str:
    """Return the verdict in the lines below the ladder."""
    match = re.search(r"^eager-fp32  ([a-z ]+): ", ran.stdout, re.MULTILINE)
    assert match, ran.stdout + ran.stderr
    return match[1]


def properties(junit: Path) -> dict[str, str]:
    elements = ElementTree.parse(junit).iterfind(".//testcase[@name='test_verdict[eager-fp32]']/properties/property")
    return {element.get("name", ""): element.get("value", "") for element in elements}
