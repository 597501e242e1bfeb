"""The images of both sides: what is a fault before pixels can be compared; and what counters say of a slower side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from perf.compare.other_quantities import compare_others
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import compare_images, count_changes, limits_of
from perf.compare.side_pair import Role
from perf.records.counts import Counts, GenerationCounts
from perf.records.sample import Sample
from perf.spec import ladder
from perf.spec.ladder import BFLOAT16, FIDELITY
from perf.stats.paired_comparison import compare
from perf.stats.pooled_pairs import by_workers
from perf.stats.tolerances import Tolerances
from tests.builders.pairs import pair, sample
from tests.builders.sides import rows, stacks

(EAGER,) = ladder.select(["eager-fp32"])


def painted(path: Path, size: int) -> Path:
    image = np.linspace(0, 1, size * size * 3, dtype=np.float32).reshape(size, size, 3)
    np.savez(path, image=image, latents=np.ones((1, 4, size // 8, size // 8), dtype=np.float32))
    return path


def test_images_of_different_sizes_are_a_fault(tmp_path: Path) -> None:
    sizes = {Role.REFERENCE: 16, Role.CANDIDATE: 24}
    inspections = {
        role: SimpleNamespace(outcome=painted(tmp_path / f"{role}.npz", size)) for role, size in sizes.items()
    }
    paired_run = cast("PairedRun", SimpleNamespace(side_pair=stacks(EAGER.name), inspections=inspections))
    assert compare_images(paired_run) == (None, ["the two images have different sizes"])


def slower(*, counts: Counts | None, faster: float = 1.0) -> PairedRun:
    """Return a run whose candidate is a tenth slower, in four pairs, with these counts beside the reference's."""
    before = counted(sample(1.0, 1.0), Counts(instructions=4 * 10**9, cycles=2 * 10**9) if counts else None)
    after = counted(sample(1.1 * faster, 1.1 * faster, vae_s=2.2 * faster), counts)
    pairs = [pair(before, after, workers=number) for number in (1, 1, 2, 2, 3, 3)]
    latency = compare(by_workers(pairs, "latency"))
    others = compare_others(pairs, [], Tolerances().of_row(EAGER.name))
    return cast("PairedRun", SimpleNamespace(pairs=pairs, comparison=latency, others=others))


def counted(generation: Sample, counts: Counts | None) -> Sample:
    return replace(generation, counts=GenerationCounts(parts={}, rest=counts) if counts else None)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (Counts(instructions=44 * 10**8, cycles=22 * 10**8), "more instructions: software; the seconds change by "),
        (Counts(instructions=4 * 10**9, cycles=22 * 10**8), "the same instructions; the seconds change by instr"),
    ],
)
def test_a_slower_candidate_is_told_with_its_instructions(counts: Counts, says: str) -> None:
    (told,) = count_changes(slower(counts=counts))
    assert told.startswith(says)


def test_without_counts_or_without_a_change_nothing_is_said_of_them() -> None:
    assert count_changes(slower(counts=None)) == []
    assert count_changes(slower(counts=Counts(instructions=4 * 10**9, cycles=2 * 10**9), faster=1 / 1.1)) == []


def test_two_rows_may_differ_by_what_the_less_exact_one_may() -> None:
    assert limits_of(rows("eager-fp32", "bf16-autocast")) == BFLOAT16
    assert limits_of(rows("bf16-autocast", "eager-fp32")) == BFLOAT16
    assert limits_of(rows("eager-fp32", "eager-fp32-jemalloc")) == FIDELITY["fp32"]
