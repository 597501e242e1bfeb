"""Some of the mutated baselines of ``python -m tests.faults.mutations``, which tries as many as one has time for."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from perf.gate import store
from perf.stats.verdict import VerdictKind
from tests.builders.baselines import EAGER, STATIC
from tests.faults.mutations import baseline, mutate, survives

EXPECTED = {0.0: VerdictKind.UNCHANGED, 0.3: VerdictKind.REGRESSED}
EACH = 150


@pytest.mark.parametrize("slowdown", EXPECTED)
def test_a_mutated_baseline_changes_no_verdict_in_silence(tmp_path: Path, slowdown: float) -> None:
    data = baseline()
    expected = dict.fromkeys((EAGER.name, STATIC.name), EXPECTED[slowdown])
    assert survives(tmp_path, store.serialise(data).encode(), slowdown, expected) is None
    for seed in range(EACH):
        wrong = survives(tmp_path, mutate(data, random.Random(seed)), slowdown, expected)
        assert wrong is None, f"seed {seed}: {wrong}"


def test_without_checksums_a_slowdown_is_never_called_unchanged_but_by_a_number(tmp_path: Path) -> None:
    data = baseline(with_checksums=False)
    for seed in range(EACH):
        dice = random.Random(seed)
        content = mutate(data, dice)
        wrong = survives(tmp_path, content, 0.3, dict.fromkeys((EAGER.name, STATIC.name), VerdictKind.REGRESSED))
        assert wrong is None or "unchanged" not in wrong, f"seed {seed}: {wrong}"
