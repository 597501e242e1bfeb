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
from perf.stats.level import PRESSURE_FLOOR_S, PRESSURE_SHARE, USE_SHARE

OTHER_PARTS = frozenset(Part) - {Part.UNET_STEP}
STEP_FLOOR_S = 0.004  # a time slice, which any step may lose; a part that occurs once may lose as much as an image may

ENOUGH_TO_SEE = 3  # generations, before a part that was calm in none of them is taken for one that never is


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
    whole = _calm_wholes(samples)
    by_turns = [_calm_by_turns(sample, best_uses) if sample.turns else None for sample in samples]
    calm = [parts or as_a_whole for parts, as_a_whole in zip(by_turns, whole, strict=True)]
    never_calm: frozenset[Part] = frozenset()
    if len(samples) >= ENOUGH_TO_SEE:
        never_calm = OTHER_PARTS.difference(*(parts.others for parts in calm))
    return [_with_own_pressure(parts, as_a_whole, never_calm) for parts, as_a_whole in zip(calm, whole, strict=True)]


def _calm_wholes(samples: Sequence[Sample]) -> list[CalmParts]:
    """Return all parts of each generation that was calm as a whole, and none of any other."""
    rounds = [Round.of(sample) for sample in samples]
    best_use = level.best_use(rounds)
    calm = []
    for sample, timed in zip(samples, rounds, strict=True):
        if level.disturbed(timed, best_use):
            calm.append(CalmParts(frozenset(), frozenset()))
        else:
            calm.append(CalmParts(frozenset(range(len(sample.parts.unet_steps_s))), OTHER_PARTS))
    return calm


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


def _with_own_pressure(calm: CalmParts, whole: CalmParts, never_calm: frozenset[Part]) -> CalmParts:
    """Add the parts that are calm in none of a worker's generations, where the whole generation was calm.

    Such a part brings its pressure about itself, by threads of two libraries, say, that hand over to each other.
    """
    return CalmParts(calm.steps, calm.others | (never_calm & whole.others))


def turn_disturbed(turn: Turn, best_use: float) -> bool:
    """Tell whether something else ran during this turn.

    ``best_use`` is that of the worker's turns of the same kind, in CPUs. It decides only where the kernel does not
    account pressure: then a turn that could have been shorter with that many CPUs has waited.
    """
    floor_s = STEP_FLOOR_S if turn.part is Part.UNET_STEP else PRESSURE_FLOOR_S
    if turn.cpu_pressure_s is not None:
        return turn.cpu_pressure_s > PRESSURE_SHARE * turn.wall_s + floor_s
    waited_s = turn.wall_s - turn.cpu_s / best_use if best_use else 0.0
    return waited_s > (1 - USE_SHARE) * turn.wall_s + floor_s


def best_use_by_part(turns: Iterable[Turn]) -> dict[Part, float]:
    """Return the CPUs in use in the turn that used most of them, for each kind of turn."""
    best: dict[Part, float] = {}
    for turn in turns:
        use = turn.cpu_s / turn.wall_s if turn.wall_s > 0 else 0.0
        best[turn.part] = max(best.get(turn.part, 0.0), use)
    return best
