"""Every command that the pages show: those of README and tutorial are run on the tiny model, all others parsed."""

from __future__ import annotations

import argparse
import configparser
import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from perf import cli
from perf.host.stack import ROOT
from perf.measure import options
from perf.spec import ladder
from tests.builders.markdown import Block, blocks, pages
from tests.builders.runs import WITHOUT_HYPOTHESIS, surroundings

README, TUTORIAL = ROOT / "README.md", ROOT / "docs" / "tutorial.md"
NOT_RUN = "not run by tests: "
FAILS = "fails on purpose"
BUSY = "not recorded: other work ran during every session"  # where the tests run, as they may: the command has worked
SETUP = "sh .ci/setup && "
# Appended to what the page gives: the last of an option wins.
SHORT = "--size 64x64 --steps 2 --warmup-steps 1 --rounds 2 --budget 0 --fresh 0"
TINY = f"--model tiny --variant eager-fp32 {SHORT}"
HERE = f"--baselines baselines --wait 600 {shlex.join(WITHOUT_HYPOTHESIS)}"
ONE_SESSION = "--sessions 1"
# Appended to the tutorial's variables. One of its two rows is enough.
VARIABLES = {"LADDER": HERE, "TINY": f"{SHORT} -k eager-fp32"}
TOX = re.compile(r"\.venv/bin/tox run (?:--notest )?-e (?P<names>[\w,-]+)(?: -- (?P<options>.*))?$")
LADDER = re.compile(r"\.venv/bin/tox run -e perf(?: --)?")

# What no test runs, by its page: each has its reason in the comment before it.
MARKED = {
    "README.md": [".tox/perf/bin/pytest", 'UPGRADE="openvino==2026.3.1" .venv/bin/tox run -e upgrade'],
    "docs/tutorial.md": ["git clone", ".venv/bin/tox run --notest -e stack-current,perf"],
}


def tox_ini() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


def ladder_command() -> str:
    """The command of ``tox run -e perf``, without what is given behind ``--``."""
    command = tox_ini()["testenv:perf"]["commands"].replace("\\\n", " ").replace("{posargs}", "")
    return " ".join(command.split())


def as_run_here(line: str) -> str:
    """A command as the tests run it: without tox, in a folder of its own, on the tiny model."""
    line = line.removeprefix(SETUP)
    if match := LADDER.match(line):
        line = f"{ladder_command()} {line[match.end() :]} {TINY} {HERE}"
    line = re.sub(r"^pytest|\.tox/perf/bin/pytest", f"{sys.executable} -m pytest", line)
    line = line.replace(".tox/perf/bin/python", sys.executable)
    line = line.replace("perf/suite/test_ladder.py", str(ROOT / "perf/suite/test_ladder.py"))
    return f"{line} {ONE_SESSION}" if "--sessions " in line else line


def extend(assignment: str) -> str:
    """Append the tests' options to a variable of the page."""
    options = VARIABLES[assignment.partition("=")[0]]
    return re.sub('"$', f' {options}"', assignment)


def is_assignment(line: str) -> bool:
    return re.fullmatch(r'\w+="[^"]*"', line) is not None


