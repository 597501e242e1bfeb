"""Sweeps: each row of a run at several sizes and step counts, one derived row for each setting."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from perf.spec.protocol import Size, Sweep
from perf.spec.variant import Variant


def settings_of(variants: Iterable[Variant], sweep: Sweep) -> tuple[Variant, ...]:
    """Return the rows that a sweep makes of these: the settings of a row one after the other, by size, then by steps.

    A row with a size or steps of its own is not swept over these. Where nothing is swept, the rows are as they were.
    """
    return tuple(itertools.chain.from_iterable(_settings(variant, sweep) for variant in variants))


def at_setting_of(variant: Variant, other: Variant) -> Variant:
    """Return a row at the setting of another row, of the same size and steps outside the sweep."""
    return _at(variant, other.size, other.steps, other.setting) if other.setting_of else variant


def base_names(variants: Iterable[Variant]) -> dict[str, str]:
    """Return the name of the row that each setting of a sweep is of, by the setting's own."""
    return {variant.name: variant.base_name for variant in variants if variant.setting_of}


def can_follow(variant: Variant, earlier: Variant) -> bool:
    """Tell whether the worker that was started for an earlier setting of a row can make this one as well."""
    if variant.setting_of is None or variant.setting_of != earlier.setting_of:
        return False
    return variant.takes_any_size or variant.size == earlier.size


def _settings(variant: Variant, sweep: Sweep) -> list[Variant]:
    sizes = () if variant.size else sweep.sizes
    steps = () if variant.steps else sweep.steps
    if not sizes and not steps:
        return [variant]
    return [
        _at(variant, size or variant.size, count or variant.steps, _label(size, count))
        for size, count in itertools.product(sizes or (None,), steps or (None,))
    ]


def _at(variant: Variant, size: Size | None, steps: int | None, label: str) -> Variant:
    return replace(variant, name=f"{variant.name}-{label}", setting_of=variant.name, size=size, steps=steps)


def _label(size: Size | None, steps: int | None) -> str:
    """Return what a setting is called: ``256x256-10steps``, or what of it is swept."""
    parts = [str(size)] if size else []
    return "-".join([*parts, f"{steps}steps"] if steps else parts)
