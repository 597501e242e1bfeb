"""The command line of a measurement: what can be asked for, checked as soon as pytest starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perf.errors import BadInput
from perf.host import stack
from perf.host.interpreters import check_python, parse_overrides
from perf.measure.checkpoints import check_name
from perf.spec import ladder
from perf.spec.protocol import Deadlines, Protocol, Size
from perf.spec.variant import Variant
from perf.stats.paired_comparison import FEWEST_WORKERS
from perf.stats.verdict import MAX_SESSIONS

if TYPE_CHECKING:
    import pytest

DEFAULT_MODEL = "synthetic-sd15"
BASELINES = stack.ROOT / "baselines"
SESSIONS_KEPT = 20  # of a row, in its baseline
DEFAULT = Protocol(size=Size(512, 512))
DEADLINES = Deadlines()
PAIRS_BUDGET_S = 1800.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was asked for. ``size`` is None for the model's own; ``stacks`` are interpreters given by hand.

    ``stack_pair`` are those of two stacks to be compared: the reference, and the candidate that was made for what was
    ``asked``. Each variant's pairs may take ``pairs_budget_s``.
    """

    model: str
    variants: tuple[Variant, ...]
    stacks: Mapping[str, Path]
    size: Size | None
    protocol: Protocol
    deadlines: Deadlines
    strict: bool
    wait_s: float
    markdown: Path | None
    baselines: Path
    why: str | None
    sessions: int
    fresh: int
    stack_pair: tuple[Path, Path] | None = None
    pairs_budget_s: float = PAIRS_BUDGET_S
    json: Path | None = None
    asked: tuple[str, ...] = ()

    @property
    def updates(self) -> bool:
        """Whether this run records a baseline instead of judging by one."""
        return self.why is not None

    @property
    def options(self) -> tuple[str, ...]:
        """What must be said again to measure the same, without the rows."""
        asked = self.protocol
        spoken = {
            "--model": (self.model, DEFAULT_MODEL),
            "--size": (self.size, None),
            "--steps": (asked.steps, DEFAULT.steps),
            "--warmup-steps": (asked.warmup_steps, DEFAULT.warmup_steps),
            "--rounds": (asked.rounds, DEFAULT.rounds),
            "--budget": (asked.budget_s, DEFAULT.budget_s),
            "--guidance-scale": (asked.guidance_scale, DEFAULT.guidance_scale),
            "--seed": (asked.seed, DEFAULT.seed),
            "--prompt": (asked.prompt, DEFAULT.prompt),
            "--baselines": (self.baselines, BASELINES),
        }
        said = [part for name, (value, usual) in spoken.items() if value != usual for part in (name, str(value))]
        return (*said, *(part for name, python in self.stacks.items() for part in ("--stack", f"{name}={python}")))


def add_options(parser: pytest.Parser) -> None:
    """Register the options; ``--strict`` is pytest's own and means here that every row must run."""
    group = parser.getgroup("perf", "performance of Stable Diffusion (with pytest's --strict, nothing may be skipped)")
    add = group.addoption
    add("--model", default=DEFAULT_MODEL, help="synthetic-sd15 (default), tiny, a Hub id, or a diffusers folder")
    add("--variant", action="append", default=[], metavar="NAME", help="measure this row only; may be repeated")
    add("--stack", action="append", default=[], metavar="NAME=PYTHON", help="interpreter to use for a stack")
    add("--size", metavar="WxH", help="image size in pixels (default: the model's own, 512x512 for SD 1.5)")
    add("--steps", type=int, default=DEFAULT.steps, help="denoising steps of a timed generation (%(default)s)")
    add("--warmup-steps", type=int, default=DEFAULT.warmup_steps, help="steps of a warm-up (%(default)s)")
    add("--rounds", type=int, default=DEFAULT.rounds, help="timed generations per variant (%(default)s)")
    add("--budget", type=float, metavar="SECONDS", help=BUDGET_HELP)
    add("--guidance-scale", type=float, default=DEFAULT.guidance_scale, help="classifier-free guidance (%(default)s)")
    add("--seed", type=int, default=DEFAULT.seed, help="of the starting latents (%(default)s)")
    add("--prompt", default=DEFAULT.prompt, help="(%(default)s)")
    add("--load-deadline", type=float, default=DEADLINES.load_s, metavar="SECONDS", help="(%(default)g)")
    add("--warmup-deadline", type=float, default=DEADLINES.warmup_s, metavar="SECONDS", help="(%(default)g)")
    add("--generation-deadline", type=float, default=DEADLINES.generation_s, metavar="SECONDS", help="(%(default)g)")
    add("--wait", type=float, default=0.0, metavar="SECONDS", help="wait for another measurement on this machine")
    add("--markdown", type=Path, metavar="FILE", help="write the ladder as Markdown")
    add("--baselines", type=Path, default=BASELINES, metavar="FOLDER", help="compare with these (%(default)s)")
    add("--update-baseline", action="store_true", help="record what is measured as baseline, instead of judging by it")
    add("--why", metavar="REASON", help="the reason for --update-baseline, kept in the file")
    add("--sessions", type=int, default=1, help="workers to measure one after another with --update-baseline (1)")
    add("--reference", type=Path, metavar="PYTHON", help="compare two stacks: the interpreter of the one in use")
    add("--candidate", type=Path, metavar="PYTHON", help="and that of the one to be taken")
    add("--asked", action="append", default=[], metavar="REQUIREMENT", help="what the candidate was made for; shown")
    add("--json", type=Path, metavar="FILE", help="write what the comparison has found")
    add("--fresh", type=int, default=MAX_SESSIONS - 1, help=FRESH_HELP)


