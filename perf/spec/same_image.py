"""Whether two rows make the same image by design, so that a comparison of their seconds is one of their speed."""

from __future__ import annotations

from perf.spec.variant import DECIDES_IMAGE, Variant


def image_differences(reference: Variant, candidate: Variant) -> list[str]:
    """Return the settings by which two rows make different images: ``scheduler dpm-solver, not checkpoint``."""
    values = [(name, getattr(reference, name), getattr(candidate, name)) for name in DECIDES_IMAGE]
    return [f"{name.replace('_', ' ')} {after}, not {before}" for name, before, after in values if before != after]
