"""The largest peak of a machine with a stack: remembered by quantity, healed where it is broken, lost quietly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.proof.peaks import largest
from perf.records.evidence import Peak
from tests.builders.baselines import STACK
from tests.builders.evidence import PEAK, evidence
from tests.builders.machines import GENOA

SLOWER = replace(PEAK, fp32_flop_per_s=5e10, memory_bytes_per_s=3e10)
BEST = replace(PEAK, memory_bytes_per_s=3e10)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path))
    return tmp_path


def of_worker(peak: Peak, threads: int = 2) -> Peak:
    return largest(GENOA, STACK.packages, replace(evidence(threads=threads), peak=peak))


def test_the_largest_of_each_quantity_is_kept() -> None:
    assert of_worker(PEAK) == PEAK
    assert of_worker(SLOWER) == BEST
    assert of_worker(PEAK) == BEST


def test_a_convolution_that_was_not_measured_before_counts() -> None:
    with_convolution = replace(SLOWER, bf16_convolution_flop_per_s=3e12)
    of_worker(PEAK)
    assert of_worker(with_convolution) == replace(BEST, bf16_convolution_flop_per_s=3e12)
    assert of_worker(PEAK).flop_per_s("bf16") == 3e12


def test_workers_of_fewer_threads_have_a_peak_of_their_own() -> None:
    of_worker(PEAK)
    assert of_worker(SLOWER, threads=1) == SLOWER


@pytest.mark.parametrize("content", [b"", b"cheese", b'{"fp32_flop_per_s": 1e999}', b"[]", b'{"fp32_flop_per_s": 1.0}'])
def test_a_broken_file_is_made_again(cache: Path, content: bytes) -> None:
    of_worker(PEAK)
    (path,) = (cache / "peaks").iterdir()
    path.write_bytes(content)
    assert of_worker(SLOWER) == SLOWER
    assert of_worker(PEAK) == BEST


def test_a_cache_that_may_not_be_written_loses_it_quietly(cache: Path) -> None:
    (cache / "peaks").touch()
    assert of_worker(PEAK) == PEAK
