"""Where the seconds of an image go: those of each part, and the rest."""

from __future__ import annotations

from collections.abc import Mapping

from perf.records.part import Part

REST = "rest"
UNET = "UNet"
# By their keys in a night's row; UNet steps are counted together.
LABELS: Mapping[str, str] = {
    Part.TEXT_ENCODER: "text encoder",
    Part.UNET_STEP: UNET,
    Part.VAE_DECODE: "VAE",
    Part.SAFETY_CHECKER: "safety checker",
}
ALL = (*LABELS.values(), REST)


def unet_calls(parts_s: Mapping[str, float], latency_s: float, steps: int) -> int:
    """Return how many UNet steps an image takes: as many as fit, and at most one more than the scheduler's steps.

    PNDM calls the UNet once more than it has steps; what is left beside the parts is much less than a step.
    """
    step_s = parts_s.get(Part.UNET_STEP, 0.0)
    if not step_s:
        return 0
    others_s = sum(part_s for part, part_s in parts_s.items() if part != Part.UNET_STEP)
    return max(1, min(round((latency_s - others_s) / step_s), steps + 1))


def seconds_by_part(parts_s: Mapping[str, float], latency_s: float, calls: int) -> dict[str, float]:
    """Return the seconds of an image by part, with what is left of its latency, in the order of ALL.

    Args:
        parts_s: the seconds of one call of each part.
        latency_s: the seconds of the whole image.
        calls: the UNet's calls for one image.
    """
    times = {Part.UNET_STEP: calls}
    seconds = {label: parts_s.get(part, 0.0) * times.get(Part(part), 1) for part, label in LABELS.items()}
    return {**seconds, REST: max(0.0, latency_s - sum(seconds.values()))}


def share_of_peak(reached: Mapping[str, float], parts_s: Mapping[str, float], latency_s: float, calls: int) -> float:
    """Return the share of the machine's peak that a whole image reached, from the shares of its parts."""
    times = {Part.UNET_STEP: calls}
    least_s = (
        share * parts_s.get(part, 0.0) * times.get(Part(part), 1) for part, share in reached.items() if part in LABELS
    )
    return sum(least_s) / latency_s
