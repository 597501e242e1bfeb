"""A pair of workers, one of either side."""

from __future__ import annotations

import contextlib

from perf.compare.side_pair import Role, SidePair
from perf.measure.group import Group
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.records.sample import Sample

EXPORTED_S = 1.0  # an export takes a minute, to find one in the cache no time


class WorkerPair:
    """Two workers, which need not be alive at the same time, and what they have measured.

    ``number`` counts the pairs of workers from 1. The workers of the first are inspected before they end.
    """

    def __init__(self, number: int, side_pair: SidePair, run: Run) -> None:
        self.number = number
        self.measurements: dict[Role, Measurement | Group] = {}
        self.inspections: dict[Role, Inspection] = {}
        self.loads_s: dict[Role, float] = {}
        self._side_pair = side_pair
        self._run = run
        self._alive: set[Role] = set()
        self._resources = contextlib.ExitStack()

    @property
    def order(self) -> tuple[Role, Role]:
        """Who goes first alternates. The first of all is the candidate, alone while it may have an export to make."""
        return (Role.CANDIDATE, Role.REFERENCE) if self.number % 2 else (Role.REFERENCE, Role.CANDIDATE)

    def start(self, role: Role) -> None:
        """Load and warm up a worker. One that has exported the model is unlike others, and replaced."""
        measurement = self._load(role)
        if measurement.session.export_s > EXPORTED_S:
            measurement.end()
            measurement = self._load(role)
        self._alive.add(role)
        self.measurements[role] = measurement
        assert measurement.session.load_s is not None, "a worker of a pair makes one setting alone"
        self.loads_s[role] = measurement.session.load_s
        measurement.warm_up()

    def generate(self, role: Role) -> Sample:
        """Have a worker make one whole generation. Raises a WorkerError."""
        return self.generate_with(self.measurements[role])

    def generate_with(self, measurement: Measurement | Group) -> Sample:
        """Have a worker make one whole generation, or a group of them a window. Raises a WorkerError."""
        return measurement.generate(self._run.bench_of(measurement.variant).protocol.steps)

    def end(self, role: Role) -> None:
        """End a worker that is still alive, after its inspection where it has one. Raises a WorkerError."""
        if role not in self._alive:
            return
        measurement = self.measurements[role]
        measurement.finish_turns()
        if self.number == 1:
            self.inspections[role] = measurement.inspect()
        measurement.end()
        self._alive.remove(role)

    def close(self) -> None:
        """End both workers, whatever they are doing."""
        self._resources.close()

    def _load(self, role: Role) -> Measurement | Group:
        side = self._side_pair.of(role)
        return self._resources.enter_context(
            self._run.measuring_beside(
                side.variant,
                side.stack,
                role,
                self.number,
                side.origin,
                name=self._side_pair.name_in_errors(role),
                is_timed=role is Role.CANDIDATE,
            )
        )
