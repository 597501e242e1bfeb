"""Where the instances of a server run: on disjoint cores, near to each other and to their memory.

An instance lies within a NUMA node or takes whole ones, and so with sockets: one that reached into a node of which
another instance has the rest would be slower than that one, and make it slower. Each gets one thread of a core, as
every row does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from perf.errors import BadInput
from perf.host.topology import Core

Place = tuple[int, ...]  # the CPU numbers of one instance

PER_SOCKET, PER_NUMA = "per-socket", "per-numa"


def place(wanted: str, cores: Iterable[Core]) -> tuple[Place, ...]:
    """Return the CPUs of each instance.

    Args:
        wanted: how many instances, or ``per-socket`` or ``per-numa`` for one on each that has cores to use.
        cores: those that may be used.

    Raises:
        BadInput: it is neither, or no instance could lie where it should.
    """
    ordered = sorted(cores, key=_position)
    if wanted == PER_SOCKET:
        return _one_each(ordered, _socket)
    if wanted == PER_NUMA:
        return _one_each(ordered, _node)
    if not wanted.isdecimal() or int(wanted) < 1:
        raise BadInput(f"--instances {wanted!r}: give a number, {PER_SOCKET} or {PER_NUMA}")
    count = int(wanted)
    if why_not := _why_not(count, ordered):
        possible = [str(n) for n in range(1, len(ordered) + 1) if not _why_not(n, ordered)]
        raise BadInput(f"--instances {count}: {why_not}; possible are {', '.join(possible)}")
    return tuple(tuple(core.cpu for core in chunk) for chunk in _chunks(count, ordered))


def _why_not(count: int, ordered: Sequence[Core]) -> str | None:
    """Return why so many instances cannot be placed, or None."""
    if len(ordered) % count:
        return f"the {len(ordered)} cores that may be used do not divide into {count}"
    for chunk in _chunks(count, ordered):
        for kind, region in (("NUMA node", _node), ("socket", _socket)):
            if torn := _torn(chunk, ordered, region):
                return f"an instance would reach into {kind} {torn[-1][-1]}, of which another has the rest"
    return None


def _torn(
    chunk: Sequence[Core], ordered: Sequence[Core], region: Callable[[Core], tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Return the regions that an instance has a part of, beside another region; none where it lies well."""
    touched = sorted(set(map(region, chunk)))
    if len(touched) == 1:
        return []
    return [each for each in touched if any(region(core) == each and core not in chunk for core in ordered)]


def _chunks(count: int, ordered: Sequence[Core]) -> Iterable[Sequence[Core]]:
    size = len(ordered) // count
    return (ordered[start : start + size] for start in range(0, len(ordered), size))


def _one_each(ordered: Sequence[Core], region: Callable[[Core], tuple[int, ...]]) -> tuple[Place, ...]:
    return tuple(tuple(core.cpu for core in chunk) for _, chunk in itertools.groupby(ordered, region))


def _position(core: Core) -> tuple[int, int, int]:
    return (core.socket, core.node, core.cpu)


def _socket(core: Core) -> tuple[int, ...]:
    return (core.socket,)


def _node(core: Core) -> tuple[int, ...]:
    """Return the node within its socket: a virtual machine may call all sockets node 0."""
    return (core.socket, core.node)
