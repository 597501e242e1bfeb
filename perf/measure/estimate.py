"""How long a ladder will take here: said as soon as it can be known, and kept up to date after each row.

The best guess is what the rows took in the last run of the same machine, model and protocol, which is kept in the
cache. Where there was none, the first UNet steps of the first warm-up are timed, and the other rows' steps are taken
from them by what they usually take beside eager float32.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perf.host.cache import cache_dir
from perf.host.machine import Machine
from perf.measure.settings import DEFAULT_MODEL, QUICK
from perf.spec.protocol import Protocol, Size
from perf.spec.variant import Variant

# Seconds of a UNet step over those of eager float32: of a full-size 512x512 run on two cores of an AMD EPYC (Genoa),
# docs/explanation/real-run.md. Where the CPU has no bfloat16, OpenVINO computes in float32 too.
USUAL_STEP = {"fp32": 1.0, "bf16-autocast": 0.57, "bf16-weights": 0.53, "chosen-by-backend": 0.38}
USUAL_STEP_WITHOUT_BF16 = 0.9

# Of the same run: what a generation takes beyond its UNet steps, and what a row takes before and after its rounds.
BEYOND_STEPS = 1.1
LOAD_S, COMPILE_S = 20.0, 100.0
INSPECTED_STEPS = 2.0

WORTH_SHORTENING_S = 20 * 60.0
SET_BY_QUICK = ("size", "steps", "warmup_steps", "rounds", "budget_s")


def usual_step(variant: Variant, *, has_bf16: bool) -> float:
    """Return what a UNet step of the variant usually takes, in those of eager float32."""
    if variant.precision == "chosen-by-backend" and not has_bf16:
        return USUAL_STEP_WITHOUT_BF16
    return USUAL_STEP[variant.precision]


def row_s(variant: Variant, protocol: Protocol, step_s: float) -> float:
    """Return the seconds that a row takes whose UNet steps take ``step_s``: load, warm-ups, rounds, inspection."""
    generation_s = protocol.steps * step_s * BEYOND_STEPS
    warmup_s = protocol.warmup_steps * step_s * BEYOND_STEPS
    within_budget = math.ceil(protocol.budget_s / generation_s)
    rounds = min(protocol.rounds, max(protocol.min_rounds, within_budget))
    load_s = LOAD_S + (COMPILE_S if variant.compiled else 0.0)
    return load_s + variant.warmup_rounds * warmup_s + rounds * generation_s + INSPECTED_STEPS * step_s


def roughly(seconds: float) -> str:
    """Return a duration to the digits of an estimate: ``about 2 h 10 min``, ``about 15 min`` or ``under a minute``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"about {minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"


