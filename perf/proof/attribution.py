"""The differences between two workers' evidence: kernels first, then what the backend reports of itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from perf.records.evidence import LOOKED_AT, Evidence, Kernel, share

SLOWER = 1.10  # a kernel's time is said to have changed beyond this factor, either way
WORTH_SAYING = 0.01  # and if the change is at least this share of its part's time


def differences(before: Evidence, after: Evidence, *, with_times: bool = True) -> list[str]:
    """Return what differs, a sentence each, what costs most first; kernels that take another time if ``with_times``."""
    return [
        *moved_kernels(before.kernels, after.kernels),
        *(slower_kernels(before.kernels, after.kernels) if with_times else ()),
        *_changed(asdict(before.state), asdict(after.state)),
        *_changed(asdict(before.surroundings), asdict(after.surroundings)),
    ]


def software_differences(before: Evidence, after: Evidence) -> list[str]:
    """Return what differs that is the same in all workers of the same software: kernels, state, libraries, environment.

    How many threads a worker has on which CPUs is left out: they come and go.
    """
    was, now = (asdict(evidence.surroundings) for evidence in (before, after))
    return [
        *moved_kernels(before.kernels, after.kernels),
        *_changed(asdict(before.state), asdict(after.state)),
        *_changed(was, {name: value for name, value in now.items() if name != "cpus"}),
    ]


def row_differences(before: Evidence, after: Evidence) -> list[str]:
    """Return what differs between two rows, a sentence each: the kernels that take longest, states, and libraries.

    Of the backend's states those count that both know; of the surroundings the libraries, since the environment is what
    the row sets.
    """
    was, now = asdict(before.state), asdict(after.state)
    in_both = [name for name in now if None not in (was[name], now[name])]
    libraries = ("allocators", "openmp")
    were_loaded, loaded = (
        {name: ", ".join(getattr(evidence.surroundings, name)) or "none" for name in libraries}
        for evidence in (before, after)
    )
    return [
        *longest_kernels(before.kernels, after.kernels),
        *_changed({name: was[name] for name in in_both}, {name: now[name] for name in in_both}),
        *_changed(were_loaded, loaded),
    ]


def longest_kernels(before: Iterable[Kernel], after: Iterable[Kernel]) -> list[str]:
    """Return the kind of kernel that each part spends most time in, where it differs, with its share of the part."""
    was, now = list(before), list(after)
    changes = []
    for part in LOOKED_AT:
        old, new = (_longest([kernel for kernel in kernels if kernel.part == part]) for kernels in (was, now))
        if old and new and old[0] != new[0]:
            changes.append(f"{part}: mostly {' '.join(old)} -> {' '.join(new)}")
    return changes


def _longest(kernels: list[Kernel]) -> tuple[str, str] | None:
    """Return the kind of kernel that takes most of these kernels' time, and its share; None of none."""
    by_kind: defaultdict[str, list[Kernel]] = defaultdict(list)
    for kernel in kernels:
        by_kind[f"{kernel.operation} {kernel.implementation} {kernel.types}"].append(kernel)
    shares = {kind: share(kernels, of_kind) or 0.0 for kind, of_kind in by_kind.items()}
    if not shares:
        return None
    kind = max(shares, key=lambda kind: shares[kind])
    return kind, f"({100 * shares[kind]:.0f} %)"


def moved_kernels(before: Iterable[Kernel], after: Iterable[Kernel]) -> list[str]:
    """Return the kernels that differ: ``UNet step: matmul from 48 brg_matmul:... to 48 jit:...`` and the like."""
    was, now = _counts(before), _counts(after)
    moves = []
    for place in sorted(was.keys() | now.keys()):
        old, new = was.get(place, Counter()), now.get(place, Counter())
        gone, come = old - new, new - old
        if gone or come:
            part, operation = place
            moves.append((max(gone.total(), come.total()), f"{part}: {operation} {_how(gone, come)}"))
    return [sentence for _, sentence in sorted(moves, key=lambda pair: -pair[0])]


def slower_kernels(before: Iterable[Kernel], after: Iterable[Kernel]) -> list[str]:
    """Return the kernels that are in both as often and take another time, the largest change first."""
    old = {_kind(kernel): kernel for kernel in before}
    parts_s: defaultdict[str, float] = defaultdict(float)
    for kernel in old.values():
        parts_s[kernel.part] += kernel.time_s
    changes = []
    for kernel in after:
        was = old.get(_kind(kernel))
        if was is None or was.count != kernel.count or not was.time_s:
            continue
        ratio, change_s = kernel.time_s / was.time_s, abs(kernel.time_s - was.time_s)
        if not 1 / SLOWER < ratio < SLOWER and change_s > WORTH_SAYING * parts_s[kernel.part]:
            named = f"{kernel.part}: {kernel.count} {kernel.operation} ({kernel.implementation} {kernel.types})"
            changes.append((change_s, f"{named} {was.time_s:.3g} s -> {kernel.time_s:.3g} s"))
    return [sentence for _, sentence in sorted(changes, key=lambda pair: -pair[0])]


def _kind(kernel: Kernel) -> tuple[str, str, str, str]:
    return kernel.part, kernel.operation, kernel.implementation, kernel.types


def _counts(kernels: Iterable[Kernel]) -> dict[tuple[str, str], Counter[str]]:
    by_place: dict[tuple[str, str], Counter[str]] = {}
    for kernel in kernels:
        counts = by_place.setdefault((kernel.part, kernel.operation), Counter())
        counts[f"{kernel.implementation} {kernel.types}"] += kernel.count
    return by_place


def _how(gone: Counter[str], come: Counter[str]) -> str:
    if gone and come:
        return f"from {_named(gone)} to {_named(come)}"
    return f"no longer {_named(gone)}" if gone else f"now also {_named(come)}"


def _named(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [f"{name}: {before[name]} -> {after[name]}" for name in after if before[name] != after[name]]
