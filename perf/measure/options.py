"""The command line of a measurement: pytest's options, read and checked as soon as pytest starts."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perf.errors import BadInput
from perf.host.interpreters import check_python, parse_overrides
from perf.measure import settings_file
from perf.measure.checkpoints import check_name
from perf.measure.settings import (
    BASELINES,
    DEADLINES,
    DEFAULT,
    DEFAULT_MODEL,
    PAIRS_BUDGET_S,
    QUICK,
    SESSIONS_KEPT,
    Judging,
    Settings,
)
from perf.measure.settings_file import Option
from perf.measure.tolerance_table import LEAST_PERCENT, MOST_PERCENT
from perf.measure.toml_file import check_percent
from perf.spec import ladder
from perf.spec.protocol import Deadlines, Protocol, Size
from perf.stats.machine_verdict import MACHINE_TOLERANCE
from perf.stats.paired_comparison import FEWEST_WORKERS
from perf.stats.verdict import MAX_SESSIONS

if TYPE_CHECKING:
    import pytest

SET_BY_QUICK = ("size", "steps", "warmup_steps", "rounds", "budget")
QUICK_HELP = (
    f"the ladder in a quarter of an hour on 2 cores: --size {QUICK.size} --steps {QUICK.steps} "
    f"--warmup-steps {QUICK.warmup_steps} --rounds {QUICK.rounds} --budget {QUICK.budget_s:g} where not given"
)
BUDGET_HELP = (
    f"end a variant's rounds after this time, never under 3 rounds ({DEFAULT.budget_s:g}; with --quick "
    f"{QUICK.budget_s:g}), or its pairs of two stacks, never under {FEWEST_WORKERS} pairs of workers "
    f"({PAIRS_BUDGET_S:g})"
)
REQUIRE_ALL_HELP = (
    "fail a row that cannot run here, has no baseline or is not decided; exit code 2 where undecided rows are all that "
    "fails (implied by pytest's --strict)"
)
SIZE_HELP = f"image size in pixels (the model's own, 512x512 for SD 1.5; with --quick {QUICK.size})"
JUDGE_HELP = (
    "in pairs with the stack that a row's baseline was accepted with where the software differs from it, by the "
    "baseline's sessions elsewhere (auto); always in pairs; or by the sessions alone (memory)"
)
FRESH_HELP = "most fresh workers to start for a row that may be slower (%(default)s)"


def add_options(parser: pytest.Parser) -> None:
    """Register the options, all with the default None, which says that the command line did not give them."""
    group = parser.getgroup("perf", "performance of Stable Diffusion")
    for option in declared():
        group.addoption(option.name, **option.attributes_without_default)


def declared() -> list[Option]:
    """Return the options in the order in which they are shown. Those that --quick sets have no default of their own."""
    options: list[Option] = []

    def add(name: str, **attributes: Any) -> None:
        options.append(Option(name, attributes))

    def add_for_one_run(name: str, **attributes: Any) -> None:
        options.append(Option(name, attributes, in_file=False))

    add("--quick", action="store_true", help=QUICK_HELP)
    add("--model", default=DEFAULT_MODEL, help="synthetic-sd15 (default), tiny, a Hub id, or a diffusers folder")
    add(
        "--variant",
        action="append",
        default=[],
        metavar="NAME",
        help="measure only this row, or rows like openvino-*; may be repeated",
    )
    add("--require-all", action="store_true", help=REQUIRE_ALL_HELP)
    add_for_one_run(
        "--stack", action="append", default=[], metavar="NAME=PYTHON", help="interpreter to use for a stack"
    )
    add("--size", metavar="WxH", help=SIZE_HELP)
    add("--steps", type=int, help=f"denoising steps of a timed generation {defaults('steps')}")
    add("--warmup-steps", type=int, metavar="STEPS", help=f"steps of a warm-up {defaults('warmup_steps')}")
    add("--rounds", type=int, help=f"timed generations per variant {defaults('rounds')}")
    add("--budget", type=float, metavar="SECONDS", help=BUDGET_HELP)
    add("--guidance-scale", type=float, default=DEFAULT.guidance_scale, help="classifier-free guidance (%(default)s)")
    add("--seed", type=int, default=DEFAULT.seed, help="seed of the starting latents (%(default)s)")
    add("--prompt", default=DEFAULT.prompt, help="the prompt (%(default)s)")
    add(
        "--load-deadline",
        type=float,
        default=DEADLINES.load_s,
        metavar="SECONDS",
        help="time allowed for loading (%(default)g)",
    )
    add(
        "--warmup-deadline",
        type=float,
        default=DEADLINES.warmup_s,
        metavar="SECONDS",
        help="time allowed for a warm-up (%(default)g)",
    )
    add(
        "--generation-deadline",
        type=float,
        default=DEADLINES.generation_s,
        metavar="SECONDS",
        help="time allowed for a generation (%(default)g)",
    )
    add("--wait", type=float, default=0.0, metavar="SECONDS", help="wait for another measurement on this machine")
    add_for_one_run("--markdown", type=Path, metavar="FILE", help="write the ladder as Markdown")
    add("--baselines", type=Path, default=BASELINES, metavar="FOLDER", help="compare with these (%(default)s)")
    add(
        "--judge",
        choices=[str(judging) for judging in Judging],
        default=str(Judging.AUTO),
        help=JUDGE_HELP,
    )
    add_for_one_run(
        "--update-baseline", action="store_true", help="record what is measured as baseline, instead of judging by it"
    )
    add_for_one_run("--why", metavar="REASON", help="the reason for --update-baseline, kept in the file")
    add("--sessions", type=int, default=1, help="workers to measure one after another with --update-baseline (1)")
    add_for_one_run(
        "--reference", type=Path, metavar="PYTHON", help="compare two stacks: the interpreter of the one in use"
    )
    add_for_one_run("--candidate", type=Path, metavar="PYTHON", help="and that of the candidate")
    add_for_one_run(
        "--asked",
        action="append",
        default=[],
        metavar="REQUIREMENT",
        help="requirement the candidate was made for, shown",
    )
    add_for_one_run("--json", type=Path, metavar="FILE", help="write the comparison's results")
    add(
        "--machine-tolerance",
        type=float,
        default=100 * MACHINE_TOLERANCE,
        metavar="PERCENT",
        help="fail test_machine where all rows of unchanged software are slower by more than this (%(default)g)",
    )
    add("--fresh", type=int, default=MAX_SESSIONS - 1, help=FRESH_HELP)
    return options


def defaults(name: str) -> str:
    """Return the two defaults of a setting of the protocol, as the help shows them."""
    return f"({getattr(DEFAULT, name)}; with --quick {getattr(QUICK, name)})"


def read(config: pytest.Config) -> Settings:
    """Return the settings of this run: the command line's, else the settings file's, else the defaults.

    Raises BadInput, which names the file where its own settings make no sense, whatever the command line says.
    """
    options = declared()
    given = {option.dest: getattr(config.option, option.dest) for option in options}
    is_strict = bool(config.getini("strict"))
    file = settings_file.find(config.rootpath, options)
    if file is None:
        return read_settings(layered(options, given, {}), is_strict=is_strict)
    try:
        usual = read_settings(layered(options, {}, file.values), is_strict=is_strict)
    except BadInput as error:
        raise BadInput(f"{file.place}: {str(error).removeprefix('--')}") from None
    wanted = read_settings(layered(options, given, file.values), is_strict=is_strict)
    return replace(wanted, usual=usual, settings_file=file.path, tolerances=file.tolerances)


def layered(options: Iterable[Option], given: Mapping[str, Any], in_file: Mapping[str, Any]) -> argparse.Namespace:
    """Return the value of each option: as given on the command line, else as in the file, else its default.

    --quick on the command line is as good as what it sets.
    """
    if given.get("quick"):
        in_file = {name: value for name, value in in_file.items() if name not in SET_BY_QUICK}
    values = {option.dest: option.default for option in options} | dict(in_file)
    values |= {name: value for name, value in given.items() if value is not None}
    return argparse.Namespace(**values)


def read_settings(option: argparse.Namespace, *, is_strict: bool) -> Settings:
    """Return the settings that these values of the options make. Raises BadInput.

    Args:
        option: what ``layered`` returns.
        is_strict: whether pytest is, which asks for --require-all as well.
    """
    check_name(option.model)
    stack_pair = check_stack_pair(option.reference, option.candidate)
    check_update(option.update_baseline, option.why)
    check_range("--sessions", option.sessions, 1, SESSIONS_KEPT)
    check_range("--fresh", option.fresh, 0, MAX_SESSIONS - 1)
    return Settings(
        model=option.model,
        variants=ladder.select(option.variant),
        stacks=dict.fromkeys(ladder.stacks(), stack_pair[0]) if stack_pair else parse_overrides(option.stack),
        size=read_size(option),
        protocol=read_protocol(option),
        deadlines=Deadlines(
            load_s=option.load_deadline,
            warmup_s=option.warmup_deadline,
            generation_s=option.generation_deadline,
        ),
        require_all=bool(option.require_all or is_strict),
        wait_s=option.wait,
        markdown=option.markdown,
        baselines=option.baselines.absolute(),
        why=option.why,
        sessions=option.sessions,
        fresh=option.fresh,
        machine_tolerance=check_percent("--machine-tolerance", option.machine_tolerance, LEAST_PERCENT, MOST_PERCENT),
        stack_pair=stack_pair,
        pairs_budget_s=PAIRS_BUDGET_S if option.budget is None else option.budget,
        judge=Judging(option.judge),
        json=option.json,
        asked=tuple(option.asked),
    )


def read_size(option: argparse.Namespace) -> Size | None:
    """Return the size that was asked for, or None for the model's own. Raises BadInput."""
    if option.size:
        return Size.parse(option.size)
    return QUICK.size if option.quick else None


