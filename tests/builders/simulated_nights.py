"""Nights of a fleet, made up around recorded noise, with changes planted that a history has to show.

- A step: one row of one machine is 3 % slower from a night on, and stays so against its anchor.
- A ramp: five upgrades make OpenVINO's rows 0.8 % slower each, and each is accepted five nights later as the new
  anchor, so that no single night is far from its own.
- A machine change: from a night on, one machine has twice the memory, and with it another fingerprint.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from perf.history.kept import digest_of
from perf.history.night import AnchorRatio, Calm, Night, NightRow
from perf.host.anchors import Recipe
from perf.host.machine import Machine
from perf.host.stack import ROOT
from perf.lab import series
from perf.records.part import Part
from perf.records.session_record import Round, SessionRecord
from perf.spec.ladder import LADDER
from perf.spec.variant import Variant
from perf.stats.intervals import median_interval
from perf.stats.verdict import Finding, JudgedBy, Verdict, VerdictKind
from tests.builders.baselines import STACK
from tests.builders.evidence import AMX_CONVOLUTION, AMX_MATMUL, DECODE, evidence
from tests.builders.machines import GENOA, ICE_LAKE, SAPPHIRE_RAPIDS
from tests.builders.whole_ladders import MODEL, PROTOCOL, SHARES, STEPS, latency_of

NOISE = ROOT / "tests" / "data" / "noise"
FIRST_NIGHT = datetime(2025, 12, 1, 1, tzinfo=UTC)
OTHER_WORK = ("bursts", "disturbed")  # series of which most rounds would have been set aside
ROUNDS = 5
CALM = 0.002  # of the log of a ratio in pairs
TOLERANCE = 0.03
STEP, STEP_ROW, STEP_MACHINE = math.log(1.03), "bf16-compile", 0
RAMP, UPGRADES, RAMP_BACKEND = math.log(1.008), 5, "openvino"
NIGHTS_TO_ACCEPT = 5
CHANGED_MACHINE = 3
OTHER_KERNEL = replace(AMX_CONVOLUTION, implementation="jit_uni:avx512_core_bf16")
FLEET: Sequence[tuple[Machine, float]] = (
    (SAPPHIRE_RAPIDS, 0.16),
    (replace(SAPPHIRE_RAPIDS, cores=tuple(range(16)), usable_cores=16), 0.1),
    (GENOA, 1.0),
    (ICE_LAKE, 0.5),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many nights and rows there are; the planted changes are spread over the nights.

    The rounds of all but the last ``nights_with_rounds`` have been thinned out.
    """

    nights: int = 365
    rows: int = 24
    nights_with_rounds: int = 365
    seed: int = 1

    @property
    def variants(self) -> list[Variant]:
        """The ladder, and further rows like it, each with a name of its own."""
        laps = range(1, 2 + self.rows // len(LADDER))
        rows = [replace(each, name=each.name if lap == 1 else f"{each.name}-{lap}") for lap in laps for each in LADDER]
        return rows[: self.rows]

    @property
    def step_night(self) -> int:
        """The night of the step."""
        return self.nights * 6 // 10

    @property
    def change_night(self) -> int:
        """The night of the machine change."""
        return self.nights * 7 // 10

    def upgrades_by(self, night: int) -> int:
        """Return how many upgrades of the ramp there were up to a night."""
        return min(UPGRADES, night * (UPGRADES + 1) // self.nights)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A machine's night: both by number, and what the machine adds to the log latency of all rows."""

    night: int
    position: int
    level: float


@cache
def recorded_noise() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what recorded sessions, and the rounds within them, are off by, as logs."""
    of_sessions: list[float] = []
    of_rounds: list[float] = []
    for path in sorted(path for path in NOISE.glob("*.jsonl") if not path.stem.endswith(OTHER_WORK)):
        sessions = [[timed.latency_s for timed in session.rounds] for session in series.read(path)]
        medians = [statistics.median(latencies_s) for latencies_s in sessions]
        usual = math.log(statistics.median(medians))
        of_sessions += [math.log(median) - usual for median in medians]
        of_rounds += [
            math.log(latency_s / median_s)
            for each, median_s in zip(sessions, medians, strict=True)
            for latency_s in each
        ]
    return tuple(of_sessions), tuple(of_rounds)


@cache
def stack_of(upgrades: int, backend: str) -> Mapping[str, Any]:
    """Return the recipe of a stack after so many upgrades of OpenVINO; other rows' stacks lack it."""
    packages = {"torch": "2.13.0+cpu", "diffusers": "0.37.1", "transformers": "5.5.4"}
    if backend == RAMP_BACKEND:
        packages |= {"openvino": f"2026.{upgrades}.0", "openvino-tokenizers": f"2026.{upgrades}.0.0"}
    return replace(STACK, packages=packages).recipe


@cache
def digest_of_stack(upgrades: int, backend: str) -> str:
    """Return the digest of such a stack."""
    return Recipe.of(stack_of(upgrades, backend)).digest


def nights_of(plan: Plan) -> Iterator[Night]:
    """Yield the nights of the fleet, in order of time."""
    generator = np.random.default_rng(plan.seed)
    drifts = np.zeros(len(FLEET))
    for number in range(plan.nights):
        drifts = 0.97 * drifts + generator.normal(0, 0.003, len(FLEET))
        for position, (machine, speed) in enumerate(FLEET):
            is_changed = position == CHANGED_MACHINE and number >= plan.change_night
            here = replace(machine, memory_bytes=2 * machine.memory_bytes) if is_changed else machine
            place = Place(night=number, position=position, level=math.log(speed) + float(drifts[position]))
            rows = tuple(simulated_row(plan, variant, place, generator) for variant in plan.variants)
            began = FIRST_NIGHT + timedelta(days=number, minutes=position)
            yield night_of(here, f"xeon-{position + 1}", began, rows)


def night_of(machine: Machine, host: str, began: datetime, rows: tuple[NightRow, ...]) -> Night:
    """Return a night of these rows."""
    when = began.isoformat(timespec="seconds")
    return Night(
        digest=digest_of([when, host]),
        began=when,
        host=host,
        cpu=machine.cpu,
        fingerprint=machine.fingerprint,
        particulars=machine.particulars,
        model=MODEL,
        protocol=PROTOCOL.to_json(),
        commit=None,
        ci_url=f"https://ci.example.org/{host}/{when[:10]}",
        machine_verdict=None,
        rows=rows,
    )


def simulated_row(plan: Plan, variant: Variant, place: Place, generator: np.random.Generator) -> NightRow:
    """Return a row of one machine's night."""
    own, upgrades, accepted = planted(plan, variant, place)
    of_sessions, of_rounds = recorded_noise()
    level = math.log(base_s(variant)) + place.level + own + float(generator.choice(of_sessions))
    latencies_s = np.exp(level + generator.choice(of_rounds, ROUNDS)).tolist()
    ratio = own - accepted * RAMP if variant.backend == RAMP_BACKEND else own
    to_anchor = ratio_of(
        ratio, upgrades != accepted or ratio > 0, digest_of_stack(accepted, variant.backend), generator
    )
    latency_s = statistics.median(latencies_s)
    kernels = (OTHER_KERNEL if own and variant.backend != RAMP_BACKEND else AMX_CONVOLUTION, AMX_MATMUL, DECODE)
    has_rounds = place.night >= plan.nights - plan.nights_with_rounds
    return NightRow(
        name=variant.name,
        variant=variant.to_json(),
        latency_s=latency_s,
        interval=median_interval(latencies_s),
        calm=Calm.of([Round(latency_s=each_s) for each_s in latencies_s]),
        parts_s=parts_of(latency_s),
        load_s=12.0,
        peak_rss_bytes=8 * 1024**3,
        verdict=verdict_on(to_anchor),
        stack=stack_of(upgrades, variant.backend),
        stack_digest=digest_of_stack(upgrades, variant.backend),
        to_anchor=to_anchor,
        reached={Part.UNET_STEP: 0.5, Part.VAE_DECODE: 0.3},
        evidence=evidence(*kernels).to_json(),
        fidelity=None,
        sessions=(session_of(latencies_s, place.night),) if has_rounds else (),
    )


def planted(plan: Plan, variant: Variant, place: Place) -> tuple[float, int, int]:
    """Return what is planted in a row's log latency, the upgrades that its stack had, and those of its anchor."""
    if variant.backend == RAMP_BACKEND:
        upgrades = plan.upgrades_by(place.night)
        accepted = plan.upgrades_by(max(0, place.night - NIGHTS_TO_ACCEPT))
        return upgrades * RAMP, upgrades, accepted
    is_slower = (variant.name, place.position) == (STEP_ROW, STEP_MACHINE) and place.night >= plan.step_night
    return STEP if is_slower else 0.0, 0, 0


def base_s(variant: Variant) -> float:
    """Return the seconds per image of a row, or of the one of the ladder that it is like."""
    return next(latency_of(each) for each in reversed(LADDER) if variant.name.startswith(each.name))


def ratio_of(log_ratio: float, is_measured: bool, anchor: str, generator: np.random.Generator) -> AnchorRatio:
    """Return the ratio to the anchor: measured in pairs, or 1 where the software is the same."""
    if not is_measured:
        return AnchorRatio(anchor=anchor, ratio=1.0, low=1.0, high=1.0)
    ratio = math.exp(log_ratio + generator.normal(0, CALM))
    side = 2 * CALM * float(generator.uniform(0.8, 2))
    return AnchorRatio(anchor=anchor, ratio=ratio, low=ratio - side, high=ratio + side)


def verdict_on(ratio: AnchorRatio) -> Verdict:
    """Return the verdict that such a ratio leads to."""
    kind = VerdictKind.REGRESSED if ratio.low > 1.01 else VerdictKind.UNCHANGED
    finding = Finding(
        watch="latency",
        kind=kind,
        ratio=ratio.ratio,
        low=ratio.low,
        high=ratio.high,
        tolerance=TOLERANCE,
        suspicious=False,
        sees=1.02,
    )
    sentence = f"in pairs with the anchor {100 * (ratio.ratio - 1):+.1f} %"
    return Verdict(
        kind=kind, sentence=sentence, findings=(finding,), sessions=1, baseline_sessions=5, judged_by=JudgedBy.PAIRS
    )


def parts_of(latency_s: float) -> dict[str, float]:
    """Return the seconds of one call of each part."""
    step_s = latency_s * (1 - sum(SHARES.values())) / (STEPS + 1)
    return {
        Part.TEXT_ENCODER: latency_s * SHARES["text_encoder_s"],
        Part.UNET_STEP: step_s,
        Part.VAE_DECODE: latency_s * SHARES["vae_decode_s"],
        Part.SAFETY_CHECKER: latency_s * SHARES["safety_checker_s"],
    }


def session_of(latencies_s: Sequence[float], night: int) -> SessionRecord:
    """Return the session that a night's rounds were of."""
    rounds = tuple(
        Round(latency_s=each_s, cpu_s=2 * each_s, cpu_pressure_s=0.0, probe_s=0.05) for each_s in latencies_s
    )
    recorded = (FIRST_NIGHT + timedelta(days=night)).isoformat(timespec="seconds")
    return SessionRecord(recorded=recorded, load_s=12.0, rounds=rounds, probe="numpy")
