"""Kept pairs of one row, as data to be read again: everything that pairs of workers have measured, in a file.

The first line of the file is about the row; each line after it is a pair. Turns are kept as columns, and numbers with
the digits that are worth keeping, so that a row of fifty pairs takes a hundred kilobytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from perf.errors import BadRecord, BadSeries
from perf.host.regular_file import read_text
from perf.records.session_record import rounded
from perf.records.strict_json import parse
from perf.records.typed_json import convert
from perf.stats.pairs import Pair

SCHEMA = 1
MAX_BYTES = 64 * 1024**2
SIDES = ("reference", "candidate")


@dataclass(frozen=True, kw_only=True)
class Workers:
    """One pair of workers: the seconds that it took to start them, and what they made, in order."""

    start_s: float
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True)
class KeptRow:
    """The pairs of one row.

    Attributes:
        row: the variant's name.
        planted_percent: how much more work the candidate's workers did.
        is_busy: whether other work ran beside them.
        measured: the machine, the model and the protocol, as a person reads them.
        workers: those that were started, in order; the candidate was started first in the first pair of them.
    """

    row: str
    planted_percent: float
    is_busy: bool
    measured: str
    workers: tuple[Workers, ...]

    @classmethod
    def of(cls, pairs: Sequence[Pair], starts_s: Sequence[float], **about: Any) -> Self:
        """Return the row of these pairs; ``about`` are the other fields."""
        workers = [
            Workers(start_s=start_s, pairs=tuple(pair for pair in pairs if pair.workers == number))
            for number, start_s in enumerate(starts_s, 1)
        ]
        return cls(workers=tuple(workers), **about)

    def write(self, path: Path) -> None:
        """Write the row to a file, which ``read`` reads."""
        about = asdict(self) | {"schema": SCHEMA, "workers": None}
        del about["workers"]
        about["starts_s"] = [workers.start_s for workers in self.workers]
        lines = [about, *(_pair_to_json(pair) for workers in self.workers for pair in workers.pairs)]
        path.write_text("".join(json.dumps(_shortened(line)) + "\n" for line in lines), encoding="utf-8")


def read(path: Path) -> KeptRow:
    """Read a file that ``KeptRow.write`` wrote. Raises BadSeries, which names the file."""
    try:
        about, *lines = map(parse, read_text(path, MAX_BYTES).splitlines())
        if about.pop("schema") != SCHEMA:
            raise BadSeries(f"{path}: is not of schema {SCHEMA}")
        return KeptRow.of([_pair_from_json(line) for line in lines], **about)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, BadRecord) as error:
        raise BadSeries(f"{path}: does not hold kept pairs: {error!r}") from error


def _pair_to_json(pair: Pair) -> dict[str, Any]:
    data = pair.to_json()
    for side in SIDES:
        if turns := data[side]["turns"]:
            data[side]["turns"] = {name: [turn[name] for turn in turns] for name in turns[0]}
    return data


def _pair_from_json(data: Mapping[str, Any]) -> Pair:
    sides = {}
    for side in SIDES:
        sides[side] = dict(data[side])
        if columns := sides[side].get("turns"):
            rows = zip(*columns.values(), strict=True)
            sides[side]["turns"] = [dict(zip(columns, row, strict=True)) for row in rows]
    return convert({**data, **sides}, Pair)


def _shortened(value: Any) -> Any:
    """Return JSON with its numbers rounded."""
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(item) for item in value]
    return rounded(value) if isinstance(value, float) else value
