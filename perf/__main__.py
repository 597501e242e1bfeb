"""The commands beside the suite: what the machine is, and how good the gate is, on recorded sessions and here."""

from __future__ import annotations

import argparse
import math
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from perf.cli import upgrade
from perf.errors import PerfError
from perf.gate import store
from perf.gate.baseline import BaselineKey
from perf.host import advice, stack
from perf.host.machine import this_machine
from perf.lab import curves, selftest, series
from perf.lab.evaluate import ORDERS, TRIALS, Score, evaluate, noise
from perf.measure import settings
from perf.measure.progress import Progress
from perf.measure.settings import BASELINES, DEFAULT_MODEL
from perf.report import explain
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from perf.stats.verdict import percent

BAD_INPUT = 2
INTERRUPTED = 130  # as shells say it
SELFTEST_ROW = "openvino-static"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a user's mistake is one line on stderr and exit code 2."""
    try:
        options = parsed(arguments)
        options.run(options)
    except BrokenPipeError:  # ended by `| head`
        sys.stderr.close()
    except (PerfError, OSError) as error:  # what was asked for, or a file that cannot be written
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; options that only pytest knows are allowed where a command hands them on."""
    options, others = parser().parse_known_args(arguments)
    if options.run is run_upgrade:
        options.others = others
    elif others:
        parser().parse_args(arguments)  # says which it does not know
    return options


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="python -m perf", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    compared = commands.add_parser(
        "upgrade",
        help="compare a stack with another, in turns",
        epilog="Other options go to pytest.",
        allow_abbrev=False,
    )
    upgrade.add_options(compared)
    compared.set_defaults(run=run_upgrade)

    machine = commands.add_parser("machine", help="what this machine is, and which baselines are its own")
    machine.add_argument("--check", action="store_true", help="also say what makes it a poor one to measure on")
    machine.add_argument("--baselines", type=Path, default=BASELINES, metavar="FOLDER", help="(%(default)s)")
    machine.set_defaults(run=show_machine)

    judged = commands.add_parser("evaluate", help="false alarms and detection of the gate, on recorded sessions")
    judged.add_argument("series", type=Path, nargs="+", help="identical sessions, a JSON object a line")
    judged.add_argument("--order", choices=ORDERS, default=ORDERS[0], help="where the new sessions lie (%(default)s)")
    judged.add_argument("--trials", type=positive, default=TRIALS, help="draws per series (%(default)s)")
    judged.add_argument("--json", type=Path, metavar="FILE", help="write the scores")
    judged.add_argument("--plot", type=Path, metavar="FILE", help="draw them, as PNG or SVG")
    judged.set_defaults(run=run_evaluation)

    explained = commands.add_parser("explain", help="what a recorded run shows: claims, kernels, the machine's limit")
    explained.add_argument("recorded", type=Path, metavar="RUN.json", help="as kept under results/")
    explained.add_argument("--against", type=Path, metavar="OTHER.json", help="say what differs from this run")
    explained.set_defaults(run=run_explanation)

    tried = commands.add_parser("selftest", help="false alarms and detection of the gate, measured on this machine")
    tried.add_argument("--variant", action="append", default=[], metavar="NAME", help=f"row to try ({SELFTEST_ROW})")
    tried.add_argument("--model", default=DEFAULT_MODEL, help="as for the ladder (%(default)s)")
    tried.add_argument("--size", type=Size.parse, default=Size(256, 256), metavar="WxH", help="(%(default)s)")
    tried.add_argument("--steps", type=positive, default=20, help="of the identical sessions (%(default)s)")
    tried.add_argument("--more-steps", type=positive, default=1, help="of the slowed ones, on top (%(default)s)")
    tried.add_argument("--rounds", type=positive, default=5, help="timed generations a session (%(default)s)")
    tried.add_argument("--sessions", type=positive, default=12, help="of either kind (%(default)s)")
    tried.add_argument("--stack", action="append", default=[], metavar="NAME=PYTHON", help="as for the ladder")
    tried.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="wait for another measurement")
    tried.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the sessions, as input for evaluate")
    tried.set_defaults(run=run_selftest)
    return whole


def positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def show_machine(options: argparse.Namespace) -> None:
    machine = this_machine()
    for name, value in {**machine.fingerprint, **machine.particulars}.items():
        print(f"{name:22} {'-' if value is None else value}")
    print(f"{'':22} {machine.codename.reason}")
    print("\nbaselines")
    show_baselines(options.baselines, BaselineKey(machine=machine.fingerprint, model={}, protocol={}))
    if options.check:
        print("\nto measure better here")
        found = advice.complaints(machine, advice.other_load())
        print("\n".join(f"  {complaint}" for complaint in found) or "  nothing to mend")


def show_baselines(folder: Path, here: BaselineKey) -> None:
    """Which files are of this machine, and for the others the first field that differs."""
    known = list(store.why_not(folder, lambda setting: setting.machine_differences(here)))
    for path, differences in known:
        shown = path.relative_to(folder)
        print(f"  {shown}: {'this machine' if not differences else f'why_not: {differences[0]}'}")
        for other in differences[1:3]:
            print(f"    and {other}")
    if not known:
        shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        print(f"  none in {shown}; `tox -e perf -- --update-baseline --why REASON` records one")


def run_evaluation(options: argparse.Namespace) -> None:
    if options.plot:
        curves.check_plot(options.plot)
    scores: list[Score] = []
    stems = [path.stem for path in options.series]
    named = {path.stem if stems.count(path.stem) == 1 else str(path): path for path in options.series}
    for name, recorded in [(name, series.read(path)) for name, path in named.items()]:
        scores += evaluate(name, recorded, trials=options.trials, order=options.order)
        print(f"{name}: {noise(recorded)}")
        print(curves.table([one for one in scores if one.series == name], width()) + "\n")
    print("\n".join(curves.notes(scores, options.trials, options.order)))
    if options.json:
        curves.write_json(options.json, scores)
    if options.plot:
        curves.plot(options.plot, scores)


def width() -> int:
    """Columns of the terminal, or of a log."""
    return shutil.get_terminal_size((100, 24)).columns


def run_explanation(options: argparse.Namespace) -> None:
    rows = explain.read(options.recorded)
    if options.against is None:
        print("\n".join(explain.summary(rows, width())))
        for row in rows:
            print("\n".join(["", *explain.explain(row)]))
        return
    others = {row.name: row for row in explain.read(options.against)}
    for row in rows:
        if row.name in others:
            print("\n".join(explain.against(row, others[row.name])) + "\n")
        else:
            print(f"{row.name}: not in {options.against}\n")


def run_upgrade(options: argparse.Namespace) -> None:
    """Its exit codes are those of pytest, which does the comparing."""
    try:
        sys.exit(upgrade.run(options, options.others))
    except PerfError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(upgrade.BAD_INPUT)


def run_selftest(options: argparse.Namespace) -> None:
    wanted = settings.of(
        model=options.model,
        variants=ladder.select(options.variant or [SELFTEST_ROW]),
        stacks=stack.parse_overrides(options.stack),
        size=options.size,
        protocol=Protocol(size=options.size, steps=options.steps, rounds=options.rounds),
        wait_s=options.wait,
    )
    print(f"machine: {this_machine()}")
    for tried in selftest.measure(wanted, options.sessions, options.more_steps, options.keep, Progress(sys.stderr)):
        show_trial(tried, options)


def show_trial(tried: selftest.Tried, options: argparse.Namespace) -> None:
    """What was measured of one row, what was planted in it, and what each rule says."""
    print(
        f"\n{tried.variant.name}, {options.size}: {len(tried.identical)} sessions of {options.steps} steps and "
        f"{len(tried.slowed)} of {options.steps + options.more_steps}, {options.rounds} rounds each"
    )
    found = tried.measured_shift
    low, mean, high = (percent(math.exp(found.quantile(p))) for p in (0.05, 0.5, 0.95))
    print(f"planted: {tried.slowdown_percent:+.1f} % of the steps; measured: {mean} ({low} to {high})")
    scores = selftest.scores(tried)
    print(f"identical sessions: {noise(tried.identical)}")
    print(curves.table(scores, shutil.get_terminal_size((100, 24)).columns))
    print("\n".join(curves.notes(scores, selftest.TRIALS, "shuffled")))


if __name__ == "__main__":
    sys.exit(main())
