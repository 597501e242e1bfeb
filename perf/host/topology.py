"""Sockets, cores and caches: from /sys, and from lscpu where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

SYS_CPU = Path("/sys/devices/system/cpu")


def one_socket_cores(usable: Iterable[int], sys_cpu: Path = SYS_CPU) -> tuple[int, ...]:
    """Return one CPU number per physical core of the first socket, among the ``usable`` CPU numbers."""
    first_threads: dict[tuple[int, int], int] = {}  # (socket, core) -> CPU number
    for cpu in sorted(usable):
        topology = sys_cpu / f"cpu{cpu}" / "topology"
        socket = int((topology / "physical_package_id").read_text())
        core = int((topology / "core_id").read_text())
        first_threads.setdefault((socket, core), cpu)
    first_socket = min(socket for socket, _ in first_threads)
    return tuple(cpu for (socket, _), cpu in first_threads.items() if socket == first_socket)


def lscpu() -> dict[str, str]:
    """Run util-linux' lscpu: field -> value, sizes in bytes; nothing where it is not installed."""
    command = ["lscpu", "--json", "--bytes"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": "C"})
    except (OSError, subprocess.CalledProcessError):
        return {}
    return dict(flatten(json.loads(result.stdout)["lscpu"]))


def flatten(fields: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the fields of lscpu. Some versions nest them, and then call "L3 cache" just "L3"."""
    for field in fields:
        yield field["field"].rstrip(":"), field["data"] or ""
        yield from flatten(field.get("children", ()))


def leading_number(text: str | None) -> int | None:
    """Return the 33554432 of ``33554432 (1 instance)``; None where the text does not begin with a number."""
    word = (text or "").partition(" ")[0]
    return int(word) if word.isdigit() else None
