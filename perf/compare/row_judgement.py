"""The judgement on one variant after its last pair: claims, images, latency, and everything else that is watched."""

from __future__ import annotations

import math

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.stack_pair import Role
from perf.measure.measurement import Measurement
from perf.measure.run import Run
from perf.proof import fidelity, reference
from perf.proof.attribution import differences
from perf.proof.claims import check, failed
from perf.proof.fidelity import Fidelity
from perf.proof.proofs import facts_of
from perf.records.evidence import Evidence
from perf.spec.ladder import FIDELITY
from perf.stats import paired_comparison
from perf.stats.kept_pairs import by_workers, kept_pairs
from perf.stats.paired_comparison import Comparison, PairedVerdict
from perf.stats.watch import LATENCY, LOAD_TIME

DIFFERENT_SIZES = "the two images have different sizes"


def judge(paired_run: PairedRun, run: Run) -> ComparedRow:
    """Judge a variant after its last pair. Raises a WorkerError where nothing could be measured."""
    latency = paired_run.comparison
    images, image_faults = compare_images(paired_run)
    faults = (*claim_faults(paired_run, run), *image_faults)
    return ComparedRow(
        variant=paired_run.variant,
        verdict=PairedVerdict.INVALID if faults else latency.verdict,
        sentence="; ".join(faults) if faults else latency.sentence,
        latency=latency,
        others=compare_others(paired_run),
        faults=faults,
        differences=tuple(evidence_changes(paired_run)),
        fidelity=images,
        memory_shortage=paired_run.memory_shortage,
        pairs=tuple(paired_run.pairs),
        seconds=paired_run.seconds,
        starts_s=tuple(paired_run.starts_s),
    )


def claim_faults(paired_run: PairedRun, run: Run) -> list[str]:
    """Return what the variant claims and does not do, in either stack, each as a sentence."""
    faults = []
    for role in Role:
        unmet = unmet_claims(paired_run.first[role], paired_run.inspections[role].evidence, run)
        faults += [f"{role}: {fault}" for fault in unmet]
    return faults


def unmet_claims(measurement: Measurement, evidence: Evidence, run: Run) -> list[str]:
    """Return the claims that do not hold in this worker, each as a sentence."""
    return [str(claim) for claim in failed(check(facts_of(run, measurement, evidence)))]


def compare_images(paired_run: PairedRun) -> tuple[Fidelity | None, list[str]]:
    """Return how far the candidate's image is from the reference's, and what is wrong with either or between them."""
    outcomes = {role: reference.read(paired_run.inspections[role].outcome) for role in Role}
    if faults := [f"{role}: {outcome.fault}" for role, outcome in outcomes.items() if outcome.fault]:
        return None, faults
    if outcomes[Role.CANDIDATE].shapes != outcomes[Role.REFERENCE].shapes:
        return None, [DIFFERENT_SIZES]
    images = fidelity.compare(outcomes[Role.CANDIDATE], outcomes[Role.REFERENCE])
    fault = images.fault(FIDELITY[paired_run.variant.precision])
    return images, [f"the two images differ: {fault}"] if fault else []


def evidence_changes(paired_run: PairedRun) -> list[str]:
    """Return what differs in the candidate's evidence; kernels' times only where the latency has changed."""
    before, after = (paired_run.inspections[role].evidence for role in Role)
    has_changed = paired_run.comparison.verdict in {PairedVerdict.REGRESSED, PairedVerdict.IMPROVED}
    return differences(before, after, with_times=has_changed)


def compare_others(paired_run: PairedRun) -> dict[str, Comparison]:
    """Compare what else is watched, by name: each part, peak memory and load time."""
    names = dict.fromkeys(name for left in kept_pairs(paired_run.pairs) for name in left.log_ratios)
    groups = {name: by_workers(paired_run.pairs, name) for name in names if name != LATENCY.name}
    groups[LOAD_TIME.name] = load_time_ratios(paired_run)
    tolerances = paired_run.tolerances
    return {name: paired_comparison.compare(ratios, tolerances[name]) for name, ratios in groups.items() if ratios}


def load_time_ratios(paired_run: PairedRun) -> dict[int, list[float]]:
    """Return the log ratio of the load times, by number of the pair of workers, where both have loaded."""
    ratios = {}
    for number, loads_s in enumerate(paired_run.loads_s, 1):
        if len(loads_s) == len(Role):
            ratios[number] = [math.log(loads_s[Role.CANDIDATE] / loads_s[Role.REFERENCE])]
    return ratios
