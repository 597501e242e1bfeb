"""Counters of energy: which count, what their readings differ by, and what cannot be believed or read."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.errors import BadCounter
from perf.host import energy
from perf.host.energy import Hidden, Zone
from tests.builders.powercap import (
    AMD,
    CASCADE_LAKE_AP,
    CLIENT,
    DEVICES,
    TWO_SOCKETS,
    WITHOUT_PACKAGES,
    advance,
    counter,
    powercap,
)
from tests.builders.trees import tree

NOBODY = 65534


@pytest.fixture(autouse=True)
def no_other_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERF_POWERCAP", raising=False)


def zones(root: Path) -> tuple[Zone, ...]:
    found = energy.zones(root)
    assert not isinstance(found, Hidden), found
    return found


@pytest.mark.parametrize(
    ("listing", "names"),
    [
        pytest.param(
            TWO_SOCKETS, ["package-1", "dram of package-1", "package-0", "dram of package-0"], id="two sockets"
        ),
        pytest.param(
            CASCADE_LAKE_AP,
            ["package-0-die-0", "dram of package-0-die-0", "package-0-die-1", "dram of package-0-die-1"],
            id="two dies",
        ),
        pytest.param(AMD, ["package-0"], id="AMD"),
        pytest.param(CLIENT, ["package-0"], id="client"),
    ],
)
def test_packages_and_memory_count_once_each(tmp_path: Path, listing: str, names: list[str]) -> None:
    found = zones(powercap(tmp_path, listing))
    assert [zone.name for zone in found] == names
    assert [zone.is_dram for zone in found] == [name.startswith("dram") for name in names]


def test_twelve_sockets_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    listing = "".join(f"intel-rapl:{n} package-{n} 5 262143328850\n" for n in range(12))
    assert [zone.name for zone in zones(powercap(tmp_path, listing))] == [f"package-{n}" for n in range(12)]


@pytest.mark.parametrize("folder", ["sys/class/powercap", DEVICES, f"{DEVICES}/intel-rapl"])
def test_a_container_shows_the_counters_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    powercap(tmp_path, TWO_SOCKETS)
    monkeypatch.setenv("PERF_POWERCAP", str(tmp_path / folder))
    found = zones(tmp_path / "masked")
    assert [zone.name for zone in found] == [
        "package-1",
        "dram of package-1",
        "package-0",
        "dram of package-0",
    ]


def test_readings_differ_by_the_joules_between_them(tmp_path: Path) -> None:
    root = powercap(tmp_path, TWO_SOCKETS)
    package, dram, *_ = zones(root)
    before_uj = package.read_uj()
    advance(root, "intel-rapl:0", 1_234_567_890)
    assert package.used_j(before_uj, package.read_uj(), seconds=5.0) == pytest.approx(1234.56789)
    assert dram.read_uj() == 60279115781


def test_a_counter_that_shows_less_has_begun_anew(tmp_path: Path) -> None:
    root = powercap(tmp_path, AMD)
    (package,) = zones(root)
    before_uj = package.read_uj()
    advance(root, "intel-rapl:0", 1_000_000_000)
    assert package.read_uj() == 1_000_000_000 - (65532610987 - before_uj) - 1 < before_uj
    assert package.used_j(before_uj, package.read_uj(), seconds=5.0) == pytest.approx(1000)


@pytest.mark.parametrize(
    ("before_uj", "after_uj", "seconds", "fault"),
    [
        pytest.param(0, 10_000_000_000, 5.0, None, id="2 kW"),
        pytest.param(0, 10_200_000_000, 5.0, "package-0 jumped: from 0 to 10200000000 uJ in 5 s", id="above 2 kW"),
        pytest.param(0, 2_000_000, 0.0001, None, id="a millisecond's joules within a tenth of one"),
        pytest.param(30_000_000_000, 0, 5.0, "package-0 jumped: from 30000000000 to 0 uJ", id="set to zero"),
        pytest.param(0, 1, 32.0, None, id="once at most"),
        pytest.param(0, 1, 33.0, "more than once: 33 s between two readings, and it can begin anew", id="too long"),
    ],
)
def test_what_no_package_can_have_used(
    tmp_path: Path, before_uj: int, after_uj: int, seconds: float, fault: str | None
) -> None:
    (package,) = zones(powercap(tmp_path, AMD))
    if fault is None:
        assert package.used_j(before_uj, after_uj, seconds) == pytest.approx((after_uj - before_uj) / 1e6)
        return
    with pytest.raises(BadCounter, match=fault):
        package.used_j(before_uj, after_uj, seconds)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("65532610988", "package-0 is beyond its range: 65532610988 uJ, and its range is 65532610987"),
        ("-5", "package-0 does not show a number: .*energy_uj shows '-5'"),
        ("", "package-0 does not show a number: .*energy_uj shows ''"),
        (None, "package-0 cannot be read any more: .*No such file"),
    ],
)
def test_a_counter_that_shows_no_count(tmp_path: Path, text: str | None, fault: str) -> None:
    root = powercap(tmp_path, AMD)
    (package,) = zones(root)
    counter(root, "intel-rapl:0").unlink()
    if text is not None:
        counter(root, "intel-rapl:0").write_text(text)
    with pytest.raises(BadCounter, match=fault):
        package.read_uj()


def test_a_machine_without_counters(tmp_path: Path) -> None:
    hidden = energy.why_hidden(powercap(tmp_path, WITHOUT_PACKAGES))
    assert str(hidden) == (
        f"energy is not measured: {tmp_path}/sys/class/powercap has no package; "
        "load the module intel_rapl_msr, or let the container see the folder: docs/how-to/measure-energy.md"
    )


def test_a_virtual_machine(tmp_path: Path) -> None:
    root = tree(powercap(tmp_path, WITHOUT_PACKAGES), {"proc/cpuinfo": "flags : fpu hypervisor amx_tile"})
    assert str(energy.why_hidden(root)) == (
        "energy is not measured: this virtual machine shows no RAPL "
        f"({root}/sys/class/powercap has no package); measure on bare metal"
    )


def test_what_belongs_to_root_is_said_with_the_mend() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        root = powercap(Path(folder), TWO_SOCKETS)
        root.chmod(0o755)
        counter(root, "intel-rapl:0:0").chmod(0o400)
        with as_somebody_else(root):
            hidden = energy.why_hidden(root)
    assert str(hidden) == (
        f"energy is not measured: {root}/sys/class/powercap/intel-rapl:0:0/energy_uj belongs to root "
        "(since CVE-2020-8694); a udev rule opens it: docs/how-to/measure-energy.md"
    )


@contextlib.contextmanager
def as_somebody_else(root: Path) -> Iterator[None]:
    """Be another user than the owner of the files, whom no mode keeps out where it is root; else close all of them."""
    if os.geteuid() != 0:
        counter(root, "intel-rapl:0:0").chmod(0)
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("energy_uj", "cheese", "shows 'cheese'"),
        ("max_energy_range_uj", "0", "max_energy_range_uj is 0"),
        ("max_energy_range_uj", None, "No such file"),
    ],
)
def test_one_counter_that_cannot_be_read_hides_all(tmp_path: Path, file: str, text: str | None, why: str) -> None:
    """A sum without it would be another quantity."""
    root = powercap(tmp_path, TWO_SOCKETS)
    path = counter(root, "intel-rapl:1:0").parent / file
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert why in str(energy.why_hidden(root))
    assert "intel-rapl:1:0/energy_uj cannot be read" in str(energy.why_hidden(root))
