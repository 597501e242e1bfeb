"""Whole sessions that alternate, one worker alive at a time: for machines whose memory is too small for two."""

from __future__ import annotations

import psutil

from perf.compare.side_pair import Role
from perf.compare.worker_pair import WorkerPair
from perf.host import linux
from perf.records.sample import Sample
from perf.stats.paired_comparison import PAIRS_PER_WORKERS
from perf.stats.pairs import Pair

ROOM = 1.15  # of a worker's peak, free for it


class WholeSessions:
    """A Strategy: each round is one generation of the candidate; the reference's come before all of them or after."""

    def __init__(self, workers: WorkerPair) -> None:
        self.pairs: list[Pair] = []
        self._workers = workers
        self._samples: dict[Role, list[Sample]] = {Role.REFERENCE: [], Role.CANDIDATE: []}

    @property
    def is_done(self) -> bool:
        """Whether both sessions have ended. A disturbed pair is not made again: its worker may be gone."""
        return bool(self.pairs)

    @property
    def can_go_on(self) -> bool:
        """Never: the sessions have ended."""
        return False

    def ask_for(self, pairs: int) -> None:
        """Raise an error: it is never asked."""
        raise NotImplementedError(f"{pairs} more pairs asked of sessions that have ended")

    def begin(self) -> None:
        """Have the reference, if it is the first, do its session, and then start the candidate."""
        if self._workers.order[0] is Role.REFERENCE:
            self._finish_reference()
            self._workers.start(Role.CANDIDATE)

    def generate(self) -> None:
        """Make one generation of the candidate. Raises a WorkerError."""
        self._samples[Role.CANDIDATE].append(self._workers.generate(Role.CANDIDATE))

    def finish(self) -> None:
        """End the candidate after its last generation; then have the reference, if it is the second, do its session."""
        if len(self._samples[Role.CANDIDATE]) < PAIRS_PER_WORKERS:
            return
        self._workers.end(Role.CANDIDATE)
        if self._workers.order[0] is Role.CANDIDATE:
            self._workers.start(Role.REFERENCE)
            self._finish_reference()
        self.pairs = [
            Pair(workers=self._workers.number, reference=reference, candidate=candidate)
            for reference, candidate in zip(self._samples[Role.REFERENCE], self._samples[Role.CANDIDATE], strict=True)
        ]

    def _finish_reference(self) -> None:
        for _ in range(PAIRS_PER_WORKERS):
            self._samples[Role.REFERENCE].append(self._workers.generate(Role.REFERENCE))
        self._workers.end(Role.REFERENCE)


def memory_shortage(first_bytes: int | None, second_bytes: int | None) -> str | None:
    """Return why a second worker does not fit beside the first; None if it does, or a peak is unknown.

    Args:
        first_bytes: the peak of the worker that is alive.
        second_bytes: that of the one to be started beside it.
    """
    if first_bytes is None or second_bytes is None:
        return None
    free = psutil.virtual_memory().available
    if limit := linux.memory_limit_bytes():
        free = min(free, limit - first_bytes)
    if free >= ROOM * second_bytes:
        return None
    first, second = (f"{peak / 1e9:.1f}" for peak in (first_bytes, second_bytes))
    need = f"{first} GB each" if first == second else f"{first} and {second} GB"
    return f"two workers do not fit in memory ({need}, {free / 1e9:.1f} GB free)"
