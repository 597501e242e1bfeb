"""Baselines for tests: of a tiny model, on one machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from perf.gate import acceptance, store
from perf.gate.acceptance import Occasion
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey
from perf.gate.baseline_row import BaselineRow
from perf.host.stack import Stack
from perf.measure.checkpoints import Model
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions

MODEL = Model(
    name="tiny",
    folder=Path("/nowhere"),
    digest="d" * 64,
    latent_channels=4,
    scale=8,
    native_size=Size(128, 128),
    scheduler="PNDMScheduler",
)
KEY = BaselineKey.of(GENOA, MODEL, Protocol(size=Size(128, 128)))
STACK = Stack(
    name="current",
    python="/stack/bin/python",
    python_version="3.11.7",
    prefix="/stack",
    has_headers=True,
    packages={"torch": "2.13.0", "openvino": "2026.4.1"},
)
EAGER, STATIC = ladder.select(["eager-fp32", "openvino-static"])
WHEN = "2026-11-01T00:00:00+00:00"
FIRST = Occasion(key=KEY, particulars=GENOA.particulars, why="first", when=WHEN)


def accept(
    old: Baseline | None, name: str = EAGER.name, seed: int = 1, count: int = 3, *, afresh: bool = False, **changes: Any
) -> Baseline:
    (variant,) = ladder.select([name])
    row = BaselineRow.of(variant, changes.pop("stack", STACK), sessions(count, seed=seed))
    return acceptance.accept(old, replace(FIRST, **changes), name, row, afresh=afresh)


def store_two_rows(folder: Path) -> Path:
    """Write a baseline of two rows, and return its file."""
    target = store.path_of(folder, KEY)
    store.update(target, accept)
    store.update(target, lambda old: accept(old, STATIC.name))
    return target