@dataclass(frozen=True)
class LastRun:
    """The file that keeps how long each row took, by row, in the last run of the same measurement."""

    path: Path

    @classmethod
    def of(cls, machine: Machine, model_digest: str, protocol: Protocol) -> LastRun:
        """Return the file of this machine, model and protocol, rounds and budget included."""
        key = json.dumps([dict(machine.fingerprint), model_digest, protocol.to_json()], sort_keys=True)
        return cls(cache_dir() / "durations" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json")

    def read(self) -> dict[str, float]:
        """Return seconds by row; a file that is missing or broken is no more than a worse estimate."""
        try:
            content: Any = json.loads(self.path.read_text(encoding="utf-8"))
            rows = {str(name): float(seconds) for name, seconds in content.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}
        return {name: seconds for name, seconds in rows.items() if 0 < seconds < math.inf}

    def add(self, name: str, seconds: float) -> None:
        """Keep what a row took. A disk that is full must not end a measurement."""
        rows = self.read() | {name: seconds}
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            fresh.write_text(json.dumps(rows), encoding="utf-8")
            fresh.replace(self.path)


class Estimate:
    """What is left of a run: the rows to be measured, each by what is known of it."""

    def __init__(
        self, variants: Sequence[Variant], protocol: Protocol, last: LastRun, *, has_bf16: bool, sessions: int = 1
    ) -> None:
        self._pending = {variant.name: variant for variant in variants}
        self._variants = tuple(variants)
        self._protocol = protocol
        self._last = last
        self._last_s = last.read()
        self._has_bf16 = has_bf16
        self._more_sessions = sessions - 1
        self._fp32_steps_s: dict[str, float] = {}  # by the rows seen, what their steps say of eager float32's
        self._is_announced = False

    def add_step(self, name: str, step_s: float) -> None:
        """Learn from a row of this run what its UNet steps take."""
        variant = self._pending.get(name)
        if variant:
            self._fp32_steps_s[name] = step_s / usual_step(variant, has_bf16=self._has_bf16)

    def end_row(self, name: str, seconds: float) -> None:
        """Strike a row off, and keep what it took for the next run."""
        if self._pending.pop(name, None):
            self._last_s[name] = seconds
            self._last.add(name, seconds)

    def drop(self, name: str) -> None:
        """Strike off a row that could not be measured."""
        self._pending.pop(name, None)

    def time_left(self) -> str:
        """Return what is said after a row: nothing where it was the last, or where the others are not known."""
        left_s = self.left_s()
        return f", {roughly(left_s)} left" if left_s and self._pending else ""

    def left_s(self) -> float | None:
        """Return the seconds until all rows are measured, or None while nothing is known of one of them."""
        pending = [self._row_s(variant) for variant in self._pending.values()]
        again = [self._row_s(variant) for variant in self._variants] * self._more_sessions
        times_s = [*pending, *again]
        return None if None in times_s else sum(seconds for seconds in times_s if seconds is not None)

    def announcement(self, model: str) -> str | None:
        """Return, once, the line that says how long the run takes and what would be shorter; None until it is known."""
        left_s = self.left_s()
        if self._is_announced or left_s is None or not self._pending:
            return None
        self._is_announced = True
        rows = "1 row takes" if len(self._pending) == 1 else f"{len(self._pending)} rows take"
        source = self._source()
        line = f"{rows} {roughly(left_s)} here, by {source}; rows that seem slower are measured again"
        shorter = self._shorter(model) if left_s > WORTH_SHORTENING_S else []
        return f"{line}. Shorter: {', '.join(shorter)}" if shorter else line

    def _row_s(self, variant: Variant) -> float | None:
        if variant.name in self._last_s:
            return self._last_s[variant.name]
        return self._by_steps(variant, self._protocol)

    def _by_steps(self, variant: Variant, protocol: Protocol) -> float | None:
        """Return a row's seconds by the steps seen in this run; a step takes as long as its image has pixels."""
        if not self._fp32_steps_s:
            return None
        fp32_step_s = statistics.median(self._fp32_steps_s.values())
        step_s = fp32_step_s * usual_step(variant, has_bf16=self._has_bf16)
        return row_s(variant, protocol, step_s * pixels(protocol.size) / pixels(self._protocol.size))

    def _source(self) -> str:
        if all(name in self._last_s for name in self._pending):
            return "the last run"
        name, fp32_step_s = next(iter(self._fp32_steps_s.items()))
        variant = next(variant for variant in self._variants if variant.name == name)
        step_s = fp32_step_s * usual_step(variant, has_bf16=self._has_bf16)
        return f"a UNet step of {name} in {step_s:.2g} s"

    def _shorter(self, model: str) -> list[str]:
        """Return the options that measure less than this run does, with what they take."""
        options = []
        quick = replace(self._protocol, **{name: getattr(QUICK, name) for name in SET_BY_QUICK})
        if pixels(quick.size) < pixels(self._protocol.size):
            times_s = [self._by_steps(variant, quick) for variant in self._pending.values()]
            known_s = [seconds for seconds in times_s if seconds is not None]
            options.append(f"--quick ({roughly(sum(known_s))})" if known_s else "--quick")
        if len(self._pending) > 1:
            options.append("--variant NAME for one row")
        if model == DEFAULT_MODEL:
            options.append("--model tiny to try it out")
        return options


def pixels(size: Size) -> int:
    """Return the number of pixels of an image."""
    return size.width * size.height
