"""A measured row that may be taken into a baseline: in a run's memory, and in its JSON until someone accepts it.

A run's JSON has of it, in the row's record::

    evidence        what was active in the row's first session
    verdict         what was said of it
    baseline_row    the baseline's row that it would become: stack, worker's code, all sessions with all of their rounds
    baseline_until  when the latest session was recorded of the baseline's row that it was judged by, or null
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from perf.errors import NotAccepted
from perf.gate.baseline_row import BaselineRow, specification
from perf.proof.claims import Claim, failed
from perf.spec.variant import Variant
from perf.stats.verdict import Verdict

IN_THE_RECORD = ("variant", "evidence")  # of a baseline's row: the record has them anyway
NOT_JUDGED = "the run was ended before its verdict"
OLDER = "it was recorded by an older version of the suite, which kept too little to accept it"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A row as it was measured, the verdict on it, and which state of the baseline's row that verdict is about.

    ``baseline_until`` is when the latest session of that row was recorded, None if there was none.
    """

    name: str
    row: BaselineRow
    verdict: Verdict
    baseline_until: str | None

    def was_judged_by(self, kept: BaselineRow | None) -> bool:
        """Tell whether the verdict is about this state of the baseline's row."""
        return self.baseline_until == latest(kept)

    def to_json(self) -> dict[str, Any]:
        """Return what the row's record gets of it, beside its evidence."""
        row = {field: value for field, value in self.row.to_json().items() if field not in IN_THE_RECORD}
        return {"verdict": self.verdict.to_json(), "baseline_row": row, "baseline_until": self.baseline_until}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read a row's record of a run.

        Raises:
            NotAccepted: It lacks what is needed, or a claim in it does not hold.
            BadRecord: A number in it cannot have been measured.
        """
        variant = Variant.from_json(record["variant"])
        for field, reason in {"evidence": NOT_JUDGED, "verdict": NOT_JUDGED, "baseline_row": OLDER}.items():
            if not record.get(field):
                raise NotAccepted(variant.name, f"not recorded: its record has no {field}, {reason}; measure again")
        if faults := failed([Claim.from_json(claim) for claim in record["claims"]]):
            raise NotAccepted(variant.name, f"not recorded: {'; '.join(map(str, faults))}")
        row = {**record["baseline_row"], "variant": specification(variant), "evidence": record["evidence"]}
        return cls(
            name=variant.name,
            row=BaselineRow.from_json(row),
            verdict=Verdict.from_json(record["verdict"]),
            baseline_until=record["baseline_until"],
        )


def latest(row: BaselineRow | None) -> str | None:
    """Return when the latest session of a baseline's row was recorded, or None where there is no row."""
    return row.sessions[-1].recorded if row else None
