"""``python -m perf evaluate``: false alarms, detection and silent misses of the gate, on recorded sessions."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import natural, positive, terminal_width
from perf.exit_codes import ExitCode
from perf.host.output_file import check_output_file
from perf.lab import pool, score_plot, score_tables, series
from perf.lab.evaluate import TRIALS, evaluate
from perf.lab.ladder_evaluation import LADDER_TRIALS, Case, Recorded, evaluate_ladder, ladder_name
from perf.lab.noise import noise
from perf.lab.scores import Score
from perf.lab.trials import BASELINE_SESSIONS, ORDERS, check_length
from perf.records.session_record import SessionRecord
from perf.report import ladder_plot
from perf.report.tables import wrapped

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


@dataclass(frozen=True, kw_only=True)
class EvaluationTask:
    """One series in one order, for a process of its own."""

    name: str
    sessions: Sequence[SessionRecord]
    order: str
    trials: int
    baseline_sessions: int


@dataclass(frozen=True, kw_only=True)
class LadderTask:
    """All series as one ladder, in one order and with one or all rows slower, for a process of its own."""

    recorded: Recorded
    case: Case
    trials: int
    baseline_sessions: int


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("evaluate", help="false alarms and detection of the gate, on recorded sessions")
    add = parser.add_argument
    add("series", type=Path, nargs="+", help="identical sessions, a JSON object a line")
    add("--order", choices=ORDERS, action="append", help="where the new sessions lie; may be repeated (all orders)")
    add("--trials", type=positive, default=TRIALS, help="draws per series and order (%(default)s)")
    add(
        "--ladder-trials",
        type=natural,
        default=LADDER_TRIALS,
        metavar="N",
        help="draws per order of all series as rows of one ladder, where several are given (%(default)s; 0: none)",
    )
    add(
        "--baseline-sessions",
        type=positive,
        default=BASELINE_SESSIONS,
        metavar="N",
        help="sessions of a baseline, at most, where a series has as many (%(default)s)",
    )
    add("--jobs", type=positive, default=pool.usable_cpus(), help="processes at work (one per CPU)")
    add("--json", type=Path, metavar="FILE", help="write the scores")
    add("--plot", type=Path, metavar="FILE", help="draw them, as PNG or SVG")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the scores of each series in each order, and write or draw them where asked. Raises BadInput."""
    check_outputs(options)
    recorded = {name: series.read(path) for name, path in by_name(options.series).items()}
    for name, sessions in recorded.items():
        check_length(name, sessions)
    scores = evaluate_each(recorded, options)
    if len(recorded) > 1 and options.ladder_trials:
        scores += evaluate_together(recorded, options)
    print("\n".join(score_tables.NOTES) + "\n")
    print(score_tables.summary(scores, terminal_width()))
    print("\n".join(score_tables.SUMMARY_NOTES))
    if options.json:
        score_tables.write_json(options.json, scores)
    if options.plot:
        score_plot.plot(options.plot, scores)
    return ExitCode.OK


def check_outputs(options: argparse.Namespace) -> None:
    """Raise BadInput, before minutes of work, for a file that cannot be written."""
    if options.json:
        check_output_file("--json", options.json)
    if options.plot:
        check_output_file("--plot", ladder_plot.check_output("--plot", options.plot))


def evaluate_each(recorded: Recorded, options: argparse.Namespace) -> list[Score]:
    """Evaluate each series alone, in each order, and print the scores as they come."""
    tasks = [
        EvaluationTask(
            name=name,
            sessions=sessions,
            order=order,
            trials=options.trials,
            baseline_sessions=options.baseline_sessions,
        )
        for name, sessions in recorded.items()
        for order in orders(options)
    ]
    scores: list[Score] = []
    shown: set[str] = set()
    with contextlib.closing(pool.results(evaluate_task, tasks, options.jobs)) as results:
        for task, of_task in zip(tasks, results, strict=True):
            if task.name not in shown:
                show_noise(task)
                shown.add(task.name)
            show_scores(task, of_task)
            scores += of_task
    return scores


def evaluate_together(recorded: Recorded, options: argparse.Namespace) -> list[Score]:
    """Evaluate all series as one ladder, in each order, and print the scores as they come."""
    tasks = [
        LadderTask(
            recorded=recorded,
            case=Case(order=order, all_slower=all_slower),
            trials=options.ladder_trials,
            baseline_sessions=options.baseline_sessions,
        )
        for order in orders(options)
        for all_slower in (False, True)
    ]
    scores: list[Score] = []
    with contextlib.closing(pool.results(evaluate_ladder_task, tasks, options.jobs)) as results:
        for task, of_task in zip(tasks, results, strict=True):
            show_ladder_scores(task, of_task)
            scores += of_task
    return scores


def orders(options: argparse.Namespace) -> list[str]:
    """Return the orders that were asked for, each once; all of them where none was."""
    return list(dict.fromkeys(options.order or ORDERS))


def evaluate_task(task: EvaluationTask) -> list[Score]:
    """Evaluate one series in one order."""
    return evaluate(task.name, task.sessions, task.order, trials=task.trials, baseline_sessions=task.baseline_sessions)


def evaluate_ladder_task(task: LadderTask) -> list[Score]:
    """Evaluate the ladder in one order, with one or all rows slower."""
    return evaluate_ladder(task.recorded, task.case, trials=task.trials, baseline_sessions=task.baseline_sessions)


def show_noise(task: EvaluationTask) -> None:
    """Print what is known of a series before its first table."""
    for line in f"{task.name}: {noise(task.sessions)}".splitlines():
        print("\n".join(wrapped(line, terminal_width())))


def show_scores(task: EvaluationTask, scores: Sequence[Score]) -> None:
    """Print the tables of one series in one order."""
    print(f"\n{task.name}, {task.order}: {scores[0].baseline_sessions} sessions of baseline, {task.trials} draws")
    print(score_tables.tables(scores, terminal_width()) + "\n", flush=True)


def show_ladder_scores(task: LadderTask, scores: Sequence[Score]) -> None:
    """Print the table of a ladder in one order, with one or all rows slower."""
    slower = "all rows slower" if task.case.all_slower else "one row slower"
    print(f"\n{ladder_name(task.recorded)}, {task.case.order}, {slower}: {task.trials} draws")
    print("\n".join(score_tables.ladder_table(scores, terminal_width())) + "\n", flush=True)


def by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Name each file by its stem, or by its whole path where two have the same stem."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): path for path in paths}
