"""What a comparison has found of one variant: in two stacks, or beside another row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from perf.compare.other_quantities import has_moved, seemingly_worse
from perf.proof.fidelity import Fidelity
from perf.spec.variant import Variant
from perf.stats import paired_comparison
from perf.stats.kept_pairs import SetAside, kept_pairs, pairs_to_json, set_aside, unpaired_width
from perf.stats.paired_comparison import MOVED, Comparison, PairedVerdict
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import by_workers
from perf.stats.verdict import percent
from perf.stats.watch import LATENCY, OF_WORKERS, PLAIN_LATENCY


def what_would_tell(name: str, comparison: Comparison) -> str:
    """Say how much more would decide what a watched quantity only seems to be."""
    if name in OF_WORKERS:
        return f"{comparison.more_pairs} more pairs of workers would tell"
    return f"about {comparison.more_pairs} more pairs would tell"


@dataclass(frozen=True, kw_only=True)
class ComparedRow:
    """The verdict on a variant, and what it rests on.

    Attributes:
        verdict: of the latency; invalid where there is a fault, disturbed where other work ran during every pair.
        latency: the comparison of the latencies, None where there is nothing to compare.
        others: the comparison of everything else that is watched, by name.
        faults: what makes the row invalid.
        differences: what differs in the candidate's parts and evidence.
        fidelity: how far the candidate's image is from the reference's.
        why_apart: why whole sessions alternated; None where the workers took turns.
        seconds: from the first worker's start to the verdict.
        starts_s: seconds that it took to start each pair of workers, loads and warm-ups included.
    """

    variant: Variant
    verdict: PairedVerdict
    sentence: str
    latency: Comparison | None = None
    others: Mapping[str, Comparison] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    fidelity: Fidelity | None = None
    why_apart: str | None = None
    pairs: tuple[Pair, ...] = ()
    seconds: float | None = None
    starts_s: tuple[float, ...] = ()

    @property
    def moved(self) -> list[tuple[str, Comparison]]:
        """Parts and the like that surely changed, and by more than is tolerated of them.

        The plain latency is not named where the latency has changed, which says it already.
        """
        has_changed = self.verdict in MOVED
        said = {PLAIN_LATENCY.name} if has_changed else set()
        return [
            (name, comparison) for name, comparison in self.others.items() if name not in said and has_moved(comparison)
        ]

    @property
    def seemingly_worse(self) -> dict[str, Comparison]:
        """What looks worse by more than is tolerated of it, and is not sure, by name."""
        return seemingly_worse(self.latency, self.others)

    @property
    def seems(self) -> str:
        """What they are, in words; empty where there is nothing."""
        return "; ".join(
            f"{name} seems {percent(each.ratio)} ({each.interval}), {what_would_tell(name, each)}"
            for name, each in self.seemingly_worse.items()
        )

    @property
    def widths(self) -> tuple[float, float] | None:
        """Of 95 % intervals, as fractions: of these pairs, and of the same latencies had they been measured apart."""
        kept = kept_pairs(self.pairs)
        if len(kept) < 2:
            return None
        change = paired_comparison.change(by_workers(self.pairs, LATENCY.name))
        return change.quantile(0.975) - change.quantile(0.025), unpaired_width(kept)

    @property
    def set_aside(self) -> SetAside:
        """How much of the pairs was set aside because other work ran."""
        return set_aside(self.pairs)

    def to_json(self) -> dict[str, Any]:
        """Return the row as it is kept in results/ and in pytest-benchmark's record."""
        return self.summary() | {"pairs": pairs_to_json(self.pairs)}

    def summary(self) -> dict[str, Any]:
        """Return the row without its pairs."""
        return {
            "variant": self.variant.name,
            "verdict": str(self.verdict),
            "says": self.sentence,
            "latency": self.latency and self.latency.to_json(),
            "others": {name: comparison.to_json() for name, comparison in self.others.items()},
            "moved": [name for name, _ in self.moved],
            "faults": list(self.faults),
            "differences": list(self.differences),
            "fidelity": self.fidelity and self.fidelity.to_json(),
            "sessions_apart": self.why_apart,
            "interval_widths": self.widths and dict(zip(("paired", "unpaired"), self.widths, strict=True)),
            "seconds": self.seconds,
            "starts_s": list(self.starts_s),
            "set_aside": asdict(self.set_aside),
        }
