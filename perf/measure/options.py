"""The command line of a measurement: pytest's options, read and checked as soon as pytest starts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perf.errors import BadInput
from perf.host import linux
from perf.host.interpreters import check_python, parse_overrides
from perf.host.placement import Place, place
from perf.host.regular_file import read_text
from perf.host.topology import cores
from perf.measure import settings_file
from perf.measure.checkpoints import check_name
from perf.measure.declared_options import declared
from perf.measure.settings import PAIRS_BUDGET_S, QUICK, SESSIONS_KEPT, Judging, Settings, preset
from perf.measure.settings_file import Option, SettingsFile
from perf.measure.tolerance_table import LEAST_PERCENT, MOST_PERCENT
from perf.measure.toml_file import check_percent
from perf.spec import ladder
from perf.spec.calibration import PROMPTS
from perf.spec.protocol import Deadlines, Protocol, Size, Sweep, parse_sizes, parse_steps
from perf.spec.same_image import image_differences
from perf.spec.sweep import base_names, settings_of
from perf.spec.variant import Variant
from perf.stats.verdict import MAX_SESSIONS

if TYPE_CHECKING:
    import pytest

MAX_PROMPTS_BYTES = 1024**2
SET_BY_QUICK = ("size", "steps", "warmup_steps", "rounds", "budget")


def add_options(parser: pytest.Parser) -> None:
    """Register the options, all with the default None, which says that the command line did not give them."""
    group = parser.getgroup("perf", "performance of Stable Diffusion")
    for option in declared():
        group.addoption(option.name, **option.attributes_without_default)


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
        usual = read_settings(layered(options, {}, file.values), is_strict=is_strict, file=file)
    except BadInput as error:
        raise BadInput(f"{file.place}: {str(error).removeprefix('--')}") from None
    wanted = read_settings(layered(options, given, file.values), is_strict=is_strict, file=file)
    tolerances = replace(file.tolerances, base_names=base_names(wanted.variants))
    return replace(wanted, usual=usual, settings_file=file.path, tolerances=tolerances)


def layered(options: Iterable[Option], given: Mapping[str, Any], in_file: Mapping[str, Any]) -> argparse.Namespace:
    """Return the value of each option: as given on the command line, else as in the file, else its default.

    --quick on the command line is as good as what it sets.
    """
    if given.get("quick"):
        in_file = {name: value for name, value in in_file.items() if name not in SET_BY_QUICK}
    values = {option.dest: option.default for option in options} | dict(in_file)
    values |= {name: value for name, value in given.items() if value is not None}
    return argparse.Namespace(**values)


def read_settings(option: argparse.Namespace, *, is_strict: bool, file: SettingsFile | None = None) -> Settings:
    """Return the settings that these values of the options make. Raises BadInput.

    Args:
        option: what ``layered`` returns.
        is_strict: whether pytest is, which asks for --require-all as well.
        file: the settings file, whose rows and stacks there are beside the suite's own.
    """
    rows = file.ladder if file else ladder.LADDER
    check_name(option.model)
    stack_pair = check_stack_pair(option.reference, option.candidate)
    variants, protocol = ladder.select(option.variant, rows), read_protocol(option)
    instances = read_instances(option)
    check_update(option.update_baseline, option.why)
    check_range("--sessions", option.sessions, 1, SESSIONS_KEPT)
    check_range("--fresh", option.fresh, 0, MAX_SESSIONS - 1)
    return Settings(
        model=option.model,
        variants=settings_of(variants, protocol.sweep),
        ladder=rows,
        stacks=read_stacks(option, file, ladder.stacks(rows), stack_pair),
        size=read_size(option),
        protocol=replace(protocol, instances=tuple(map(len, instances))),
        instances=instances,
        asked_instances=asked_instances(option),
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
        against=check_against(option, variants, rows),
        pairs_budget_s=PAIRS_BUDGET_S if option.budget is None else option.budget,
        judge=Judging(option.judge),
        history=option.history,
        notify=check_webhook(option.notify),
        report=check_page(option.report),
        resume=option.resume,
        memory_node=check_node(option.memory_node),
        json=option.json,
        asked=tuple(option.asked),
        calibration_prompts=read_prompts(option.calibration_prompts),
    )


def asked_instances(option: argparse.Namespace) -> str | None:
    """Return the instances that were asked for, one for a batch alone, or None where no throughput is measured."""
    return "1" if option.instances is None and option.batch is not None else option.instances


def read_instances(option: argparse.Namespace) -> tuple[Place, ...]:
    """Return the CPUs of each instance, none where no throughput is measured. Raises BadInput."""
    asked = asked_instances(option)
    return () if asked is None else place(asked, cores(os.sched_getaffinity(0)))


def read_stacks(
    option: argparse.Namespace,
    file: SettingsFile | None,
    known: Sequence[str],
    stack_pair: tuple[Path, Path] | None,
) -> dict[str, Path]:
    """Return the interpreters that were given, by stack: of a comparison, or the command line's and the file's."""
    if stack_pair:
        return dict.fromkeys(known, stack_pair[0])
    return {**(file.stacks if file else {}), **parse_overrides(option.stack, known)}


def read_size(option: argparse.Namespace) -> Size | None:
    """Return the size that was asked for, of a sweep the first, or None for the model's own. Raises BadInput."""
    if option.size is None:
        return QUICK.size if option.quick else None
    first, *_ = read_sweep(option).sizes or parse_sizes(option.size)
    return first


