"""The parts of generations during which nothing else ran, as far as the kernel tells: each UNet step by itself.

Generations that took turns have the conditions of each turn (perf.records.sample.Turn), and are judged part by part, so
that a burst of other work costs the steps it fell on and not the whole image. Others are judged as a whole, as in
perf.stats.level: all their parts are calm, or none is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from perf.records.part import Part
from perf.records.sample import Sample, Turn
from perf.records.session_record import Round
from perf.stats import level
from perf.stats.level import PRESSURE_SHARE, USE_SHARE

OTHER_PARTS = frozenset(Part) - {Part.UNET_STEP}
TURN_FLOOR_S = 0.004  # a time slice, which any turn may lose


@dataclass(frozen=True)
class CalmParts:
    """The undisturbed parts of a generation, or of a pair: the positions of UNet steps, from 0, and the other parts."""

    steps: frozenset[int]
    others: frozenset[Part]

    def __and__(self, other: CalmParts) -> CalmParts:
        """Return what is undisturbed in both."""
        return CalmParts(self.steps & other.steps, self.others & other.others)


def calm_parts(samples: Sequence[Sample]) -> list[CalmParts]:
    """Return the undisturbed parts of each of one worker's generations.

    Where the kernel does not account pressure, a turn is compared with the turn of the same kind that used most CPUs.
    Other workers are no measure of it: a candidate may use fewer CPUs.
    """
    turns = [turn for sample in samples for turn in sample.turns or ()]
    best_uses = best_use_by_part(turn for turn in turns if turn.cpu_pressure_s is None)
    best_use = level.best_use(Round.of(sample) for sample in samples if not sample.turns)
    return [_calm_by_turns(sample, best_uses) if sample.turns else _calm_whole(sample, best_use) for sample in samples]


def _calm_whole(sample: Sample, best_use: float) -> CalmParts:
    if level.disturbed(Round.of(sample), best_use):
        return CalmParts(frozenset(), frozenset())
    return CalmParts(frozenset(range(len(sample.parts.unet_steps_s))), OTHER_PARTS)


def _calm_by_turns(sample: Sample, best_uses: dict[Part, float]) -> CalmParts:
    steps: set[int] = set()
    others = set(OTHER_PARTS)
    position = 0
    for turn in sample.turns or ():
        is_calm = not turn_disturbed(turn, best_uses.get(turn.part, 0.0))
        if turn.part is Part.UNET_STEP:
            if is_calm:
                steps.add(position)
            position += 1
        elif not is_calm:
            others.discard(turn.part)  # one of the text encoder's two calls is enough
    return CalmParts(frozenset(steps), frozenset(others))


def turn_disturbed(turn: Turn, best_use: float) -> bool:
    """Tell whether something else ran during this turn.

    ``best_use`` is that of the worker's turns of the same kind, in CPUs. It decides only where the kernel does not
    account pressure: then a turn that could have been shorter with that many CPUs has waited.
    """
    if turn.cpu_pressure_s is not None:
        return turn.cpu_pressure_s > PRESSURE_SHARE * turn.wall_s + TURN_FLOOR_S
    waited_s = turn.wall_s - turn.cpu_s / best_use if best_use else 0.0
    return waited_s > (1 - USE_SHARE) * turn.wall_s + TURN_FLOOR_S


def best_use_by_part(turns: Iterable[Turn]) -> dict[Part, float]:
    """Return the CPUs in use in the turn that used most of them, for each kind of turn."""
    best: dict[Part, float] = {}
    for turn in turns:
        use = turn.cpu_s / turn.wall_s if turn.wall_s > 0 else 0.0
        best[turn.part] = max(best.get(turn.part, 0.0), use)
    return best
