"""``python -m perf stacks``: makes the stacks that a run needs, and no others: some take gigabytes."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.upgrade_check import file_of_settings
from perf.errors import NoSpace
from perf.exit_codes import ExitCode
from perf.host.cache import require_space
from perf.host.regular_file import read_text
from perf.host.stack import ROOT
from perf.spec import ladder

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

# What a stack takes while it is made: its packages, and until they are installed the files that they come in. IPEX's
# torch brings the libraries of CUDA. Measured by `du --summarize --bytes .tox/stack-*` and pip's list of downloads.
MAKING_BYTES = {"current": 2_700_000_000, "ipex": 11_700_000_000, "genai": 400_000_000, "onnx": 1_800_000_000}
NOTE_BYTES = 1024**2
NAMES_HELP = "a stack, or a row like openvino-*; none: the rows that --variant or the settings file names, or all"


def add_parser(commands: Commands) -> None:
    """Add the command and its options; whatever else is given is pytest's, and looked at for rows."""
    parser = commands.add_parser(
        "stacks",
        help="make the stacks that a run needs",
        epilog="Other options are those of the run.",
        allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=NAMES_HELP)
    parser.add_argument("--variant", action="append", default=[], metavar="ROW", help="a row of the run")
    parser.add_argument("--stack", action="append", default=[], metavar="NAME=PYTHON", help="one that is there already")
    parser.add_argument("--upgrade-stack", action="append", default=[], metavar="NAME", help="a stack, to be upgraded")
    parser.set_defaults(run=run, passes_on_to_pytest=True)


def run(options: argparse.Namespace) -> ExitCode:
    """Make the stacks; one that cannot be made is a line, and leaves its rows out of the run. Raises BadInput."""
    given = {text.partition("=")[0] for text in options.stack}
    names = needed([*options.names, *options.variant, *options.upgrade_stack])
    failed = [name for name in names if name not in given and not make(name)]
    for name in failed:
        print(f"stack {name} could not be made: its rows will be left out", file=sys.stderr)
    return ExitCode.FAILED if failed else ExitCode.OK


def needed(names: Sequence[str]) -> list[str]:
    """Return the stacks that are named and those of rows that are, or what the settings file says, or else all.

    The one that makes checkpoints and exports comes first, whatever the rows. A name that is neither is the value of
    another option, or a mistake, which the run itself reports. Stacks of one's own are left out: who has them made
    them. Raises BadInput for a settings file that is none.
    """
    file = file_of_settings()
    known = file.ladder if file else ladder.LADDER
    stacks = [name for name in names if name in ladder.stacks(known)]
    rows = [name for name in names if ladder.has(name, known)]
    if not stacks and not rows:
        rows = file.values.get("variant", []) if file else []
    variants = ladder.select(rows, known) if rows or not stacks else ()
    wanted = dict.fromkeys([ladder.MAKER, *stacks, *(variant.stack for variant in variants)])
    return [name for name in wanted if name in ladder.stacks()]


def make(name: str) -> bool:
    """Have tox make a stack, unless it is as it should be, and tell whether it has."""
    work_dir = Path(os.environ.get("TOX_WORK_DIR") or ROOT / ".tox")
    if not has_room(name, work_dir):
        return False
    tox = (sys.executable, "-m", "tox", "run", "--quiet", "--notest", "--workdir", str(work_dir))
    return subprocess.run([*tox, "-e", f"stack-{name}"], cwd=ROOT, check=False).returncode == 0


def is_made(environment: Path) -> bool:
    """Tell whether tox has installed an environment's packages, which it notes once pip has succeeded.

    One that pip gave up has a folder, and may have Python.
    """
    try:
        return "PythonRun" in read_text(environment / ".tox-info.json", at_most=NOTE_BYTES)
    except (OSError, ValueError):
        return False


def has_room(name: str, work_dir: Path) -> bool:
    """Tell whether the disk has room for a stack, unless it is there already; a line on stderr says what is short.

    pip itself would fill the disk, and what it says of that is easily lost in a log.
    """
    if is_made(work_dir / f"stack-{name}"):
        return True
    try:
        work_dir.mkdir(parents=True, exist_ok=True)
        require_space(work_dir, MAKING_BYTES[name], f"stack {name}", "TOX_WORK_DIR")
    except NoSpace as error:
        print(error, file=sys.stderr)
        return False
    return True
