"""The settings of a measurement, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from perf.host import stack
from perf.host.placement import Place
from perf.measure.checkpoints import check_name
from perf.spec import synthetic
from perf.spec.calibration import PROMPTS
from perf.spec.ladder import LADDER
from perf.spec.protocol import Deadlines, Protocol, Size
from perf.spec.variant import Variant
from perf.stats.machine_verdict import MACHINE_TOLERANCE
from perf.stats.tolerances import Tolerances

DEFAULT_MODEL = "synthetic-sd15"
BASELINES = stack.ROOT / "baselines"
SESSIONS_KEPT = 20  # of a row, in its baseline
DEFAULT = Protocol(size=Size(512, 512))
QUICK = Protocol(size=Size(256, 256), steps=10, warmup_steps=4, rounds=3, budget_s=40.0)
DEADLINES = Deadlines()
PAIRS_BUDGET_S = 1800.0


class Judging(StrEnum):
    """How rows with a baseline are judged.

    ``auto`` measures in pairs with the anchor where the software differs from the baseline's, and judges by the
    baseline's sessions elsewhere.
    """

    AUTO = "auto"
    PAIRS = "pairs"
    MEMORY = "memory"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The request for a measurement.

    ``ladder`` are all rows that there are, of which ``variants`` are to be measured, in a sweep at every setting.
    ``size`` is None for the model's own, and of a sweep the first. ``stacks`` are the interpreters given by hand, by
    the stack's name. ``why`` is the reason for recording a baseline, ``sessions`` the workers to record it with, and
    ``fresh`` the most workers that settle a suspicion. ``history`` is the address of the database that the run is kept
    in, None for this user's own, ``notify`` that of a webhook which is told of it, and ``report`` the page to draw.
    ``resume`` asks for the finished rows of a run that was cut. ``memory_node`` is the NUMA node whose memory workers
    are to prefer, None for their own. ``stack_pair`` are the interpreters of a reference and a candidate to compare,
    ``asked`` the requirements that the candidate was made for, and ``against`` is the row to compare all others with
    instead, each in its own stack; ``pairs_budget_s`` is the time that each variant's pairs may take. ``tolerances``
    are the changes that matter, by row and quantity, where they are not the defaults, and ``machine_tolerance`` is the
    slowdown of the machine as a whole that matters, as a fraction. ``calibration_prompts`` are what models in 8 bits
    are calibrated with. ``settings_file`` is the file that some of all this is from, and ``usual`` what it says by
    itself, without the command line. ``instances`` are the CPUs of each worker where throughput is measured, and
    ``asked_instances`` is how they were asked for.
    """

    model: str
    variants: tuple[Variant, ...]
    ladder: tuple[Variant, ...] = LADDER
    stacks: Mapping[str, Path]
    size: Size | None
    protocol: Protocol
    deadlines: Deadlines
    require_all: bool
    wait_s: float
    markdown: Path | None
    baselines: Path
    why: str | None
    sessions: int
    fresh: int
    stack_pair: tuple[Path, Path] | None = None
    against: Variant | None = None
    pairs_budget_s: float = PAIRS_BUDGET_S
    judge: Judging = Judging.AUTO
    history: str | None = None
    notify: str | None = None
    report: Path | None = None
    resume: bool = False
    memory_node: int | None = None
    json: Path | None = None
    asked: tuple[str, ...] = ()
    calibration_prompts: tuple[str, ...] = PROMPTS
    tolerances: Tolerances = field(default_factory=Tolerances)
    machine_tolerance: float = MACHINE_TOLERANCE
    settings_file: Path | None = None
    usual: Settings | None = None
    instances: tuple[Place, ...] = ()
    asked_instances: str | None = None

    @property
    def compares(self) -> bool:
        """Whether this run compares two stacks or rows, instead of measuring the ladder."""
        return self.stack_pair is not None or self.against is not None

    @property
    def updates(self) -> bool:
        """Whether this run records a baseline instead of judging by one."""
        return self.why is not None

    @property
    def options(self) -> tuple[str, ...]:
        """The options that measure the same again, without the rows; ``--quick`` appears as the values that it sets.

        What the settings file says need not be repeated, but for what the model would have of its own.
        """
        usual = self.usual._values if self.usual else USUAL
        own = _values_of(preset(self.model)) if has_own_protocol(self.model) else {}
        options: list[str] = []
        for name, value in self._values.items():
            if value != usual[name] or value != own.get(name, value):
                options += [name, str(value)]
        for name, python in self.stacks.items():
            if python != (self.usual.stacks.get(name) if self.usual else None):
                options += ["--stack", f"{name}={python}"]
        return tuple(options)

    @property
    def _values(self) -> dict[str, object]:
        """The values of the options that decide what is measured and what it is compared with."""
        return {
            "--model": self.model,
            "--size": self.protocol.sweep.to_json().get("size", self.size),
            "--instances": self.asked_instances,
            **_values_of(self.protocol),
            "--baselines": self.baselines,
        }


def has_own_protocol(model: str) -> bool:
    """Tell whether a model of that name has defaults of its own."""
    return model in synthetic.SYNTHETIC and bool(synthetic.find(model).own_protocol)


def preset(model: str, *, quick: bool = False) -> Protocol:
    """Return the settings of a measurement where none are given: the model's own, else those of --quick, else these.

    A model that was distilled for one step is measured with one. The size is not the model's.
    """
    own = synthetic.find(model).own_protocol if has_own_protocol(model) else {}
    return replace(QUICK if quick else DEFAULT, **own)


def _values_of(protocol: Protocol) -> dict[str, object]:
    return {
        "--steps": protocol.sweep.to_json().get("steps", protocol.steps),
        "--warmup-steps": protocol.warmup_steps,
        "--rounds": protocol.rounds,
        "--budget": protocol.budget_s,
        "--guidance-scale": protocol.guidance_scale,
        "--seed": protocol.seed,
        "--prompt": protocol.prompt,
        "--batch": protocol.batch,
    }


USUAL = {
    "--model": DEFAULT_MODEL,
    "--size": None,
    "--instances": None,
    **_values_of(DEFAULT),
    "--baselines": BASELINES,
}


def for_selftest(
    *,
    model: str,
    variants: tuple[Variant, ...],
    stacks: Mapping[str, Path],
    size: Size,
    protocol: Protocol,
    wait_s: float,
) -> Settings:
    """Return the settings of a measurement that neither judges nor records. Raises BadInput."""
    check_name(model)
    return Settings(
        model=model,
        variants=variants,
        stacks=stacks,
        size=size,
        protocol=protocol,
        deadlines=DEADLINES,
        require_all=False,
        wait_s=wait_s,
        markdown=None,
        baselines=BASELINES,
        why=None,
        sessions=1,
        fresh=0,
    )
