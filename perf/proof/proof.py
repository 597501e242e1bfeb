"""The proof of one session: what was active in it, what was claimed of it, and the image it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perf.proof.claims import Claim
from perf.proof.fidelity import Fidelity, Outcome, compare
from perf.proof.pictures import Pictures, pictures_of
from perf.proof.roofline import mostly
from perf.records.evidence import Evidence, Peak
from perf.records.part import Part
from perf.spec.ladder import FIDELITY
from perf.spec.variant import Variant

# The least error of GenAI's latents in 16 bits. On an AMD EPYC (Turin) with the tiny checkpoint they are 0.3 % off in
# float32 (the sabotage of tests/e2e/test_sabotage.py) and 1.0 % in bfloat16; those of other rows in bfloat16 0.7 to
# 2.7 % (`python -m perf explain`).
GENAI_ERROR = 0.005


@dataclass(kw_only=True)
class Proof:
    """One session's evidence, its claims, the outcome of its last generation, and how close that is to the reference.

    ``largest_peak`` is what this machine has reached at most with the row's stack, in this or an earlier session.
    ``fault`` is what is wrong with the image by itself. ``fidelity`` is None for an image with a fault, and until it
    has been compared with the reference, whose folder is ``reference`` then, and whose image ``expected``.
    """

    variant: Variant
    evidence: Evidence
    largest_peak: Peak
    claims: tuple[Claim, ...]
    outcome: Outcome
    fault: str | None
    fidelity: Fidelity | None = None
    reference: Path | None = None
    expected: Outcome | None = None

    @property
    def all_claims(self) -> list[Claim]:
        """The claims on the worker, and that on the image."""
        return [*self.claims, self._image]

    @property
    def pictures(self) -> Pictures:
        """The image and the reference to look at."""
        return pictures_of(self.outcome, self.expected)

    @property
    def _image(self) -> Claim:
        """The claim that the image shows what eager float32's shows, and no more than the row's precision allows.

        So float32 is found out where a backend lets nobody see what it computes in.
        """
        if self.fault:
            return Claim("image", False, self.fault)
        if self.fidelity is None:
            return Claim("image", True, "sound, but compared with nothing: there is no reference")
        if beyond := self.fidelity.fault(FIDELITY[self.variant.arithmetic]):
            return Claim("image", False, f"{beyond}, compared with eager float32's in {self.reference}")
        precision = mostly(self.evidence, Part.UNET_STEP)
        # By the latents: GenAI rounds its images to 8 bits.
        least = GENAI_ERROR if self.variant.backend == "genai" else FIDELITY["fp32"].latents_error
        if precision != "f32" and self.fidelity.latents_error < least:
            return Claim("image", False, f"{self.fidelity}: it is float32's own, which no {precision} makes")
        return Claim("image", True, str(self.fidelity))

    def compare(self, expected: Outcome, folder: Path) -> None:
        """Compare the image with ``expected``, which eager float32 made; one of another size is a fault."""
        self.reference, self.expected = folder, expected
        if self.outcome.shapes == expected.shapes:
            self.fidelity = compare(self.outcome, expected)
        else:
            self.fault = f"image and latents are {self.outcome.shapes}, those of eager float32 {expected.shapes}"
