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
    return command([row.name], night)


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
    words += ["--size", str(night.protocol["size"])]
    for field, option in OPTIONS.items():
        if field in night.protocol and night.protocol[field] != usual[field]:
            words += [option, str(night.protocol[field])]
    return shlex.join(words)
