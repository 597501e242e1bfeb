"""The commands that measure a night again, or a single row of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from perf.history.night import Night, NightRow
from perf.measure.settings import DEFAULT_MODEL, preset

# By their names in a protocol.
OPTIONS = {
    "steps": "--steps",
    "warmup_steps": "--warmup-steps",
    "rounds": "--rounds",
    "budget_s": "--budget",
    "guidance_scale": "--guidance-scale",
    "seed": "--seed",
    "prompt": "--prompt",
}


def command_for(row: NightRow, night: Night) -> str:
    """Return the command that measures a row again as this night did."""
    again = command([row.base_name], night)
    return f"{again} {shlex.join(only(row.name))}" if row.setting else again


def only(name: str) -> list[str]:
    """Return pytest's options that choose one setting among those of a sweep; in brackets, no other name has it."""
    return ["-k", f"[{name}]"]


def command(names: Iterable[str], night: Night) -> str:
    """Return the command that measures rows again as this night did: those of these names, or all for none."""
    model = str(night.model["name"])
    usual, quick = (preset(model, quick=is_quick).to_json() for is_quick in (False, True))
    words = ["tox", "run", "-e", "perf", "--"]
    for name in names:
        words += ["--variant", name]
    if model != DEFAULT_MODEL:
        words += ["--model", model]
    if all(quick.get(field) == value for field, value in night.protocol.items()):
        return shlex.join([*words, "--quick"])
    wanted = {**night.protocol, **night.protocol.get("sweep", {})}
    words += ["--size", str(wanted["size"])]
    for field, option in OPTIONS.items():
        if field in wanted and wanted[field] != usual[field]:
            words += [option, str(wanted[field])]
    return shlex.join(words)
