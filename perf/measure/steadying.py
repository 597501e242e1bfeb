"""Steadying, what may take the luck of a process out of a worker: its addresses, its pages, the place of its threads.

Two identical workers may differ by a percent for their whole lives. What is taken out of both sides of a pair alike
cannot favour either, so it is for pairs alone: the ladder's own sessions are started as users start theirs.
tests/benchmarks/process_luck.py measures what each is worth.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HUGE_PAGES_OF_JEMALLOC = "thp:always"


@dataclass(frozen=True, kw_only=True)
class Steadying:
    """What of a worker's luck is taken out of it.

    Attributes:
        fixed_addresses: no address space randomisation; containers may forbid it.
        huge_pages: transparent huge pages for the heap, of glibc and of jemalloc.
        fixed_threads: each OpenMP thread stays on its core.
    """

    fixed_addresses: bool = False
    huge_pages: bool = False
    fixed_threads: bool = False

    def prefix(self, prefix: Sequence[str]) -> tuple[str, ...]:
        """Return what stands before python, where that was ``prefix``."""
        return ("setarch", platform.machine(), "-R", *prefix) if self.fixed_addresses else tuple(prefix)

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the worker's environment, where that was ``environment``."""
        changed = dict(environment)
        if self.huge_pages:
            changed["GLIBC_TUNABLES"] = _joined(environment.get("GLIBC_TUNABLES"), "glibc.malloc.hugetlb=1", ":")
            if configured := environment.get("MALLOC_CONF"):
                changed["MALLOC_CONF"] = _joined(configured, HUGE_PAGES_OF_JEMALLOC, ",")
        if self.fixed_threads:
            changed |= {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}
        return changed


UNSTEADIED = Steadying()


def _joined(before: str | None, added: str, separator: str) -> str:
    return f"{before}{separator}{added}" if before else added
