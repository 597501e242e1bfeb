"""What can be counted here: the kernel's real answers, and those of kernels and containers that count less."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from perf.host import perf_events
from perf.host.perf_events import EVENTS, HARDWARE, SOFTWARE, Event, open_event, uncounted
from perf.records.counts import Counts

HARDWARE_EVENTS = ("instructions", "cycles", "reference_cycles", "cache_misses")


def answering(code: int, *, only: int | None = None) -> Callable[[bytes], int]:
    """Return a kernel that refuses events with this errno: all, or those of one type or configuration only."""

    def answer(attr: bytes) -> int:
        kind, _, config, *_ = perf_events.ATTR.unpack(attr)
        if only is None or (kind, config) == (HARDWARE, only):
            raise OSError(code, os.strerror(code))
        return os.open(os.devnull, os.O_RDONLY)

    return answer


def test_every_field_of_the_counts_has_its_event() -> None:
    assert set(EVENTS) == set(vars(Counts()))
    assert len(set(EVENTS.values())) == len(EVENTS)
    assert {name for name, event in EVENTS.items() if event.type == HARDWARE} == set(HARDWARE_EVENTS)


def test_software_events_are_counted_everywhere() -> None:
    for event in EVENTS.values():
        if event.type == SOFTWARE:
            descriptor = open_event(event)
            assert len(os.read(descriptor, 24)) == 24
            assert not os.get_inheritable(descriptor)
            os.close(descriptor)


def test_what_the_kernel_does_not_know_is_an_error_with_its_errno() -> None:
    with pytest.raises(OSError, match=r"\w") as caught:
        open_event(Event(SOFTWARE, 10**6))
    assert caught.value.errno in {errno.ENOENT, errno.EINVAL, errno.EOPNOTSUPP}


def test_an_architecture_whose_number_is_not_known_has_no_such_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(OSError, match="not implemented") as caught:
        open_event(EVENTS["task_clock_s"])
    assert caught.value.errno == errno.ENOSYS


def test_a_machine_that_counts_all_has_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf_events, "perf_event_open", answering(errno.ENOENT, only=-1))
    assert uncounted(is_virtual=True) == []


def test_every_descriptor_is_closed_again() -> None:
    before = psutil.Process().num_fds()
    uncounted(is_virtual=False)
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (
            (errno.ENOENT, 2, True),
            "this virtual machine shows no hardware counters (ENOENT): have its host pass them on",
        ),
        ((errno.ENODEV, 2, False), "the kernel finds no such counter in this processor (ENODEV): "),
        (
            (errno.EACCES, 4, False),
            "kernel.perf_event_paranoid is 4 (EACCES): sudo sysctl kernel.perf_event_paranoid=2",
        ),
        ((errno.EPERM, 3, True), "kernel.perf_event_paranoid is 3 (EPERM): sudo sysctl kernel.perf_event_paranoid=2"),
        ((errno.EPERM, 2, False), "forbidden here (EPERM), as in a container by its seccomp profile: docker run --cap"),
        ((errno.ENOSYS, 2, False), "this kernel has no perf_event_open (ENOSYS): "),
        ((errno.EMFILE, 2, False), "perf_event_open failed: Too many open files (EMFILE): "),
    ],
)
def test_each_refusal_is_explained_with_its_mend(
    refusal: tuple[int, int, bool], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, level, is_virtual = refusal
    (tmp_path / "paranoid").write_text(f"{level}\n")
    monkeypatch.setattr(perf_events, "PARANOID", tmp_path / "paranoid")
    monkeypatch.setattr(perf_events, "perf_event_open", answering(code))
    (line,) = map(str, uncounted(is_virtual=is_virtual))
    assert line.startswith("not counted here: instructions, cycles, reference cycles, cache misses, page faults, task")
    assert says in line


def test_an_event_is_missing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many virtual machines have instructions and cycles, and no reference cycles."""
    reference_cycles = EVENTS["reference_cycles"].config
    monkeypatch.setattr(perf_events, "perf_event_open", answering(errno.ENOENT, only=reference_cycles))
    (line,) = map(str, uncounted(is_virtual=True))
    assert line.startswith("not counted here: reference cycles, since this virtual machine shows no such counters")


def test_a_paranoid_level_that_cannot_be_read_is_not_blamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(perf_events, "PARANOID", tmp_path / "missing")
    monkeypatch.setattr(perf_events, "perf_event_open", answering(errno.EACCES))
    (line,) = map(str, uncounted(is_virtual=False))
    assert "seccomp" in line


def test_perf_agrees_on_what_this_machine_counts() -> None:
    """perf(1) asks the same kernel; it names what is not supported, and counts the rest."""
    names = {"instructions": "instructions:u", "cycles": "cycles:u", "reference_cycles": "ref-cycles:u"}
    try:
        asked = subprocess.run(
            ["perf", "stat", "-x,", "-e", ",".join(names.values()), "true"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no perf here")
    lines = [line.split(",") for line in asked.stderr.splitlines() if "," in line]
    absent = {fields[2] for fields in lines if fields[0] == "<not supported>"}
    ours = {name for each in uncounted(is_virtual=True) for name in each.events}
    assert {names[name] for name in ours & names.keys()} == absent
