"""The upgrade check of a run: each variant in two stacks, the verdict on it, and what differs between the two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perf.compare.paired_run import CANDIDATE, REFERENCE, PairedRun, StackPair
from perf.errors import BadInput, WorkerError
from perf.host.environments import name_of
from perf.host.stack import Stack, package_changes, probe
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.proof import reference
from perf.proof.attribution import differences
from perf.proof.claims import Facts, check, failed
from perf.proof.fidelity import Fidelity, compare
from perf.spec.ladder import FIDELITY
from perf.spec.variant import Variant
from perf.stats import paired_comparison
from perf.stats.paired_comparison import Comparison, PairedVerdict
from perf.stats.pairs import Pair, grouped, pairs_to_json, undisturbed, unpaired_width
from perf.stats.watch import LATENCY, LOAD_TIME, PLAIN_LATENCY, WATCHES

NEEDED = ("torch", "diffusers", "transformers", "numpy", "filelock")  # by every worker
OLDEST_PYTHON = (3, 11)  # that can run a worker
TOLERANCES = {watch.name: watch.tolerance for watch in WATCHES}


@dataclass(frozen=True, kw_only=True)
class ComparedRow:
    """What was found of a variant. ``others`` is what else was compared; ``faults`` make it invalid."""

    variant: Variant
    verdict: PairedVerdict
    sentence: str
    latency: Comparison | None = None
    others: Mapping[str, Comparison] | None = None
    faults: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    fidelity: Fidelity | None = None
    apart: str | None = None
    pairs: tuple[Pair, ...] = ()

    @property
    def fails(self) -> bool:
        return self.verdict in {PairedVerdict.REGRESSED, PairedVerdict.INVALID}

    @property
    def moved(self) -> list[tuple[str, Comparison]]:
        """Parts and the like that surely changed, and by more than is tolerated of them."""
        return [(name, one) for name, one in (self.others or {}).items() if has_moved(name, one)]

    @property
    def widths(self) -> tuple[float, float] | None:
        """Of 95 % intervals, as fractions: of these pairs, and of the same latencies had they been measured apart."""
        kept = undisturbed(self.pairs)
        if len(kept) < 2:
            return None
        found = paired_comparison.change(grouped(kept, LATENCY.name))
        return found.quantile(0.975) - found.quantile(0.025), unpaired_width(kept)

    def to_json(self) -> dict[str, Any]:
        return {
            "variant": self.variant.name,
            "verdict": str(self.verdict),
            "says": self.sentence,
            "latency": self.latency and self.latency.to_json(),
            "others": {name: one.to_json() for name, one in (self.others or {}).items()},
            "moved": [name for name, _ in self.moved],
            "faults": list(self.faults),
            "differences": list(self.differences),
            "fidelity": self.fidelity and self.fidelity.to_json(),
            "sessions_apart": self.apart,
            "interval_widths": self.widths and dict(zip(("paired", "unpaired"), self.widths, strict=True)),
            "pairs": pairs_to_json(self.pairs),
        }


class StackComparison:
    """Made with its run, whose settings name the two interpreters. Raises BadInput if either cannot be measured."""

    def __init__(self, run: Run) -> None:
        settings = run.settings
        assert settings.stack_pair is not None, "asked for where two stacks are compared"
        before, after = settings.stack_pair
        self.stack_pair = StackPair(
            reference=checked(probe(REFERENCE, before)), candidate=checked(probe(CANDIDATE, after))
        )
        self.results: dict[str, ComparedRow] = {}
        self._run = run

    @property
    def package_changes(self) -> list[str]:
        """``openvino 2026.3.1 -> 2026.4.1`` and the like."""
        return package_changes(self.stack_pair.reference.packages, self.stack_pair.candidate.packages)

    @property
    def unasked_changes(self) -> list[str]:
        """Those of packages that nobody asked for, where it is known what was asked."""
        named = {name_of(text) for text in self._run.settings.asked}
        return [change for change in self.package_changes if named and change.partition(" ")[0] not in named]

    def paired_run(self, variant: Variant) -> PairedRun:
        return PairedRun(variant, self.stack_pair, self._run, self._run.settings.pairs_budget_s)

    def find_missing(self, variant: Variant) -> str | None:
        """Why the variant cannot be compared here, or None."""
        for role in (REFERENCE, CANDIDATE):
            if missing := self._run.find_missing_in(variant, self.stack_pair.of(role)):
                return f"{role}: {missing.reason}"
        return None

    def add(self, paired_run: PairedRun) -> ComparedRow:
        """What is said of a variant after its last pair."""
        found = self.results[paired_run.variant.name] = judged(paired_run, self._run)
        return found

    def add_error(self, variant: Variant, error: WorkerError) -> None:
        """A worker that could not be measured makes the variant invalid, and the rest goes on."""
        said = str(error).splitlines()[0]
        self.results[variant.name] = ComparedRow(
            variant=variant, verdict=PairedVerdict.INVALID, sentence=said, faults=(said,)
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "machine": self._run.machine.to_json(),
            "model": self._run.bench.model.to_json(),
            "protocol": self._run.bench.protocol.to_json(),
            REFERENCE: self.stack_pair.reference.recipe,
            CANDIDATE: self.stack_pair.candidate.recipe,
            "asked": list(self._run.settings.asked),
            "package_changes": self.package_changes,
            "unasked_changes": self.unasked_changes,
            "results": [result.to_json() for result in self.results.values()],
        }


def judged(paired_run: PairedRun, run: Run) -> ComparedRow:
    """What is said of a variant after its last pair. Raises a WorkerError where nothing could be measured."""
    latency = paired_run.comparison
    faults, fidelity = [], None
    for role in (REFERENCE, CANDIDATE):
        unmet = unmet_claims(paired_run.first[role], paired_run.inspections[role], run)
        faults += [f"{role}: {fault}" for fault in unmet]
    outcomes = {role: reference.read(paired_run.inspections[role].outcome) for role in (REFERENCE, CANDIDATE)}
    faults += [f"{role}: {outcome.fault}" for role, outcome in outcomes.items() if outcome.fault]
    if not any(outcome.fault for outcome in outcomes.values()):
        fidelity = compare(outcomes[CANDIDATE], outcomes[REFERENCE])
        beyond = fidelity.fault(FIDELITY[paired_run.variant.precision])
        faults += [f"the two images differ: {beyond}"] if beyond else []
    return ComparedRow(
        variant=paired_run.variant,
        verdict=PairedVerdict.INVALID if faults else latency.verdict,
        sentence="; ".join(faults) if faults else latency.sentence,
        latency=latency,
        others=others(paired_run),
        faults=tuple(faults),
        differences=tuple(evidence_changes(paired_run)),
        fidelity=fidelity,
        apart=paired_run.apart,
        pairs=tuple(paired_run.pairs),
    )


def unmet_claims(measurement: Measurement, inspection: Inspection, run: Run) -> list[str]:
    """Return what the variant claims in this stack and does not do, each as a sentence."""
    facts = Facts(
        variant=measurement.variant,
        machine=run.machine,
        scheduler=run.bench.model.scheduler,
        steps=run.bench.protocol.steps,
        session=measurement.session,
        evidence=inspection.evidence,
    )
    return [str(claim) for claim in failed(check(facts))]


def evidence_changes(paired_run: PairedRun) -> list[str]:
    """Return what differs in the candidate's evidence; kernels' times only where the latency has changed."""
    before, after = (paired_run.inspections[role].evidence for role in (REFERENCE, CANDIDATE))
    has_changed = paired_run.comparison.verdict in {PairedVerdict.REGRESSED, PairedVerdict.IMPROVED}
    return differences(before, after, with_times=has_changed)


def others(paired_run: PairedRun) -> dict[str, Comparison]:
    """What else changed: each part, peak memory and load time."""
    names = dict.fromkeys(name for pair in paired_run.pairs for name in pair.log_ratios)
    groups = {name: grouped(paired_run.pairs, name) for name in names if name != LATENCY.name}
    both = {number: loads for number, loads in enumerate(paired_run.loads_s, 1) if len(loads) == 2}
    groups[LOAD_TIME] = {number: [math.log(loads[CANDIDATE] / loads[REFERENCE])] for number, loads in both.items()}
    return {name: paired_comparison.compare(found, TOLERANCES[name]) for name, found in groups.items() if found}


def has_moved(name: str, found: Comparison) -> bool:
    if name == PLAIN_LATENCY.name:
        return False  # what it says is the latency's
    is_beyond = abs(math.log(found.ratio)) > math.log1p(TOLERANCES[name])
    return is_beyond and not found.low <= 1 <= found.high


def checked(found: Stack) -> Stack:
    """The stack itself. Raises BadInput if no worker could run in it."""
    version = tuple(map(int, found.python_version.split(".")[:2]))
    if version < OLDEST_PYTHON:
        raise BadInput(f"{found.name}: {found.python} is Python {found.python_version}; workers need 3.11 or newer")
    if lacking := [name for name in NEEDED if name not in found.packages]:
        raise BadInput(f"{found.name}: {found.python} lacks {', '.join(lacking)}: it cannot run Stable Diffusion")
    return found


def exit_code(results: Sequence[ComparedRow], *, strict: bool) -> int:
    """0, or 1 if a row is slower or invalid or there is none, or 2 if ``strict`` and the worst is an undecided one."""
    if not results or any(result.fails for result in results):
        return 1
    return 2 if strict and any(result.verdict is PairedVerdict.UNDECIDED for result in results) else 0
