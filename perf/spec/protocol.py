"""The settings of one measurement: the image generated, the warm-up, the rounds, and how long they may take.

The defaults are those of the source article (see perf.spec.ladder): one image, classifier-free guidance, a warm-up of
10 steps, then 10 timed generations of 20 steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from perf.errors import BadInput

MIN_ROUNDS = 3
MAX_SEED = 2**32 - 1
MAX_ROUNDS_FACTOR = 2  # disturbed rounds are measured again, up to this many times the number of rounds wanted
SIZE_MULTIPLE = 8
COMPARED_FIELDS = ("size", "steps", "warmup_steps", "guidance_scale", "seed", "prompt")  # rounds may differ
SERVER_FIELDS = ("batch", "instances")  # compared too, where throughput is measured
MAX_BATCH = 64


@dataclass(frozen=True)
class Size:
    """Image size in pixels; the VAE works on blocks of 8. Raises BadInput on a size that it cannot make."""

    width: int
    height: int

    def __post_init__(self) -> None:
        for side in (self.width, self.height):
            if side < SIZE_MULTIPLE or side % SIZE_MULTIPLE:
                raise BadInput(f"size {self}: both sides must be positive multiples of {SIZE_MULTIPLE}")

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read ``512x512``, or ``512`` for a square. Raises BadInput."""
        sides = text.lower().split("x")
        if len(sides) > 2 or not all(side.isdecimal() for side in sides):
            raise BadInput(f"size {text!r} is not of the form WIDTHxHEIGHT, for example 512x512")
        return cls(int(sides[0]), int(sides[-1]))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Settings of a measurement, durations in seconds. Raises BadInput on a value that makes no sense.

    ``instances`` are the cores of each of several workers that make images side by side, where throughput is measured,
    and ``batch`` is how many images each makes at once.
    """

    size: Size
    steps: int = 20
    warmup_steps: int = 10
    rounds: int = 10
    budget_s: float = 300.0
    guidance_scale: float = 7.5
    seed: int = 20230328
    prompt: str = "sailing ship in storm by Rembrandt"
    batch: int = 1
    instances: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for option in ("steps", "warmup_steps", "rounds"):
            if getattr(self, option) < 1:
                raise BadInput(f"--{option.replace('_', '-')} {getattr(self, option)}: must be at least 1")
        if not 1 <= self.batch <= MAX_BATCH:
            raise BadInput(f"--batch {self.batch}: must be 1 to {MAX_BATCH} images")
        if not 0 <= self.seed <= MAX_SEED:
            raise BadInput(f"--seed {self.seed}: must be 0 to {MAX_SEED}")
        if not 0 <= self.guidance_scale < math.inf:
            raise BadInput(f"--guidance-scale {self.guidance_scale:g}: must be 0 or more")
        if not self.budget_s >= 0:
            raise BadInput(f"--budget {self.budget_s}: must be 0 or more seconds")

    @property
    def is_guided(self) -> bool:
        """Whether images are made with classifier-free guidance."""
        return is_guided(self.guidance_scale)

    @property
    def is_throughput(self) -> bool:
        """Whether it is measured how many images instances side by side make, and not how long one takes alone."""
        return bool(self.instances)

    @property
    def min_rounds(self) -> int:
        """The undisturbed rounds that are wanted however small the budget."""
        return min(self.rounds, MIN_ROUNDS)

    @property
    def max_rounds(self) -> int:
        """The rounds after which a session ends however many of them were disturbed."""
        return MAX_ROUNDS_FACTOR * self.rounds

    def enough(self, good: int, measured: int, elapsed_s: float) -> bool:
        """Return whether a session may end after ``measured`` rounds, ``good`` of them undisturbed, in ``elapsed_s``.

        Disturbed rounds are measured again: up to twice the rounds wanted within the budget, and up to twice the
        minimum beyond it.
        """
        if elapsed_s < self.budget_s:
            return good >= self.rounds or measured >= self.max_rounds
        return good >= self.min_rounds or measured >= MAX_ROUNDS_FACTOR * self.min_rounds

    def __str__(self) -> str:
        return (
            f"{self.size}, {self.steps} {'step' if self.steps == 1 else 'steps'}, guidance {self.guidance_scale:g}, "
            f"{self._rounds_in_words()}{self._instances_in_words()}"
        )

    def _instances_in_words(self) -> str:
        if not self.is_throughput:
            return ""
        cores = " and ".join(map(str, sorted(set(self.instances))))
        of_cores = f"{cores} {'core' if cores == '1' else 'cores'}"
        count = len(self.instances)
        return f", {count} {'instance' if count == 1 else 'instances'} of {of_cores}, batch {self.batch}"

    def _rounds_in_words(self) -> str:
        if self.rounds > self.min_rounds:
            return f"up to {self.rounds} rounds in {self.budget_s:g} s, at least {self.min_rounds}"
        return f"{self.rounds} {'round' if self.rounds == 1 else 'rounds'}"

    @property
    def compared(self) -> dict[str, Any]:
        """The settings that must be equal for two measurements to be compared; JSON types only."""
        settings = self.to_json()
        server = SERVER_FIELDS if self.is_throughput else ()
        return {name: settings[name] for name in (*COMPARED_FIELDS, *server)}

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"size": str(self.size), "instances": list(self.instances)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Protocol:
        """Read a protocol, also from a record of a version that knew no instances."""
        instances = tuple(data.get("instances", ()))
        return cls(**{**data, "size": Size.parse(data["size"]), "instances": instances})


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """Deadlines of a worker's phases: seconds after which it is killed. Progress does not extend them."""

    start_s: float = 60.0
    load_s: float = 1800.0
    warmup_s: float = 1800.0
    generation_s: float = 1800.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise BadInput(f"--{name.removesuffix('_s')}-deadline {value:g}: must be above 0 seconds")


def is_guided(guidance_scale: float) -> bool:
    """Tell whether this scale asks for classifier-free guidance, which diffusers turns off at 1 and below."""
    return guidance_scale > 1
