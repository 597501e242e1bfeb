"""Windows over counters that a clock of the test's moves: their sums, and what leaves an image without joules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from perf.host import energy
from perf.host.energy import Hidden
from perf.measure.energy_meter import EnergyMeter
from perf.records.energy import Energy
from tests.builders.powercap import AMD, TWO_SOCKETS, advance, counter, powercap

WATTS = {"intel-rapl:0": 250, "intel-rapl:0:0": 20, "intel-rapl:1": 100, "intel-rapl:1:0": 10}


class MovingMachine:
    """A machine whose counters move while time passes, and what its meter has said."""

    def __init__(self, root: Path, listing: str = TWO_SOCKETS, watts: Mapping[str, int] = WATTS) -> None:
        self.root = powercap(root, listing)
        self.said: list[str] = []
        self._watts = watts
        self._now_s = 1000.0
        zones = energy.zones(root)
        assert not isinstance(zones, Hidden)
        self.meter = EnergyMeter(zones, self.said.append, now_s=lambda: self._now_s)

    def work(self, seconds: int) -> None:
        for zone, watts in self._watts.items():
            advance(self.root, zone, watts * seconds * 1_000_000)
        self._now_s += seconds


@pytest.fixture(autouse=True)
def no_other_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERF_POWERCAP", raising=False)


@pytest.fixture
def machine(tmp_path: Path) -> MovingMachine:
    return MovingMachine(tmp_path)


def test_a_window_holds_all_sockets_and_their_memory(machine: MovingMachine) -> None:
    window = machine.meter.window()
    machine.work(7)
    with window.counting():
        machine.work(10)
    machine.work(5)
    assert window.energy == Energy(package_j=3500, dram_j=300)
    assert window.energy.total_j == 3800


def test_two_that_take_turns_have_the_joules_of_their_own(machine: MovingMachine) -> None:
    first, second = machine.meter.window(), machine.meter.window()
    for window, seconds in ((first, 3), (second, 4), (second, 4), (first, 3)):
        with window.counting():
            machine.work(seconds)
        machine.work(1)  # at rest between the turns
    assert first.energy == Energy(package_j=6 * 350, dram_j=6 * 30)
    assert second.energy == Energy(package_j=8 * 350, dram_j=8 * 30)


def test_memory_that_is_not_counted_is_not_nought(tmp_path: Path) -> None:
    machine = MovingMachine(tmp_path, AMD, {"intel-rapl:0": 300, "intel-rapl:0:0": 200})
    window = machine.meter.window()
    with window.counting():
        machine.work(2)
    assert window.energy == Energy(package_j=600, dram_j=None)
    assert window.energy.total_j == 600


def test_an_image_of_many_minutes_is_kept_up_with(machine: MovingMachine) -> None:
    """The first package, at 250 W, begins anew after 18 minutes; of a memory so much cannot be excluded after 33 s."""
    window = machine.meter.window()
    with window.counting():
        for _ in range(400):
            machine.work(5)
            window.keep_up()
    assert window.energy is not None
    assert (window.energy.package_j, window.energy.dram_j) == pytest.approx((2000 * 350, 2000 * 30))
    assert machine.said == []


def test_nothing_is_read_where_the_last_reading_is_fresh(machine: MovingMachine) -> None:
    window = machine.meter.window()
    with window.counting():
        machine.work(1)
        counter(machine.root, "intel-rapl:0").rename(machine.root / "aside")
        window.keep_up()
        (machine.root / "aside").rename(counter(machine.root, "intel-rapl:0"))
    assert window.energy == Energy(package_j=350, dram_j=30)


def jump(machine: MovingMachine) -> None:
    advance(machine.root, "intel-rapl:1", 50_000_000_000)


def vanish(machine: MovingMachine) -> None:
    counter(machine.root, "intel-rapl:1").unlink(missing_ok=True)


def wait_too_long(machine: MovingMachine) -> None:
    machine.work(132)


def show_nonsense(machine: MovingMachine) -> None:
    counter(machine.root, "intel-rapl:1").write_text("")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (jump, "energy: package-0 jumped: from "),
        (vanish, "energy: package-0 cannot be read any more: "),
        (wait_too_long, "may have begun anew more than once: 1"),
        (show_nonsense, "energy: package-0 does not show a number: "),
    ],
)
def test_an_image_with_a_fault_has_no_joules(
    machine: MovingMachine, fault: Callable[[MovingMachine], None], said: str
) -> None:
    for _ in range(2):
        window = machine.meter.window()
        with window.counting():
            fault(machine)
        assert window.energy is None
    (line,) = machine.said  # once, of two images
    assert said in line
    assert line.endswith("an image during which this happens has no joules")


def test_the_next_image_has_joules_again(machine: MovingMachine) -> None:
    spoilt, good = machine.meter.window(), machine.meter.window()
    with spoilt.counting():
        jump(machine)
    with good.counting():
        machine.work(1)
    assert spoilt.energy is None
    assert good.energy == Energy(package_j=350, dram_j=30)


def test_a_package_that_stands_still_counts_nothing(tmp_path: Path) -> None:
    machine = MovingMachine(tmp_path, watts={**WATTS, "intel-rapl:1": 0})
    window = machine.meter.window()
    with window.counting():
        machine.work(10)
    assert window.energy is None
    assert machine.said[0].startswith("energy: package-0 stands still: 181795825861 uJ before and after")


def test_a_worker_that_fails_leaves_no_joules_behind(machine: MovingMachine) -> None:
    window = machine.meter.window()
    with pytest.raises(ZeroDivisionError), window.counting():
        machine.work(500 // 0)
    assert machine.said == []
    with window.counting():
        machine.work(1)
    assert window.energy == Energy(package_j=350, dram_j=30)


def test_a_machine_without_counters_has_no_joules() -> None:
    meter = EnergyMeter((), print)
    window = meter.window()
    with window.counting():
        window.keep_up()
    assert window.energy is None
