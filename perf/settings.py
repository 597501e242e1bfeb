"""The command line of a measurement: what can be asked for, checked as soon as pytest starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perf import catalog, model, stack
from perf.protocol import Deadlines, Protocol, Size
from perf.variant import Variant

if TYPE_CHECKING:
    import pytest

DEFAULT = Protocol(size=Size(512, 512))
DEADLINES = Deadlines()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was asked for. ``size`` is None for the model's own; ``stacks`` are interpreters given by hand."""

    model: str
    variants: tuple[Variant, ...]
    stacks: Mapping[str, Path]
    size: Size | None
    protocol: Protocol
    deadlines: Deadlines
    strict: bool
    wait_s: float
    markdown: Path | None


def add_options(parser: pytest.Parser) -> None:
    """Register the options; ``--strict`` is pytest's own and means here that every row must run."""
    group = parser.getgroup("perf", "performance of Stable Diffusion (with pytest's --strict, nothing may be skipped)")
    add = group.addoption
    add("--model", default="synthetic-sd15", help="synthetic-sd15 (default), tiny, a Hub id, or a diffusers folder")
    add("--variant", action="append", default=[], metavar="NAME", help="measure this row only; may be repeated")
    add("--stack", action="append", default=[], metavar="NAME=PYTHON", help="interpreter to use for a stack")
    add("--size", metavar="WxH", help="image size in pixels (default: the model's own, 512x512 for SD 1.5)")
    add("--steps", type=int, default=DEFAULT.steps, help="denoising steps of a timed generation (%(default)s)")
    add("--warmup-steps", type=int, default=DEFAULT.warmup_steps, help="steps of a warm-up (%(default)s)")
    add("--rounds", type=int, default=DEFAULT.rounds, help="timed generations per variant (%(default)s)")
    add("--budget", type=float, default=DEFAULT.budget_s, metavar="SECONDS", help=BUDGET_HELP)
    add("--guidance-scale", type=float, default=DEFAULT.guidance_scale, help="classifier-free guidance (%(default)s)")
    add("--seed", type=int, default=DEFAULT.seed, help="of the starting latents (%(default)s)")
    add("--prompt", default=DEFAULT.prompt, help="(%(default)s)")
    add("--load-deadline", type=float, default=DEADLINES.load_s, metavar="SECONDS", help="(%(default)g)")
    add("--warmup-deadline", type=float, default=DEADLINES.warmup_s, metavar="SECONDS", help="(%(default)g)")
    add("--generation-deadline", type=float, default=DEADLINES.generation_s, metavar="SECONDS", help="(%(default)g)")
    add("--wait", type=float, default=0.0, metavar="SECONDS", help="wait for another measurement on this machine")
    add("--markdown", type=Path, metavar="FILE", help="write the ladder as Markdown")


BUDGET_HELP = "end a variant's rounds after this time, never under 3 rounds (%(default)g)"


def read(config: pytest.Config) -> Settings:
    """The settings of this run. Raises BadInput."""
    option = config.option
    model.check_name(option.model)
    return Settings(
        model=option.model,
        variants=catalog.select(option.variant),
        stacks=stack.parse_overrides(option.stack),
        size=Size.parse(option.size) if option.size else None,
        protocol=Protocol(
            size=DEFAULT.size,
            steps=option.steps,
            warmup_steps=option.warmup_steps,
            rounds=option.rounds,
            budget_s=option.budget,
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
    )
