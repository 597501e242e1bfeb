"""What a pair of workers does in the three hooks of ``benchmark.pedantic``."""

from __future__ import annotations

from typing import Protocol

from perf.stats.pairs import Pair


class Strategy(Protocol):
    """How a pair of workers, the first of which is started, makes pairs of generations. All may raise a WorkerError."""

    pairs: list[Pair]
    """What these workers have made."""

    @property
    def is_done(self) -> bool:
        """Whether these workers have made what was asked of them, or as many pairs as they may."""

    @property
    def can_go_on(self) -> bool:
        """Whether the workers are alive, and may be asked for more."""

    def ask_for(self, pairs: int) -> None:
        """Ask for so many more undisturbed pairs by the same workers; only where they can go on."""

    def begin(self) -> None:
        """Do what comes before the first round; part of the first round's setup."""

    def generate(self) -> None:
        """Make the generations of a round that are timed."""

    def finish(self) -> None:
        """Do what comes after a round, as its teardown."""