def run_blocks(path: Path, folder: Path, cache_dir: Path) -> None:
    """Run the page's blocks one after the other, each with the variables that were set before it."""
    variables: list[str] = []
    for block in blocks(path):
        if block.mark.startswith(NOT_RUN):
            continue
        commands = [as_run_here(line) for line in block.lines]
        if all(map(is_assignment, block.lines)):
            variables += map(extend, commands)
            continue
        ran = subprocess.run(
            ["bash", "-euc", "\n".join([*variables, *commands])],
            env=surroundings() | {"PERF_CACHE": str(cache_dir), "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
            cwd=folder, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        is_expected = ran.returncode == 0 or (ran.returncode == 1 and (block.mark == FAILS or BUSY in ran.stdout))
        assert is_expected, f"{block.text}\n{ran.stdout}\n{ran.stderr}"


@pytest.mark.alone
@pytest.mark.parametrize("path", [README, TUTORIAL], ids=lambda path: path.name)
def test_every_command_runs(path: Path, tmp_path: Path, cache_dir: Path) -> None:
    run_blocks(path, tmp_path, cache_dir)


@pytest.mark.parametrize("path", [README, TUTORIAL], ids=lambda path: path.name)
def test_what_is_not_run_is_known(path: Path) -> None:
    marked = [block for block in blocks(path) if block.mark.startswith(NOT_RUN)]
    assert [block.text.startswith(known) for block, known in zip(marked, MARKED[marked[0].page], strict=True)]


class Options(argparse.ArgumentParser):
    """The suite's options of pytest, in a parser that raises."""

    def __init__(self) -> None:
        super().__init__(add_help=False, allow_abbrev=False)
        options.add_options(self)  # type: ignore[arg-type]  # what it needs of pytest's parser is below

    def getgroup(self, *_: str) -> Options:
        return self

    def addoption(self, name: str, **attributes: Any) -> None:
        self.add_argument(name, **attributes)

    def error(self, message: str) -> Any:
        raise AssertionError(message)


@functools.cache
def pytest_help() -> str:
    command = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def check_pytest_options(given: Sequence[str]) -> None:
    """Fail on an option that neither the suite nor pytest knows."""
    _, others = Options().parse_known_args(given)
    for option in others:
        name = option.partition("=")[0]
        assert not option.startswith("-") or re.search(rf"^ .*{re.escape(name)}\b", pytest_help(), re.MULTILINE), option


def check_command(words: Sequence[str]) -> None:
    """Fail if ``python -m perf`` does not know the command or one of its options."""
    options = cli.parse(words)
    check_pytest_options(options.pytest_options)


def check_tox(names: str, options: str) -> None:
    """Fail if tox has no such environment, or what it runs no such option."""
    known = tox_ini()
    words = shlex.split(options)
    for name in names.split(","):
        stacks = f"testenv:stack-{{{','.join(ladder.stacks())}}}"
        section = stacks if name.removeprefix("stack-") in ladder.stacks() else f"testenv:{name}"
        assert section in known, f"tox has no environment {name}"
        if name in {"upgrade", "pair", "selftest"}:
            check_command([name, *words])
        elif name in {"perf", "tests"}:
            check_pytest_options(words)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("perf", "- python -m perf stacks {posargs}"),
        ("upgrade", "- python -m perf stacks {env:UPGRADE_STACK:current} {posargs}"),
        ("pair", "{[testenv:perf]commands_pre}"),
        ("selftest", "{[testenv:perf]commands_pre}"),
        ("tests", f"python -m perf stacks {' '.join(ladder.stacks())}"),
    ],
)
def test_the_stacks_that_are_needed_are_made_before(name: str, made: str) -> None:
    assert tox_ini()[f"testenv:{name}"]["commands_pre"].strip() == made


def shown() -> list[Block]:
    return [block for path in pages() for block in blocks(path)]


def innermost(line: str) -> str:
    """What a container's shell is given, or the line itself."""
    match = re.search(r'sh -c "(.*)"$', line)
    return match[1] if match else line


@pytest.mark.parametrize("block", shown(), ids=lambda block: f"{block.page}: {block.lines[0][:60]}")
def test_every_option_is_known(block: Block) -> None:
    for line in map(innermost, block.lines):
        if match := TOX.search(line):
            check_tox(match["names"], match["options"] or "")
        elif match := re.search(r"python -m perf (.*)", line):
            check_command(shlex.split(os.path.expandvars(re.sub(r"\$\([^)]*\)", "RUN.json", match[1]))))
        elif match := re.search(r"bin/pytest (.*)", line):
            check_pytest_options(shlex.split(match[1].removesuffix('"')))
