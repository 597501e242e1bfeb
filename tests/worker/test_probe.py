"""The real probe, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.errors import WorkerFailed
from perf.host.machine import this_machine
from perf.measure import command, launcher
from perf.measure.replies import Probed


def test_the_probe_times_the_machine(tmp_path: Path) -> None:
    with launcher.start("probe", command.for_probe(this_machine()), tmp_path, 60) as probe:
        times_s = [probe.ask({"request": "probe", "repeats": 2}, Probed, 60).probe_s for _ in range(2)]
        assert all(0 < time_s < 10 for time_s in times_s)
        with pytest.raises(WorkerFailed, match="KeyError"):
            probe.ask({"request": "cheese"}, Probed, 60)


def test_the_probe_has_the_cores_of_tuned_rows_and_no_stack() -> None:
    started = command.for_probe(this_machine())
    cores = ",".join(map(str, this_machine().cores))
    assert started.arguments[:3] == ("taskset", "-c", cores)
    assert started.arguments[-2:] == ("-m", "perf.worker.probe")
    assert started.environment["OPENBLAS_NUM_THREADS"] == str(len(this_machine().cores))
