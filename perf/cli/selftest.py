"""``python -m perf selftest``: false alarms and detection of the gate, measured on this machine."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import positive, terminal_width
from perf.cli.upgrade_check import file_of_settings
from perf.errors import BadInput
from perf.exit_codes import ExitCode
from perf.host import interpreters
from perf.host.machine import this_machine
from perf.lab import score_tables, selftest
from perf.lab.noise import noise
from perf.lab.trials import MIN_SESSIONS
from perf.measure import settings
from perf.measure.progress import Progress
from perf.measure.settings import DEFAULT_MODEL, Settings, preset
from perf.spec import ladder
from perf.spec.protocol import Size
from perf.stats.mixture import Mixture
from perf.stats.verdict import percent

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

DEFAULT_ROW = "openvino-static"


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("selftest", help="false alarms and detection of the gate, measured on this machine")
    add = parser.add_argument
    add("--variant", action="append", default=[], metavar="NAME", help=f"row to try; may be repeated ({DEFAULT_ROW})")
    add("--model", default=DEFAULT_MODEL, help="model, as for the ladder (%(default)s)")
    add("--size", type=Size.parse, default=Size(256, 256), metavar="WxH", help="image size in pixels (%(default)s)")
    add("--steps", type=positive, default=20, help="denoising steps of the identical sessions (%(default)s)")
    add("--more-steps", type=positive, default=1, help="steps that the slowed sessions make on top (%(default)s)")
    add("--rounds", type=positive, default=5, help="timed generations a session (%(default)s)")
    add("--sessions", type=positive, default=12, help="sessions of either kind (%(default)s)")
    add("--stack", action="append", default=[], metavar="NAME=PYTHON", help="interpreter to use for a stack")
    add("--wait", type=float, default=0.0, metavar="SECONDS", help="wait for another measurement on this machine")
    add("--keep", type=Path, metavar="FOLDER", help="keep the sessions, as input for evaluate")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Measure identical and slowed sessions of each row, and print the scores. Raises a PerfError."""
    if options.sessions < MIN_SESSIONS:
        raise BadInput(f"--sessions {options.sessions}: must be at least {MIN_SESSIONS}")
    wanted = settings_of(options)
    print(f"machine: {this_machine()}")
    progress = Progress(sys.stderr)
    for result in selftest.measure(wanted, options.sessions, options.more_steps, options.keep, progress):
        show_result(result, options)
    return ExitCode.OK


def settings_of(options: argparse.Namespace) -> Settings:
    """Return what is to be measured; the settings file is asked for rows and stacks alone. Raises BadInput."""
    file = file_of_settings()
    rows = file.ladder if file else ladder.LADDER
    return settings.for_selftest(
        model=options.model,
        variants=ladder.select(options.variant or [DEFAULT_ROW], rows),
        stacks={
            **(file.stacks if file else {}),
            **interpreters.parse_overrides(options.stack, ladder.stacks(rows)),
        },
        size=options.size,
        protocol=replace(preset(options.model), size=options.size, steps=options.steps, rounds=options.rounds),
        wait_s=options.wait,
    )


def show_result(result: selftest.SelftestResult, options: argparse.Namespace) -> None:
    """Print what was measured of one row, what was planted in it, and the scores of each rule."""
    print(
        f"\n{result.variant.name}, {options.size}: {len(result.identical)} sessions of {options.steps} steps and "
        f"{len(result.slowed)} of {options.steps + options.more_steps}, {options.rounds} rounds each"
    )
    measured = result.measured_shift
    print(f"planted: {result.slowdown_percent:+.1f} % of the steps; measured: {_described(measured)}")
    scores = selftest.scores(result)
    print(f"identical sessions: {noise(result.identical)}")
    print(f"{scores[0].trials} draws, {scores[0].baseline_sessions} sessions of baseline")
    print(score_tables.tables(scores, terminal_width()))
    print("\n".join(score_tables.NOTES))


def _described(measured: Mixture | None) -> str:
    if measured is None:
        return "nothing, every round was disturbed"
    low, median, high = (percent(math.exp(measured.quantile(p))) for p in (0.05, 0.5, 0.95))
    return f"{median} ({low} to {high})"
