"""The proofs of a run's rows: claims checked against the evidence, and images against the reference."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

from perf.errors import NoSpace, WorkerError
from perf.measure.measurement import Inspection
from perf.measure.run import Run
from perf.proof.claims import Claim, Facts, check, failed
from perf.proof.peaks import largest
from perf.proof.proof import Proof
from perf.proof.reference import ReferenceImage, read_of_worker
from perf.records.claim import worst_of
from perf.records.evidence import Evidence
from perf.records.sample import Session
from perf.spec.ladder import EAGER_FP32, select
from perf.spec.protocol import SERVER_FIELDS
from perf.spec.variant import DECIDES_IMAGE, Variant

(EAGER,) = select([EAGER_FP32])
WITHOUT_EFFECT = {"warmup_steps", *SERVER_FIELDS}  # fields of the protocol that change nothing in the first image


def check_session(run: Run, variant: Variant, session: Session, inspection: Inspection) -> list[Claim]:
    """Check the claims on a session; of several instances, each claim is that of the first that does not hold it."""
    evidence = (inspection.evidence, *inspection.beside)
    bench = run.bench_of(variant)
    checked = [
        check(
            Facts(
                variant=variant,
                machine=machine,
                scheduler=bench.model.scheduler,
                protocol=bench.protocol,
                session=session,
                evidence=own,
            )
        )
        for machine, own in zip(run.parts or [run.machine], evidence, strict=False)
    ]
    return [*worst_of(checked), *inspection.claims]


class Proofs:
    """The proofs of one run, by row; a row may have several sessions.

    Raises NoSpace where the cache has no room for a reference image that the run may make.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._proofs: dict[str, list[Proof]] = {}
        self._asked_for: set[Variant] = set()
        self._not_kept: dict[Variant, ReferenceImage] = {}
        plain = [variant for variant in run.variants if not variant.latent_consistency and variant.vae == "checkpoint"]
        for eager in {EAGER, *map(eager_of, plain)}:  # what the others need has not been made yet
            self._reference(eager).require_room()

    def add(self, variant: Variant, session: Session, inspection: Inspection) -> None:
        """Check a session's claims and keep its image; eager float32's becomes the reference if it is sound."""
        evidence = inspection.evidence
        claims = check_session(self._run, variant, session, inspection)
        outcome = read_of_worker(variant.name, inspection.outcome)
        packages = self._run.stacks[variant.stack].packages
        proof = Proof(
            variant=variant,
            evidence=evidence,
            largest_peak=largest(self._run.machine, packages, evidence),
            claims=tuple(claims),
            outcome=outcome,
            fault=outcome.fault,
        )
        self._proofs.setdefault(variant.name, []).append(proof)
        if variant.base_name == EAGER_FP32 and not failed(claims) and not outcome.fault:
            self._keep(eager_of(variant), inspection.outcome)

    def complete(self) -> None:
        """Compare every image with its reference, which is made if need be; if it cannot be, a line says why."""
        for proof in itertools.chain.from_iterable(self._proofs.values()):
            if proof.fault or proof.fidelity:
                continue
            eager = eager_of(proof.variant)
            reference = self._reference(eager)
            if not reference.read() and eager not in self._asked_for:
                self._asked_for.add(eager)
                self._make(eager)
            if expected := reference.read():
                proof.compare(expected, reference.folder)

    def claims(self, name: str) -> list[Claim]:
        """Return the claims of the row's worst session, the one in which most of them fail."""
        sessions = [proof.all_claims for proof in self._proofs.get(name, ())]
        return max(sessions, key=lambda claims: len(failed(claims)), default=[])

    def faults(self, name: str) -> list[str]:
        """Return the row's claims that do not hold, each as a sentence."""
        return [str(claim) for claim in failed(self.claims(name))]

    def evidence(self, name: str) -> Evidence | None:
        """Return the evidence of the row's first session, or None if it was not measured."""
        proofs = self._proofs.get(name)
        return proofs[0].evidence if proofs else None

    def to_json(self, name: str) -> dict[str, Any]:
        """Return what the row's record gets: evidence, peak, claims, and its image beside the reference."""
        proof = self._proofs[name][0]
        return {
            "evidence": proof.evidence.to_json(),
            "largest_peak": proof.largest_peak.to_json(),
            "claims": [claim.to_json() for claim in self.claims(name)],
            "fidelity": proof.fidelity and proof.fidelity.to_json(),
            "pictures": proof.pictures.to_json(),
        }

    def _reference(self, eager: Variant) -> ReferenceImage:
        if eager in self._not_kept:
            return self._not_kept[eager]
        bench = self._run.bench_of(eager)
        relevant = {name: value for name, value in bench.protocol.compared.items() if name not in WITHOUT_EFFECT}
        decoded = f"-{bench.small_vae.name}" if bench.small_vae else ""
        return ReferenceImage.of(bench.model.digest, relevant, f"{eager.scheduler}{decoded}")

    @property
    def _maker(self) -> str:
        return f"{self._run.stacks[EAGER.stack]}; {self._run.machine.cpu}"

    def _make(self, eager: Variant) -> None:
        """Make one image by eager float32. If that fails, a line says so, and no row fails."""
        if missing := self._run.find_missing(eager, alone=True):
            self._run.say(f"no reference image: {missing}")
            return
        try:
            with self._run.measuring(eager, alone=True) as measurement:
                measurement.generate(self._run.bench_of(eager).protocol.steps)
                outcome = measurement.inspect().outcome
            fault = read_of_worker(eager.name, outcome).fault
        except WorkerError as error:
            self._run.say(f"no reference image: {error}")
            return
        if fault:
            self._run.say(f"no reference image: eager float32 made none either: {fault}")
            return
        self._keep(eager, outcome)

    def _keep(self, eager: Variant, outcome: Path) -> None:
        """Keep what eager float32 has made; where it cannot be kept, this run compares with the worker's own file."""
        try:
            self._reference(eager).keep(outcome, self._maker)
        except (NoSpace, OSError) as error:
            self._run.say(f"the reference image is this run's alone: {error}")
            self._not_kept[eager] = ReferenceImage(outcome.parent)


def eager_of(variant: Variant) -> Variant:
    """Return eager float32 that makes the image of another variant."""
    made = {name: getattr(variant, name) for name in DECIDES_IMAGE}
    eager = replace(EAGER, **made)
    if eager == EAGER:
        return EAGER
    others = {name: value for name, value in made.items() if value != getattr(EAGER, name)}
    words = [name.replace("_", "-") if value is True else str(value) for name, value in others.items()]
    return replace(eager, name=f"reference-{'-'.join(words)}")
