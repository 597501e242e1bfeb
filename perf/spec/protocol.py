"""The settings of one measurement: the image generated, the warm-up, the rounds, and how long they may take.

The defaults are those of the source article (see perf.spec.ladder): one image, classifier-free guidance, a warm-up of
10 steps, then 10 timed generations of 20 steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from perf.errors import BadInput

MIN_ROUNDS = 3
MAX_SEED = 2**32 - 1
MAX_ROUNDS_FACTOR = 2  # disturbed rounds are measured again, up to this many times the number of rounds wanted
SIZE_MULTIPLE = 8
COMPARED_FIELDS = ("size", "steps", "warmup_steps", "guidance_scale", "seed", "prompt")  # rounds may differ
SERVER_FIELDS = ("batch", "instances")  # compared too, where throughput is measured
MAX_BATCH = 64
SEPARATOR = ","  # of the sizes, or the step counts, of a sweep

T = TypeVar("T")


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

    @property
    def pixels(self) -> int:
        """The number of pixels of an image."""
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True)
class Sweep:
    """The sizes and the step counts that every row is measured at, the smallest first; none where only one is.

    Their order is not the user's: what an earlier setting leaves in a worker's memory is part of what a later one
    measures, so that two orders could not be compared.
    """

    sizes: tuple[Size, ...] = ()
    steps: tuple[int, ...] = ()

    @classmethod
    def of(cls, sizes: Sequence[Size], steps: Sequence[int]) -> Sweep:
        """Return the sweep over these; what has one value, or none, is not swept."""
        by_size = sorted(sizes, key=lambda size: (size.pixels, size.width))
        return cls(
            sizes=tuple(by_size) if len(sizes) > 1 else (),
            steps=tuple(sorted(steps)) if len(steps) > 1 else (),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sweep:
        """Read what ``to_json`` wrote; also a whole protocol, in which what is not swept has one value."""
        size, steps = (str(data.get(name, "")) for name in ("size", "steps"))
        return cls.of(
            parse_sizes(size) if SEPARATOR in size else (),
            parse_steps(steps) if SEPARATOR in steps else (),
        )

    def to_json(self) -> dict[str, str]:
        """Return what is swept, as on the command line, by its name in a protocol."""
        swept = {"size": self.sizes, "steps": self.steps}
        return {name: SEPARATOR.join(map(str, values)) for name, values in swept.items() if values}

    def __bool__(self) -> bool:
        return bool(self.sizes or self.steps)


NO_SWEEP = Sweep()


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Settings of a measurement, durations in seconds. Raises BadInput on a value that makes no sense.

    Of a ``sweep``, ``size`` and ``steps`` are those of the first setting. Where throughput is measured, ``instances``
    are the cores of each of the workers that make images side by side, and ``batch`` is how many each makes at once.
    """

    size: Size
    steps: int = 20
    sweep: Sweep = NO_SWEEP
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

    @property
    def setting(self) -> str:
        """The size, the steps and the instances in words; see ``setting_in_words``."""
        return setting_in_words(self.compared)

    def __str__(self) -> str:
        return f"{self.setting}, guidance {self.guidance_scale:g}, {self._rounds_in_words()}"

    def _rounds_in_words(self) -> str:
        if self.rounds > self.min_rounds:
            return f"up to {self.rounds} rounds in {self.budget_s:g} s, at least {self.min_rounds}"
        return f"{self.rounds} {'round' if self.rounds == 1 else 'rounds'}"

    @property
    def compared(self) -> dict[str, Any]:
        """The settings that must be equal for two measurements to be compared; JSON types only.

        Those of a sweep are only equal to those of the same sweep: one worker may have made all of it.
        """
        settings = self.to_json()
        server = SERVER_FIELDS if self.is_throughput else ()
        return {name: settings[name] for name in (*COMPARED_FIELDS, *server)} | self.sweep.to_json()

    def to_json(self) -> dict[str, Any]:
        """Return the fields; what is no sweep and no throughput reads as it did before there were any."""
        own = asdict(self) | {"size": str(self.size), "instances": list(self.instances)}
        unused = {*([] if self.sweep else ["sweep"]), *([] if self.is_throughput else SERVER_FIELDS)}
        swept = {"sweep": self.sweep.to_json()} if self.sweep else {}
        return {name: value for name, value in own.items() if name not in unused} | swept

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Protocol:
        sweep, instances = Sweep.from_json(data.get("sweep", {})), tuple(data.get("instances", ()))
        return cls(**{**data, "size": Size.parse(data["size"]), "sweep": sweep, "instances": instances})


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


def parse_sizes(text: str) -> tuple[Size, ...]:
    """Read ``256x256,512x512``, or one size. Raises BadInput, which names the one at fault."""
    return _parse_list("--size", text, Size.parse)


def parse_steps(text: str) -> tuple[int, ...]:
    """Read ``10,20``, or one number. Raises BadInput, which names the one at fault."""
    return _parse_list("--steps", text, _parse_count)


def _parse_list(option: str, text: str, parse: Callable[[str], T]) -> tuple[T, ...]:
    """Read the values of an option. Raises BadInput for one that makes no sense, or that is there twice."""
    texts = [part.strip() for part in text.split(SEPARATOR)]
    if len(texts) == 1:
        return (parse(text),)
    values: list[T] = []
    for part in texts:
        try:
            value = parse(part)
        except BadInput as error:
            raise BadInput(f"{option} {text}: {str(error).removeprefix('--')}") from None
        if value in values:
            raise BadInput(f"{option} {text}: {value} is there twice")
        values.append(value)
    return tuple(values)


def _parse_count(text: str) -> int:
    """Read a number of steps. Raises BadInput."""
    try:
        count = int(text)
    except ValueError:
        raise BadInput(f"--steps {text!r} is not a whole number") from None
    if count < 1:
        raise BadInput(f"--steps {count}: must be at least 1")
    return count


def setting_in_words(data: Mapping[str, Any]) -> str:
    """Return the size and the steps in words, ``256x256 and 512x512, 20 steps``, and the instances of a throughput.

    Args:
        data: A protocol as JSON, or what is compared of one, maybe of a version of the suite that has more in it.
    """
    whole = {**data, **data.get("sweep", {})}
    sizes, steps = str(whole["size"]), str(whole["steps"])
    words = f"{_enumerated(sizes)}, {_enumerated(steps)} {'step' if steps == '1' else 'steps'}"
    return f"{words}, {_instances_in_words(whole)}" if whole.get("instances") else words


def _instances_in_words(data: Mapping[str, Any]) -> str:
    count, cores = len(data["instances"]), " and ".join(map(str, sorted(set(data["instances"]))))
    of_cores = f"{cores} {'core' if cores == '1' else 'cores'}"
    return f"{count} {'instance' if count == 1 else 'instances'} of {of_cores}, batch {data['batch']}"


def _enumerated(text: str) -> str:
    """Return ``1``, ``1 and 2`` or ``1, 2 and 3`` of ``1,2,3``."""
    *others, last = text.split(SEPARATOR)
    return f"{', '.join(others)} and {last}" if others else last
