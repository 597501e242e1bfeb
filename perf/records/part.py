"""Part, the parts of a generation, by the names that a person reads."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """A call that the pipeline makes to one of its models; a generation makes several UNet steps."""

    TEXT_ENCODER = "text encoder"
    UNET_STEP = "UNet step"
    VAE_DECODE = "VAE decode"
    SAFETY_CHECKER = "safety checker"

    @property
    def work_key(self) -> str:
        """The part's name in the JSON of a model's work (perf.records.work)."""
        return WORK_KEYS[self]


WORK_KEYS = {
    Part.TEXT_ENCODER: "text_encoder",
    Part.UNET_STEP: "unet",
    Part.VAE_DECODE: "vae_decode",
    Part.SAFETY_CHECKER: "safety_checker",
}
