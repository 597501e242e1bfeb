"""The judgement on one variant after its last pair: claims, images, latency, and everything else that is watched."""

from __future__ import annotations

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.side_pair import Role, SidePair
from perf.errors import BadRecord
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.proof import fidelity, reference
from perf.proof.attribution import differences, row_differences
from perf.proof.claims import check, failed
from perf.proof.fidelity import Fidelity
from perf.proof.proofs import facts_of
from perf.spec.ladder import FIDELITY
from perf.spec.variant import Limits
from perf.stats.paired_comparison import MOVED, PairedVerdict

DIFFERENT_SIZES = "the two images have different sizes"
ALL_DISTURBED = (
    "other work ran during every pair, so nothing can be said; see `python -m perf machine --check`, and measure again"
)


def judge(paired_run: PairedRun, run: Run) -> ComparedRow:
    """Judge a variant after its last pair."""
    latency = paired_run.comparison
    images, image_faults = compare_images(paired_run)
    faults = (*claim_faults(paired_run, run), *image_faults)
    verdict, sentence = (latency.verdict, latency.sentence) if latency else (PairedVerdict.DISTURBED, ALL_DISTURBED)
    return ComparedRow(
        variant=paired_run.variant,
        verdict=PairedVerdict.INVALID if faults else verdict,
        sentence="; ".join(faults) if faults else sentence,
        latency=latency,
        others=paired_run.others,
        faults=faults,
        differences=(*part_changes(paired_run), *evidence_changes(paired_run)),
        fidelity=images,
        why_apart=paired_run.why_apart,
        pairs=tuple(paired_run.pairs),
        seconds=paired_run.seconds,
        starts_s=tuple(paired_run.starts_s),
    )


def claim_faults(paired_run: PairedRun, run: Run) -> list[str]:
    """Return what either side claims and does not do, each as a sentence."""
    faults = []
    for role in Role:
        unmet = unmet_claims(paired_run.first[role], paired_run.inspections[role], run)
        faults += [f"{role}: {fault}" for fault in unmet]
    return faults


def unmet_claims(measurement: Measurement, inspection: Inspection, run: Run) -> list[str]:
    """Return the claims that do not hold in this worker, each as a sentence."""
    facts = facts_of(run, measurement.variant, measurement.session, inspection.evidence)
    return [str(claim) for claim in failed([*check(facts), *inspection.claims])]


def compare_images(paired_run: PairedRun) -> tuple[Fidelity | None, list[str]]:
    """Return how far the candidate's image is from the reference's, and what is wrong with either or between them."""
    try:
        outcomes = {role: reference.read(paired_run.inspections[role].outcome) for role in Role}
    except BadRecord as error:
        return None, [str(error)]
    if faults := [f"{role}: {outcome.fault}" for role, outcome in outcomes.items() if outcome.fault]:
        return None, faults
    if outcomes[Role.CANDIDATE].shapes != outcomes[Role.REFERENCE].shapes:
        return None, [DIFFERENT_SIZES]
    images = fidelity.compare(outcomes[Role.CANDIDATE], outcomes[Role.REFERENCE])
    fault = images.fault(limits_of(paired_run.side_pair))
    return images, [f"the two images differ: {fault}"] if fault else []


def limits_of(side_pair: SidePair) -> Limits:
    """Return how far the two images may be from each other: as far as that row's from float32's which may be more."""
    both = [FIDELITY[side_pair.of(role).variant.arithmetic] for role in Role]
    return Limits(
        psnr_db=min(limits.psnr_db for limits in both),
        ssim=min(limits.ssim for limits in both),
        latents_error=max(limits.latents_error for limits in both),
    )


def part_changes(paired_run: PairedRun) -> list[str]:
    """Return the parts that only one side makes, and steps that only one takes; all images of a row are alike."""
    return paired_run.pairs[0].differences if paired_run.pairs else []


def evidence_changes(paired_run: PairedRun) -> list[str]:
    """Return what differs in the candidate's evidence; kernels' times only where the latency has changed.

    Of two rows that is nearly everything, by design, and a summary has to do.
    """
    before, after = (paired_run.inspections[role].evidence for role in Role)
    if paired_run.side_pair.has_two_rows:
        return row_differences(before, after)
    latency = paired_run.comparison
    has_changed = latency is not None and latency.verdict in MOVED
    return differences(before, after, with_times=has_changed)