def read_protocol(option: argparse.Namespace) -> Protocol:
    """Return the protocol, each value as given, else as --quick sets it, else the default.

    Its size is not the one to measure with: see ``read_size``. Raises BadInput.
    """
    preset = QUICK if option.quick else DEFAULT
    given = {
        "steps": option.steps,
        "warmup_steps": option.warmup_steps,
        "rounds": option.rounds,
        "budget_s": option.budget,
        "guidance_scale": option.guidance_scale,
        "seed": option.seed,
        "prompt": option.prompt,
    }
    return replace(preset, **{name: value for name, value in given.items() if value is not None})


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Raise BadInput unless the option's value is within these bounds."""
    if not least <= value <= most:
        raise BadInput(f"{name} {value}: must be {least} to {most}")


def check_stack_pair(reference: Path | None, candidate: Path | None) -> tuple[Path, Path] | None:
    """Return the reference's and the candidate's interpreter, or None if neither was given. Raises BadInput."""
    if reference is None and candidate is None:
        return None
    if reference is None or candidate is None:
        raise BadInput("--reference and --candidate come together: the interpreters of the two stacks to compare")
    return check_python("--reference", reference), check_python("--candidate", candidate)


def check_update(updates: bool, why: str | None) -> None:
    """Raise BadInput unless --update-baseline and --why come together."""
    if updates and not (why and why.strip()):
        raise BadInput('--update-baseline needs --why "REASON": it is kept in the file, for whoever asks later')
    if why is not None and not updates:
        raise BadInput("--why says why a baseline is updated; without --update-baseline nothing is written")
