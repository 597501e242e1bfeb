"""The replies of a worker and of the probe (perf.worker.wire), as types: what is read of them has been checked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perf.errors import BadRecord
from perf.host.foreign_text import in_one_line
from perf.records.checks import check_number
from perf.records.claim import Claim
from perf.records.evidence import Evidence, Observation, Peak
from perf.records.sample import Sample
from perf.records.typed_json import convert

QUOTED_CHARACTERS = 80


@dataclass(frozen=True)
class Hello:
    """The first reply of a process: the version of its wire."""

    version: int


@dataclass(frozen=True)
class Ready:
    """A variant is loaded: the seconds that this took, and those of an export to OpenVINO beside it."""

    load_s: float
    export_s: float

    def __post_init__(self) -> None:
        check_number("load_s", self.load_s)
        check_number("export_s", self.export_s, may_be_zero=True)


@dataclass(frozen=True)
class Progress:
    """The UNet calls made so far."""

    done: int

    def __post_init__(self) -> None:
        check_number("done", self.done)


@dataclass(frozen=True)
class TurnAsked:
    """A worker that takes turns has stopped, and asks for the next one."""


@dataclass(frozen=True, kw_only=True)
class Inspected(Observation):
    """What was observed, the peak where it was asked for, and what a backend of a package claims of itself."""

    peak: Peak | None = None
    claims: tuple[Claim, ...] = ()

    @property
    def own_claims(self) -> tuple[Claim, ...]:
        """The claims, whose texts are a package's, fit for a log."""
        return tuple(Claim(in_one_line(each.name), each.holds, in_one_line(each.sentence)) for each in self.claims)

    def evidence(self, peak: Peak) -> Evidence:
        """Return the evidence, with this peak."""
        observed = {name: value for name, value in vars(self).items() if name != "claims"}
        return Evidence(**{**observed, "peak": peak})


@dataclass(frozen=True)
class Probed:
    """The seconds of the probe."""

    probe_s: float

    def __post_init__(self) -> None:
        check_number("probe_s", self.probe_s)


@dataclass(frozen=True)
class Failure:
    """An exception in the process."""

    type: str
    message: str
    traceback: str


Reply = Hello | Ready | Progress | TurnAsked | Sample | Inspected | Probed | Failure

KINDS: Mapping[str, type[Reply]] = {
    "hello": Hello,
    "ready": Ready,
    "progress": Progress,
    "turn": TurnAsked,
    "sample": Sample,
    "evidence": Inspected,
    "probed": Probed,
    "error": Failure,
}
NAMES: Mapping[type[object], str] = {kind: name for name, kind in KINDS.items()}


def read_reply(message: Any) -> Reply:
    """Return a message of the wire as its type. Raises ValueError if it is none, or if its fields cannot be."""
    name = message.get("reply") if isinstance(message, dict) else None
    if not isinstance(name, str):
        raise ValueError(f"not a reply: {str(message)[:QUOTED_CHARACTERS]!r}")
    if name not in KINDS:
        raise ValueError(f"a reply that does not exist: {name[:QUOTED_CHARACTERS]!r}")
    try:
        return convert({field: value for field, value in message.items() if field != "reply"}, KINDS[name])
    except BadRecord as error:
        raise ValueError(f"{name!r}: {error}") from None
