"""What a run proves of its rows: the claims held against the evidence, and the image against the reference."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perf.errors import WorkerError
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.proof import reference
from perf.proof.claims import Claim, Facts, check, failed
from perf.proof.fidelity import Fidelity, Outcome, compare
from perf.proof.reference import ReferenceImage
from perf.records.evidence import Evidence
from perf.spec.ladder import EAGER_FP32, FIDELITY, select
from perf.spec.variant import Scheduler, Variant

NOT_THE_IMAGE = {"warmup_steps"}  # of the protocol


@dataclass(kw_only=True)
class Proof:
    """One session's: what was found active, what was claimed of it, what it generated last, and how close that is.

    ``fault`` is what is wrong with the image by itself; ``fidelity`` is None for such a one, and until there is a
    reference to compare with, in the folder ``beside``.
    """

    variant: Variant
    evidence: Evidence
    claims: tuple[Claim, ...]
    outcome: Outcome
    fault: str | None
    fidelity: Fidelity | None = None
    beside: Path | None = None

    @property
    def all_claims(self) -> list[Claim]:
        return [*self.claims, self._image]

    @property
    def _image(self) -> Claim:
        """That the image shows what eager float32's shows."""
        if self.fault:
            return Claim("image", False, self.fault)
        if self.fidelity is None:
            return Claim("image", True, "sound, but compared with nothing: there is no reference")
        if beyond := self.fidelity.fault(FIDELITY[self.variant.precision]):
            return Claim("image", False, f"{beyond}, beside eager float32's in {self.beside}")
        return Claim("image", True, str(self.fidelity))

    def compare(self, place: ReferenceImage) -> None:
        """With the image that eager float32 made; one of another size is wrong."""
        wanted, self.beside = place.read(), place.folder
        if self.outcome.shapes != wanted.shapes:
            self.fault = f"image and latents are {self.outcome.shapes}, those of eager float32 {wanted.shapes}"
        else:
            self.fidelity = compare(self.outcome, wanted)


class Proofs:
    """Those of one run. Made with it; a row may have several sessions."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._proofs: dict[str, list[Proof]] = {}
        self._asked_for: set[Scheduler] = set()

    def add(self, measurement: Measurement, inspection: Inspection) -> None:
        """Check a session's claims and keep its image; eager float32's becomes the reference if it is sound."""
        evidence = inspection.evidence
        claims = check(self._facts(measurement, evidence))
        outcome = reference.read(inspection.outcome)
        variant = measurement.variant
        self._proofs.setdefault(variant.name, []).append(
            Proof(variant=variant, evidence=evidence, claims=tuple(claims), outcome=outcome, fault=outcome.fault)
        )
        if variant.name == EAGER_FP32 and not failed(claims) and not outcome.fault:
            self._reference("checkpoint").keep(inspection.outcome, self._maker)

    def complete(self) -> None:
        """Compare every image with its reference; those that are not there yet are made, or it is said why not."""
        for proof in itertools.chain.from_iterable(self._proofs.values()):
            scheduler = proof.variant.scheduler
            if proof.fault or proof.fidelity:
                continue
            if not self._reference(scheduler).is_made and scheduler not in self._asked_for:
                self._asked_for.add(scheduler)
                self._make(scheduler)
            if self._reference(scheduler).is_made:
                proof.compare(self._reference(scheduler))

    def claims(self, name: str) -> list[Claim]:
        """What the row claims: of its session of which least is so."""
        found = [proof.all_claims for proof in self._proofs.get(name, ())]
        return max(found, key=lambda claims: len(failed(claims)), default=[])

    def faults(self, name: str) -> list[str]:
        """The claims that do not hold, each as a sentence."""
        return [str(claim) for claim in failed(self.claims(name))]

    def evidence(self, name: str) -> Evidence | None:
        """Of the row's first session."""
        proofs = self._proofs.get(name)
        return proofs[0].evidence if proofs else None

    def to_json(self, name: str) -> dict[str, Any]:
        """For the row's record: evidence, claims, and how far its image is from the reference."""
        proof = self._proofs[name][0]
        return {
            "evidence": proof.evidence.to_json(),
            "claims": [claim.to_json() for claim in self.claims(name)],
            "fidelity": proof.fidelity and proof.fidelity.to_json(),
        }

    def _facts(self, measurement: Measurement, evidence: Evidence) -> Facts:
        bench = self._run.bench
        return Facts(
            variant=measurement.variant,
            machine=self._run.machine,
            scheduler=bench.model.scheduler,
            steps=bench.protocol.steps,
            session=measurement.session,
            evidence=evidence,
        )

    def _reference(self, scheduler: Scheduler) -> ReferenceImage:
        bench = self._run.bench
        decides = {name: value for name, value in bench.protocol.compared.items() if name not in NOT_THE_IMAGE}
        return ReferenceImage.of(bench.model.digest, decides, scheduler)

    @property
    def _maker(self) -> str:
        return f"{self._run.stacks[select([EAGER_FP32])[0].stack]}; {self._run.machine.cpu}"

    def _make(self, scheduler: Scheduler) -> None:
        """One generation of eager float32 with that scheduler. If it cannot be made, that is said, and no row fails."""
        eager = replace(select([EAGER_FP32])[0], name=f"reference-{scheduler}", scheduler=scheduler)
        if missing := self._run.find_missing(eager):
            self._run.say(f"no reference image: {missing}")
            return
        try:
            with self._run.measuring(eager) as measurement:
                measurement.generate(self._run.bench.protocol.steps)
                outcome = measurement.inspect().outcome
        except WorkerError as error:
            self._run.say(f"no reference image: {error}")
            return
        if fault := reference.read(outcome).fault:
            self._run.say(f"no reference image: eager float32 made none either: {fault}")
            return
        self._reference(scheduler).keep(outcome, self._maker)