def read_sweep(option: argparse.Namespace) -> Sweep:
    """Return the sizes and the steps of which several were asked for. Raises BadInput."""
    sizes = () if option.size is None else parse_sizes(option.size)
    steps = () if option.steps is None else parse_steps(str(option.steps))
    return Sweep.of(sizes, steps)


def read_protocol(option: argparse.Namespace) -> Protocol:
    """Return the protocol, each value as given, else the model's own, else as --quick sets it, else the default.

    Its size is not the one to measure with: see ``read_size``. Raises BadInput.
    """
    usual, sweep = preset(option.model, quick=option.quick), read_sweep(option)
    given = {
        "sweep": sweep,
        "steps": read_steps(option, sweep),
        "warmup_steps": option.warmup_steps,
        "rounds": option.rounds,
        "budget_s": option.budget,
        "guidance_scale": option.guidance_scale,
        "seed": option.seed,
        "prompt": option.prompt,
        "batch": option.batch,
    }
    return replace(usual, **{name: value for name, value in given.items() if value is not None})


def read_steps(option: argparse.Namespace, sweep: Sweep) -> int | None:
    """Return the steps that were asked for, of a sweep the first, or None for the usual ones. Raises BadInput."""
    if option.steps is None:
        return None
    first, *_ = sweep.steps or parse_steps(str(option.steps))
    return first


def read_prompts(path: Path | None) -> tuple[str, ...]:
    """Return the prompts in a file, one a line, or the suite's own for none. Raises BadInput if the file has none."""
    if path is None:
        return PROMPTS
    try:
        lines = read_text(path, MAX_PROMPTS_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--calibration-prompts {path}: {getattr(error, 'strerror', None) or error}") from None
    prompts = tuple(stripped for line in lines if (stripped := line.strip()))
    if not prompts:
        raise BadInput(f"--calibration-prompts {path}: holds no prompt; write one a line, two or more for any use")
    return prompts


def check_webhook(address: str | None) -> str | None:
    """Return the address of a webhook. Raises BadInput for one that is not of the web."""
    if address is not None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"--notify {address!r}: give an address like https://host/path")
    return address


def check_page(path: Path | None) -> Path | None:
    """Return the file of a page. Raises BadInput for a name that no browser opens as one."""
    if path is not None and path.suffix != ".html":
        raise BadInput(f"--report {path}: the name must end in .html")
    return path


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Raise BadInput unless the option's value is within these bounds."""
    if not least <= value <= most:
        raise BadInput(f"{name} {value}: must be {least} to {most}")


def check_node(number: int | None) -> int | None:
    """Return the number of a NUMA node of this machine, or None. Raises BadInput, which names those that there are."""
    if number is not None and number not in (known := linux.numa_nodes()):
        raise BadInput(f"--memory-node {number}: this machine has {', '.join(map(str, sorted(known))) or 'none'}")
    return number


def check_stack_pair(reference: Path | None, candidate: Path | None) -> tuple[Path, Path] | None:
    """Return the reference's and the candidate's interpreter, or None if neither was given. Raises BadInput."""
    if reference is None and candidate is None:
        return None
    if reference is None or candidate is None:
        raise BadInput("--reference and --candidate come together: the interpreters of the two stacks to compare")
    return check_python("--reference", reference), check_python("--candidate", candidate)


def check_against(option: argparse.Namespace, variants: Iterable[Variant], rows: Sequence[Variant]) -> Variant | None:
    """Return the row that these are to be compared with, or None. Raises BadInput where they cannot be."""
    name = option.against
    if name is None:
        return None
    if option.reference or option.candidate:
        raise BadInput("--against: rows are compared in their own stacks; leave out --reference and --candidate")
    if option.report:
        raise BadInput("--report: a comparison of rows is on no page; leave it out")
    reference, *others = ladder.select([name], rows)
    if others:
        raise BadInput(f"--against {name}: names {1 + len(others)} rows; give one")
    for variant in variants:
        if differences := image_differences(reference, variant):
            raise BadInput(
                f"{variant.name} does not make the same image as {reference.name} ({'; '.join(differences)}): "
                "their seconds say nothing about speed"
            )
    return reference


def check_update(updates: bool, why: str | None) -> None:
    """Raise BadInput unless --update-baseline and --why come together."""
    if updates and not (why and why.strip()):
        raise BadInput('--update-baseline needs --why "REASON": it is kept in the file, for whoever asks later')
    if why is not None and not updates:
        raise BadInput("--why says why a baseline is updated; without --update-baseline nothing is written")
