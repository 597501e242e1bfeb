"""The estimate of how long a ladder will take here: shown as early as possible, and updated after each row.

It adds up what the rows took in the last run with the same machine, model and protocol, which is kept in the cache.
Without such a run, it goes by the first UNet steps that this run times, and by what a step of each of the other rows
typically takes relative to one of eager float32.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perf.host.cache import cache_dir
from perf.host.machine import Machine
from perf.host.regular_file import read_text
from perf.host.replaced_file import replace_text
from perf.measure.settings import DEFAULT_MODEL, preset
from perf.records.strict_json import parse
from perf.spec.protocol import Protocol
from perf.spec.sweep import can_follow
from perf.spec.variant import Precision, Variant

MAX_BYTES = 1024**2  # of the file with the seconds of each row

# The time of a UNet step relative to one of eager float32, from a full-size 512x512 run on two cores of an AMD EPYC
# (Genoa): docs/explanation/real-run.md. Where the CPU has no bfloat16, OpenVINO computes in float32 too.
RELATIVE_STEP: Mapping[Precision, float] = {
    "fp32": 1.0,
    "bf16-autocast": 0.57,
    "bf16-weights": 0.53,
    "fp16-weights": 0.53,
    "chosen-by-backend": 0.38,
}
RELATIVE_STEP_WITHOUT_BF16 = 0.9

# From the same run: a generation's time relative to its UNet steps', and what a row takes before and after its rounds.
BEYOND_STEPS = 1.1
LOAD_S, COMPILE_S = 20.0, 100.0
INSPECTED_STEPS = 2.0

# What the pairs of a row take, in sessions of it, roughly: the upgrades in docs/explanation/paired-comparison.md took 6
# to 15 pairs, by two to five pairs of workers.
SESSIONS_OF_PAIRS = 5

WORTH_SHORTENING_S = 20 * 60.0
SET_BY_QUICK = ("size", "steps", "warmup_steps", "rounds", "budget_s")


def relative_step(variant: Variant, *, has_bf16: bool) -> float:
    """Return the typical time of a UNet step of the variant, relative to one of eager float32."""
    if variant.precision == "chosen-by-backend" and not has_bf16:
        return RELATIVE_STEP_WITHOUT_BF16
    return RELATIVE_STEP[variant.precision]


def row_s(variant: Variant, protocol: Protocol, step_s: float, *, loads: bool = True) -> float:
    """Return the seconds of a whole row, from load to inspection, if each of its UNet steps takes ``step_s``.

    ``loads``: whether a worker must load the row, which in a sweep may have loaded it for an earlier setting.
    """
    generation_s = (variant.steps or protocol.steps) * step_s * BEYOND_STEPS
    warmup_s = min(variant.steps or protocol.warmup_steps, protocol.warmup_steps) * step_s * BEYOND_STEPS
    within_budget = math.ceil(protocol.budget_s / generation_s)
    rounds = min(protocol.rounds, max(protocol.min_rounds, within_budget))
    load_s = LOAD_S + (COMPILE_S if variant.compiled else 0.0)
    return loads * load_s + variant.warmup_rounds * warmup_s + rounds * generation_s + INSPECTED_STEPS * step_s


def roughly(seconds: float) -> str:
    """Return a duration as rounded text: ``about 2 h 10 min``, ``about 15 min`` or ``under a minute``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"about {minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"


