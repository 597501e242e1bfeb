"""One row of a run's ladder: what reports are made from."""

from __future__ import annotations

from dataclasses import dataclass

from perf.records.sample import Session
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class LadderRow:
    """A variant with its first session in this run, or the reason why it has none or failed all the same.

    ``is_invalid`` tells that the reason is the row's verdict: its backend is not what the suite can measure.
    """

    variant: Variant
    session: Session | None = None
    why_not: str | None = None
    is_invalid: bool = False

    @property
    def latencies_s(self) -> list[float]:
        """The seconds of each timed image; empty without a session."""
        return [sample.latency_s for sample in self.session.samples] if self.session else []
