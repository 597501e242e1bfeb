"""The regressions that are known, in a file beside the baselines: ``baselines/known.toml``.

::

    [[known]]
    row = "openvino-*"            # a row's name, or a pattern of names
    quantity = "latency"          # one that is watched; latency unless given
    up_to = 4                     # percent, the most that is known
    why = "https://..."           # with a link
    until = 2026-12-31            # the last day
    machine = "sapphire-rapids*"  # pattern of codenames; all unless given
"""

from __future__ import annotations

import datetime
import fnmatch
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from perf.errors import BadInput, UnknownName
from perf.gate.known import KnownRegression, KnownRegressions
from perf.host.cpu import GENERATIONS
from perf.measure.tolerance_table import LEAST_PERCENT, MOST_PERCENT, check_quantity
from perf.measure.toml_file import check_keys, check_percent, check_type, naming, read
from perf.spec import ladder
from perf.spec.sweep import base_names
from perf.spec.variant import Variant
from perf.stats.watch import LATENCY

FILE = "known.toml"
REQUIRED = ("row", "up_to", "why", "until")
OPTIONAL = ("quantity", "machine")
LINK = re.compile(r"\bhttps?://\S")
UNNAMED = re.compile(r"\w+-\d+-\d+(-like)?")  # the codename of a CPU that is not known


def find(
    folder: Path, codename: str, rows: Sequence[Variant] = ladder.LADDER, variants: Iterable[Variant] = ()
) -> KnownRegressions:
    """Return the known regressions beside these baselines that are of this machine, by its codename.

    Args:
        folder: where the baselines are.
        codename: the machine's.
        rows: all that there are, those of one's own among them.
        variants: the run's; what is known of a row is known of its settings in a sweep.

    Raises:
        BadInput: There is a mistake in an entry, for whatever machine; it names the file and the entry.
    """
    path = folder / FILE
    if not os.path.lexists(path):  # a link to nothing is a mistake, not no file
        return KnownRegressions(path)
    table = read(path)
    with naming(path):
        entries = _parse(table, rows)
    here = tuple(entry for entry in entries if fnmatch.fnmatchcase(codename, entry.machine))
    return KnownRegressions(path, here, base_names(variants))


def _parse(table: dict[str, Any], rows: Sequence[Variant]) -> list[KnownRegression]:
    check_keys(table, required=(), optional=("known",))
    if isinstance(table.get("known"), dict):
        raise BadInput("each entry begins with [[known]], in double brackets")
    entries = []
    for number, entry in enumerate(check_type("known", table.get("known", []), list), 1):
        with naming(f"entry {number}"):
            entries.append(_entry(check_type("known", entry, dict), rows))
    return entries


def _entry(entry: dict[str, Any], rows: Sequence[Variant]) -> KnownRegression:
    check_keys(entry, REQUIRED, OPTIONAL)
    row = check_type("row", entry["row"], str)
    ladder.select([row], rows)
    why = check_type("why", entry["why"], str)
    if not LINK.search(why):
        raise BadInput("why has no link (https://...) to where the regression is tracked")
    return KnownRegression(
        row=row,
        quantity=check_quantity(check_type("quantity", entry.get("quantity", LATENCY.name), str)),
        up_to=check_percent("up_to", entry["up_to"], LEAST_PERCENT, MOST_PERCENT),
        why=" ".join(why.split()),
        until=check_type("until", entry["until"], datetime.date),
        machine=_machine(check_type("machine", entry.get("machine", "*"), str)),
    )


def _machine(pattern: str) -> str:
    """Return a pattern of codenames, if there is a CPU that it can be of. Raises UnknownName."""
    names = [generation.name for generation in GENERATIONS]
    codenames = [*names, *(f"{name}-like" for name in names)]
    generation = pattern.partition("-without-")[0]  # the instruction sets that a cloud has switched off are any
    if not fnmatch.filter(codenames, generation) and not UNNAMED.fullmatch(pattern):
        raise UnknownName("machine", pattern, codenames)
    return pattern
