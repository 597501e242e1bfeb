"""A checked upgrade: what the history keeps of a comparison of two stacks, read from its JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from perf.errors import BadRecord, BadRun
from perf.gate.baseline_key import Json
from perf.gate.paired_verdict import KIND_OF_PAIRED
from perf.history.kept import Kept, fields_of
from perf.history.recorded_run import read_json
from perf.host.anchors import Recipe
from perf.proof.fidelity import Fidelity
from perf.records.typed_json import convert
from perf.stats.paired_comparison import Comparison, PairedVerdict
from perf.stats.verdict import VerdictKind

SECTION = "upgrade"  # of a run's JSON; a ladder has none
NAMED = 3  # packages, in a few words


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """What was found of one row: the comparison of its latency, or None where there was nothing to compare.

    ``moved`` names what else surely changed by more than is tolerated, and ``others`` has all that was watched.
    """

    name: str
    verdict: PairedVerdict
    sentence: str
    latency: Comparison | None
    others: Mapping[str, Comparison]
    moved: tuple[str, ...]
    faults: tuple[str, ...]
    differences: tuple[str, ...]
    fidelity: Fidelity | None

    def __post_init__(self) -> None:
        for name, compared in {"latency": self.latency, **self.others}.items():
            if compared and min(compared.ratio, compared.low, compared.high) <= 0:
                raise ValueError(f"{name} has a ratio that is none: {compared}")

    @property
    def kind(self) -> VerdictKind:
        """The verdict in the gate's terms."""
        return KIND_OF_PAIRED[self.verdict]

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read a row of ComparedRow.to_json. Raises BadRecord or LookupError."""
        return convert({**data, "name": data["variant"], "sentence": data["says"]}, cls)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        fields = asdict(self)
        fields["variant"], fields["says"] = fields.pop("name"), fields.pop("sentence")
        return fields


@dataclass(frozen=True, kw_only=True)
class CheckedUpgrade(Kept):
    """One comparison of two stacks: their recipes, what was asked for, and what else changed along with it."""

    reference: Json
    candidate: Json
    asked: tuple[str, ...]
    package_changes: tuple[str, ...]
    unasked_changes: tuple[str, ...]
    rows: tuple[CheckedRow, ...]

    @property
    def about(self) -> str:
        """The upgrade in a few words: what was asked for, else what differs."""
        asked = [change for change in self.package_changes if change not in self.unasked_changes]
        changes = asked or list(self.package_changes)
        more = [f"{len(changes) - NAMED} more"] if len(changes) > NAMED else []
        return ", ".join([*changes[:NAMED], *more]) or "the same packages"

    @property
    def counts(self) -> str:
        """How many rows have each verdict, in words."""
        counted = Counter(str(row.verdict) for row in self.rows)
        return ", ".join(f"{count} {verdict}" for verdict, count in counted.items())

    @property
    def stacks(self) -> list[tuple[str, Json]]:
        """The two stacks, the reference first, each with what its anchor would be called."""
        return [(Recipe.of(recipe).digest, recipe) for recipe in (self.reference, self.candidate)]


def is_upgrade(whole: Json) -> bool:
    """Tell whether a run's JSON is that of an upgrade check, and not of a ladder."""
    return SECTION in whole


def read_upgrade(path: Path) -> CheckedUpgrade:
    """Read what is kept of a recorded upgrade check. Raises BadRun, which names the file."""
    return upgrade_of(path, read_json(path))


def upgrade_of(path: Path, whole: Json) -> CheckedUpgrade:
    """Return what is kept of an upgrade check's JSON. Raises BadRun, which names the file."""
    try:
        return _of_json(whole)
    except (BadRecord, LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadRun(f"{path} is no upgrade check of this suite: {error!r}") from None


def _of_json(whole: Json) -> CheckedUpgrade:
    found: Mapping[str, Any] = whole[SECTION]
    content = [found["reference"], found["candidate"], found["results"]]
    return CheckedUpgrade(
        **fields_of(whole, found["model"], found["protocol"], content),
        reference=found["reference"],
        candidate=found["candidate"],
        asked=tuple(map(str, found["asked"])),
        package_changes=tuple(map(str, found["package_changes"])),
        unasked_changes=tuple(map(str, found["unasked_changes"])),
        rows=tuple(map(CheckedRow.from_json, found["results"])),
    )