@dataclass(frozen=True)
class LastRun:
    """The file with the seconds that each row took in the last run of the same measurement."""

    path: Path

    @classmethod
    def of(cls, machine: Machine, model_digest: str, protocol: Protocol) -> LastRun:
        """Return the file of this machine, model and protocol, rounds and budget included."""
        key = json.dumps([dict(machine.fingerprint), model_digest, protocol.to_json()], sort_keys=True)
        return cls(cache_dir() / "durations" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json")

    def read(self) -> dict[str, float]:
        """Return the seconds by row; empty if the file is missing or broken, which only makes the estimate worse."""
        try:
            content: Any = parse(read_text(self.path, MAX_BYTES))
            rows = {str(name): float(seconds) for name, seconds in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return {name: seconds for name, seconds in rows.items() if 0 < seconds < math.inf}

    def add(self, name: str, seconds: float) -> None:
        """Keep the seconds that a row took, or lose them quietly: a full disk must not end a measurement."""
        rows = self.read() | {name: seconds}
        with contextlib.suppress(OSError):
            replace_text(self.path, json.dumps(rows))


class Estimate:
    """The estimate of what is left of a run: its pending rows, and what is known of the time that each takes."""

    def __init__(
        self, variants: Sequence[Variant], protocol: Protocol, last: LastRun, *, has_bf16: bool, sessions: int = 1
    ) -> None:
        self._pending = {variant.name: variant for variant in variants}
        self._variants = tuple(variants)
        pairs = itertools.pairwise(variants)
        self._without_load = {later.name for earlier, later in pairs if can_follow(later, earlier)}
        self._protocol = protocol
        self._last = last
        self._last_s = last.read()
        self._has_bf16 = has_bf16
        self._more_sessions = sessions - 1
        self._in_pairs: dict[str, Variant] = {}
        self._fp32_steps_s: dict[str, float] = {}  # by row, eager float32's step as inferred from the row's own
        self._is_announced = False

    def add_step(self, name: str, step_s: float) -> None:
        """Learn from a row of this run that its UNet steps take ``step_s``; the first ones of one that compiles do not.

        They hold the compilation, and would make hours of a ladder of minutes.
        """
        variant = self._pending.get(name)
        if variant and not variant.compiled:
            relative = relative_step(variant, has_bf16=self._has_bf16) * self._relative_pixels(variant, self._protocol)
            self._fp32_steps_s[name] = step_s / relative

    def end_row(self, name: str, seconds: float) -> None:
        """Strike a row off, and keep what it took for the next run."""
        if self._pending.pop(name, None):
            self._last_s[name] = seconds
            self._last.add(name, seconds)

    def drop(self, name: str) -> None:
        """Strike off a row that could not be measured."""
        self._pending.pop(name, None)
        self._in_pairs.pop(name, None)

    def expect_pairs(self, names: Collection[str]) -> None:
        """Add the time of these rows' pairs of workers, which come after the session that every row has."""
        self._in_pairs = {variant.name: variant for variant in self._variants if variant.name in names}

    def end_pairs(self, name: str) -> None:
        """Strike the pairs of a row off."""
        self._in_pairs.pop(name, None)

    def time_left(self) -> str:
        """Return the time left as the end of a row's line; empty after the last row, or if another row is unknown."""
        left_s = self.left_s()
        return f", {roughly(left_s)} left" if left_s and self._pending else ""

    def left_s(self) -> float | None:
        """Return the seconds until all rows are measured, or None while any of them is unknown."""
        pending = [self._row_s(variant) for variant in self._pending.values()]
        again = [self._row_s(variant) for variant in self._variants] * self._more_sessions
        again += [self._row_s(variant) for variant in self._in_pairs.values()] * SESSIONS_OF_PAIRS
        known_s = [seconds for seconds in (*pending, *again) if seconds is not None]
        if len(known_s) < len(pending) + len(again):
            return None
        return sum(known_s)

    def announcement(self, model: str) -> str | None:
        """Return the line with the run's duration and shorter alternatives, once; None before and afterwards."""
        left_s = self.left_s()
        if self._is_announced or left_s is None or not self._pending:
            return None
        self._is_announced = True
        rows = "1 row takes" if len(self._pending) == 1 else f"{len(self._pending)} rows take"
        source = self._source()
        pairs = f", {len(self._in_pairs)} of them in pairs" if self._in_pairs else ""
        line = f"{rows} {roughly(left_s)} here{pairs}, by {source}; rows that seem slower are measured again"
        shorter = self._shorter(model) if left_s > WORTH_SHORTENING_S else []
        return f"{line}. Shorter: {', '.join(shorter)}" if shorter else line

    def _row_s(self, variant: Variant) -> float | None:
        if variant.name in self._last_s:
            return self._last_s[variant.name]
        return self._by_steps(variant, self._protocol)

    def _by_steps(self, variant: Variant, protocol: Protocol) -> float | None:
        """Return a row's seconds from the steps of this run, if any, their time being proportional to the pixels."""
        if not self._fp32_steps_s:
            return None
        fp32_step_s = statistics.median(self._fp32_steps_s.values())
        relative = relative_step(variant, has_bf16=self._has_bf16) * self._relative_pixels(variant, protocol)
        return row_s(variant, protocol, fp32_step_s * relative, loads=variant.name not in self._without_load)

    def _relative_pixels(self, variant: Variant, protocol: Protocol) -> float:
        """Return how many pixels an image of the row has by a protocol, relative to those of this run's size."""
        return (variant.size or protocol.size).pixels / self._protocol.size.pixels

    def _source(self) -> str:
        if all(name in self._last_s for name in self._pending):
            return "the last run"
        name, fp32_step_s = next(iter(self._fp32_steps_s.items()))
        variant = next(variant for variant in self._variants if variant.name == name)
        step_s = fp32_step_s * relative_step(variant, has_bf16=self._has_bf16)
        step_s *= self._relative_pixels(variant, self._protocol)
        return f"a UNet step of {name} in {step_s:.2g} s"

    def _shorter(self, model: str) -> list[str]:
        """Return the options that would shorten this run, with the time that they leave where it is known."""
        options = []
        usual = preset(model, quick=True)
        quick = replace(self._protocol, **{name: getattr(usual, name) for name in SET_BY_QUICK})
        if quick.size.pixels < self._protocol.size.pixels and not self._protocol.sweep:
            times_s = [self._by_steps(variant, quick) for variant in self._pending.values()]
            known_s = [seconds for seconds in times_s if seconds is not None]
            options.append(f"--quick ({roughly(sum(known_s))})" if known_s else "--quick")
        if len(self._pending) > 1:
            options.append("--variant NAME for one row")
        if model == DEFAULT_MODEL:
            options.append("--model tiny to try it out")
        return options
