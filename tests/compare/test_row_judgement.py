"""The images of both sides: what is a fault before their pixels can be compared, and how far apart they may be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import compare_images, limits_of
from perf.compare.side_pair import Role
from perf.spec import ladder
from perf.spec.ladder import BFLOAT16, FIDELITY
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


def test_two_rows_may_differ_by_what_the_less_exact_one_may() -> None:
    assert limits_of(rows("eager-fp32", "bf16-autocast")) == BFLOAT16
    assert limits_of(rows("bf16-autocast", "eager-fp32")) == BFLOAT16
    assert limits_of(rows("eager-fp32", "eager-fp32-jemalloc")) == FIDELITY["fp32"]
