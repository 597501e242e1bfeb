"""What the commands' parsers share: the exit code of a usage error, types of arguments, a common option."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from perf.exit_codes import ExitCode

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]  # argparse has no public name for it


class Parser(argparse.ArgumentParser):
    """An argument parser that ends with the exit code of bad input; argparse's own is 2."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit."""
        self.print_usage(sys.stderr)
        self.exit(ExitCode.BAD_INPUT, f"{self.prog}: error: {message}\n")


def positive(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def natural(text: str) -> int:
    """Read a whole number, 0 or above."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or above")
    return int(text)


def add_baselines(parser: Parser) -> None:
    """Add the option for the folder of baselines."""
    from perf.measure.settings import BASELINES  # noqa: PLC0415 - heavy: scipy

    parser.add_argument(
        "--baselines",
        type=Path,
        default=BASELINES,
        metavar="FOLDER",
        help="where they are (baselines/ of this project)",
    )


def reason(text: str) -> str:
    """Read a reason, which must say something."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; the reason is kept in the file, for whoever asks later")
    return text


def terminal_width() -> int:
    """Return the columns of the terminal, or 100 for a log."""
    return shutil.get_terminal_size((100, 24)).columns
