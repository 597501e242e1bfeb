"""Counters from the real /proc."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from perf.worker import conditions
from perf.worker.conditions import Counters, between

MIB = 1024**2


def test_cpu_time_is_of_this_process() -> None:
    before = Counters.read(reset_peak=True)
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    counted = between(before, Counters.read(reset_peak=False))
    assert 0.05 <= counted.cpu_s < 5
    assert counted.involuntary_switches >= 0
    assert counted.steal_s >= 0


def test_the_peak_is_of_this_generation_alone() -> None:
    large = bytearray(300 * MIB)
    del large
    before = Counters.read(reset_peak=True)
    if not before.peak_was_reset:
        pytest.skip("this kernel does not let a process reset its peak")
    quiet = between(before, Counters.read(reset_peak=False))
    before = Counters.read(reset_peak=True)
    large = bytearray(200 * MIB)
    del large
    busy = between(before, Counters.read(reset_peak=False))
    assert quiet.peak_rss_bytes is not None
    assert busy.peak_rss_bytes is not None
    assert 190 * MIB < busy.peak_rss_bytes - quiet.peak_rss_bytes < 250 * MIB


@pytest.mark.parametrize("path", ["PRESSURE", "CLEAR_REFS"])
def test_what_a_kernel_does_not_provide_is_none(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, path, tmp_path / "missing" / "file")
    counted = between(Counters.read(reset_peak=True), Counters.read(reset_peak=False))
    assert (counted.cpu_pressure_s is None) is (path == "PRESSURE")
    assert (counted.peak_rss_bytes is None) is (path == "CLEAR_REFS")


@pytest.mark.parametrize("text", ["", "\n", "cheese", "some avg10=0.00 total=\n"])
def test_a_garbled_pressure_is_none(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pressure").write_text(text)
    monkeypatch.setattr(conditions, "PRESSURE", tmp_path / "pressure")
    assert Counters.read(reset_peak=False).cpu_pressure_s is None


def test_a_total_that_goes_back_has_not_increased() -> None:
    """The kernel's steal does, now and then."""
    assert conditions.increase(5.0, 4.99) == 0
    assert conditions.increase(0.1, 0.3) == 0.2
    assert conditions.difference(None, 1.0) is None


def test_pressure_and_steal_are_read_in_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pressure, stat = tmp_path / "pressure", tmp_path / "stat"
    pressure.write_text("some avg10=1.53 avg60=0.87 avg300=0.31 total=2500000\nfull avg10=0.00 total=9\n")
    stat.write_text("cpu  100 1 50 1000 5 0 3 250 0 0\ncpu0 50 0 25 500 2 0 1 125 0 0\n")
    monkeypatch.setattr(conditions, "PRESSURE", pressure)
    monkeypatch.setattr(conditions, "STAT", stat)
    monkeypatch.setattr("os.sysconf", lambda _: 100)
    counted = Counters.read(reset_peak=False)
    assert counted.cpu_pressure_s == 2.5
    assert counted.steal_s == 2.5