FRESH_HELP = "fresh workers at most to settle the suspicion that a row is slower (%(default)s)"
BUDGET_HELP = (
    f"end a variant's rounds after this time, never under 3 rounds ({DEFAULT.budget_s:g}), or its pairs of two stacks, "
    f"never under {FEWEST_WORKERS} pairs of workers ({PAIRS_BUDGET_S:g})"
)


def read(config: pytest.Config) -> Settings:
    """The settings of this run. Raises BadInput."""
    option = config.option
    check_name(option.model)
    stack_pair = check_stack_pair(option.reference, option.candidate)
    check_update(option.update_baseline, option.why)
    for name, least, most in (("sessions", 1, SESSIONS_KEPT), ("fresh", 0, MAX_SESSIONS - 1)):
        if not least <= getattr(option, name) <= most:
            raise BadInput(f"--{name} {getattr(option, name)}: must be {least} to {most}")
    return Settings(
        model=option.model,
        variants=ladder.select(option.variant),
        stacks=dict.fromkeys(ladder.stacks(), stack_pair[0]) if stack_pair else parse_overrides(option.stack),
        size=Size.parse(option.size) if option.size else None,
        protocol=Protocol(
            size=DEFAULT.size,
            steps=option.steps,
            warmup_steps=option.warmup_steps,
            rounds=option.rounds,
            budget_s=DEFAULT.budget_s if option.budget is None else option.budget,
            guidance_scale=option.guidance_scale,
            seed=option.seed,
            prompt=option.prompt,
        ),
        deadlines=Deadlines(
            load_s=option.load_deadline,
            warmup_s=option.warmup_deadline,
            generation_s=option.generation_deadline,
        ),
        strict=bool(config.getini("strict")),
        wait_s=option.wait,
        markdown=option.markdown,
        baselines=option.baselines.absolute(),
        why=option.why,
        sessions=option.sessions,
        fresh=option.fresh,
        stack_pair=stack_pair,
        pairs_budget_s=PAIRS_BUDGET_S if option.budget is None else option.budget,
        json=option.json,
        asked=tuple(option.asked),
    )


def of(
    *,
    model: str,
    variants: tuple[Variant, ...],
    stacks: Mapping[str, Path],
    size: Size,
    protocol: Protocol,
    wait_s: float,
) -> Settings:
    """The settings of a measurement that neither judges nor records. Raises BadInput."""
    check_name(model)
    return Settings(
        model=model,
        variants=variants,
        stacks=stacks,
        size=size,
        protocol=protocol,
        deadlines=DEADLINES,
        strict=False,
        wait_s=wait_s,
        markdown=None,
        baselines=BASELINES,
        why=None,
        sessions=1,
        fresh=0,
    )


def check_stack_pair(reference: Path | None, candidate: Path | None) -> tuple[Path, Path] | None:
    """The interpreters of two stacks to compare, if asked for. Raises BadInput."""
    if reference is None and candidate is None:
        return None
    if reference is None or candidate is None:
        raise BadInput("--reference and --candidate come together: the interpreters of the two stacks to compare")
    return check_python("--reference", reference), check_python("--candidate", candidate)


def check_update(updates: bool, why: str | None) -> None:
    """Raises BadInput unless the reason and the request come together."""
    if updates and not (why and why.strip()):
        raise BadInput('--update-baseline needs --why "REASON": it is kept in the file, for who asks later')
    if why is not None and not updates:
        raise BadInput("--why says why a baseline is updated; without --update-baseline nothing is written")
