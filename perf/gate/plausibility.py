"""Whether the rows of a baseline hold together: rounds, sessions, and the probes of one machine."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from perf.errors import BadRecord
from perf.gate.baseline_key import BaselineKey
from perf.gate.baseline_row import BaselineRow
from perf.host.linux import parse_cpu_list
from perf.records.consistency import check_consistent
from perf.records.session_record import SessionRecord

REACH = 5.0  # of a latency from the row's typical one, and of a session's probe from the file's, either way
GIB = 1024**3


def faults_of(rows: Mapping[str, BaselineRow], key: BaselineKey) -> dict[str, BadRecord]:
    """Return what cannot be in each row that has such a thing, by the row's name.

    Args:
        rows: the rows of one file.
        key: the machine and protocol that the file says it is of.
    """
    faults = _probe_faults(rows)
    for name, row in rows.items():
        try:
            check_row(row, key)
        except BadRecord as error:
            faults[name] = error
    return faults


def check_row(row: BaselineRow, key: BaselineKey) -> None:
    """Raise BadRecord, whose field is the path within the row, if its figures contradict each other."""
    steps = steps_of(row, key)
    typical_s = statistics.median(_latencies_s(row.sessions))
    memory_gib = key.machine.get("memory_gib")
    for number, session in enumerate(row.sessions):
        for position, timed in enumerate(session.rounds):
            where = f"sessions[{number}].rounds[{position}]"
            _check_reach(f"{where}.latency_s", timed.latency_s, typical_s, "the row's others")
            try:
                check_consistent(
                    timed,
                    steps=steps,
                    cpus=cpus_of(row, key),
                    memory_bytes=memory_gib and memory_gib * GIB,
                )
            except BadRecord as error:
                raise error.within(where) from None


def steps_of(row: BaselineRow, key: BaselineKey) -> int:
    """Return the row's own steps, or the protocol's. Raises BadRecord if neither is a number, as none is in a sweep."""
    steps = row.variant["steps"] or key.protocol["steps"]
    if not isinstance(steps, int):
        raise BadRecord("variant.steps", f"is missing, in a sweep of {steps} steps")
    return steps


def cpus_of(row: BaselineRow, key: BaselineKey) -> int | None:
    """Return how many CPUs a worker can have had at most, or None where nothing tells.

    The key knows the cores of one socket: of those that may be used, another one can have more.
    """
    counts = [key.machine.get(name) for name in ("cores_used", "threads_per_core", "sockets")]
    if not all(counts):
        return None
    of_machine: int = math.prod(count for count in counts if count)
    listed = row.evidence.surroundings.cpus if row.evidence else ()
    of_instances = sum(key.protocol.get("instances", ()))
    return max(of_machine, of_instances, len(frozenset[int]().union(*map(parse_cpu_list, listed))))


def _probe_faults(rows: Mapping[str, BaselineRow]) -> dict[str, BadRecord]:
    """Return the rows with a session whose probe took another time than the machine needs, by all of the file."""
    probes_s: defaultdict[str | None, list[tuple[str, float]]] = defaultdict(list)
    for name, row in rows.items():
        for session in row.sessions:
            if known := [timed.probe_s for timed in session.rounds if timed.probe_s is not None]:
                probes_s[session.probe].append((name, statistics.median(known)))
    faults = {}
    for of_sessions in probes_s.values():
        known_s = [probe_s for _, probe_s in of_sessions]
        # Where half of them are of one machine and half of another, nobody knows which is which.
        for typical_s in (statistics.median_low(known_s), statistics.median_high(known_s)):
            for name, probe_s in of_sessions:
                try:
                    _check_reach("sessions.rounds.probe_s", probe_s, typical_s, "the file's others")
                except BadRecord as error:
                    faults[name] = error
    return faults


def _check_reach(field: str, value: float, typical: float, others: str) -> None:
    if not typical / REACH <= value <= typical * REACH:
        raise BadRecord(field, f"{value:g} s cannot be of the same machine as {others}, {typical:g} s")


def _latencies_s(sessions: Sequence[SessionRecord]) -> Iterable[float]:
    return (timed.latency_s for session in sessions for timed in session.rounds)
