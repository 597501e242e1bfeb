"""A recorded run, read again: pytest-benchmark's JSON, as ``tox run -e perf`` keeps it under results/."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from perf.compare.row_comparison import RowComparison
from perf.errors import BadRecord, BadRun
from perf.gate.baseline_key import BaselineKey
from perf.host.regular_file import read_text
from perf.proof.claims import Claim
from perf.proof.fidelity import Fidelity
from perf.proof.pictures import Pictures
from perf.proof.roofline import Reached, reached
from perf.records.evidence import Evidence, Peak
from perf.records.part import Part
from perf.records.sample import Session
from perf.records.strict_json import parse
from perf.records.typed_json import convert
from perf.records.work import Work
from perf.spec.protocol import Protocol
from perf.spec.variant import Variant
from perf.stats.verdict import Verdict

MAX_BYTES = 256 * 1024**2  # of a run with fresh sessions and pairs of every row


@dataclass(frozen=True, kw_only=True)
class RecordedRow:
    """One row of a recorded run: the variant, and what was measured of it."""

    variant: Variant
    session: Session
    protocol: Protocol
    model: str
    packages: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.session.samples:
            raise ValueError(f"{self.name} has no samples")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the extra_info of a benchmark."""
        return cls(**cls._fields(data))

    @classmethod
    def _fields(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "variant": Variant.from_json(data["variant"]),
            "session": convert(data["session"], Session),
            "protocol": Protocol.from_json(data["protocol"]),
            "model": data["model"]["name"],
            "packages": data["stack"]["packages"],
        }

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.variant.name

    @property
    def latencies_s(self) -> list[float]:
        """The latency of each timed round."""
        return [sample.latency_s for sample in self.session.samples]

    @property
    def latency_s(self) -> float:
        """The median of the timed rounds."""
        return statistics.median(self.latencies_s)

    @property
    def unet_calls(self) -> int:
        """The UNet calls of one generation."""
        return len(self.session.samples[0].parts.unet_steps_s)

    @property
    def part_times_s(self) -> dict[Part, float]:
        """Median seconds of one call of each part, over the timed rounds; the text encoder's calls together."""
        rounds = [sample.parts for sample in self.session.samples]
        return {
            Part.TEXT_ENCODER: statistics.median(parts.text_encoder_s for parts in rounds),
            Part.UNET_STEP: statistics.median(step_s for parts in rounds for step_s in parts.unet_steps_s),
            Part.VAE_DECODE: statistics.median(parts.vae_decode_s for parts in rounds),
            Part.SAFETY_CHECKER: statistics.median(parts.safety_checker_s for parts in rounds),
        }


@dataclass(frozen=True, kw_only=True)
class EvidencedRow(RecordedRow):
    """A row whose record holds its evidence, and what was concluded from it.

    ``verdict`` is None where the run was ended before it was given.
    """

    evidence: Evidence
    largest_peak: Peak
    claims: tuple[Claim, ...]
    fidelity: Fidelity | None
    pictures: Pictures | None
    work: Mapping[str, Work]
    verdict: Verdict | None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.claims:
            raise ValueError(f"{self.name} has no claims")

    @classmethod
    def _fields(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return super()._fields(data) | {
            "evidence": (evidence := convert(data["evidence"], Evidence)),
            "largest_peak": convert(data["largest_peak"], Peak) if "largest_peak" in data else evidence.peak,
            "claims": tuple(Claim.from_json(claim) for claim in data["claims"]),
            "fidelity": convert(data["fidelity"], Fidelity) if data["fidelity"] else None,
            "pictures": convert(data["pictures"], Pictures) if data.get("pictures") else None,
            "work": {part: convert(work, Work) for part, work in data["work"].items()},
            "verdict": Verdict.from_json(data["verdict"]) if "verdict" in data else None,
        }

    @property
    def reached(self) -> dict[Part, Reached]:
        """What each part reached of the machine's peak, where its work and that peak are known."""
        limits = {
            part: reached(part, self.work[part.work_key], time_s, self.evidence, self.largest_peak)
            for part, time_s in self.part_times_s.items()
            if part.work_key in self.work and time_s
        }
        return {part: limit for part, limit in limits.items() if limit}

    @property
    def peak_share(self) -> float:
        """The share of the machine's peak that a whole generation reached, by the parts whose work is known."""
        calls = {Part.UNET_STEP: self.unet_calls}
        least_s = sum(limit.least_s * calls.get(part, 1) for part, limit in self.reached.items())
        return least_s / self.latency_s


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """A recorded run: the machine in a few words, and the rows that were measured, in the order of the ladder.

    ``whole`` is the JSON that it was read from, of which ``machine_record`` and ``records``, by row, are parts.
    """

    path: Path
    machine: str
    rows: tuple[RecordedRow, ...]
    machine_record: Mapping[str, Any]
    records: Mapping[str, Mapping[str, Any]]
    whole: Mapping[str, Any]

    def key(self, row: RecordedRow) -> BaselineKey:
        """Return what must be equal for the row to be compared with a baseline."""
        return BaselineKey(
            machine=self.machine_record["fingerprint"],
            model=self.records[row.name]["model"],
            protocol=row.protocol.compared,
        )

    @property
    def evidenced(self) -> list[EvidencedRow]:
        """The rows that hold evidence."""
        return [row for row in self.rows if isinstance(row, EvidencedRow)]

    @property
    def evidenced_rows(self) -> list[EvidencedRow]:
        """The rows that hold evidence. Raises BadRun, which names the file, if there are none."""
        if not self.evidenced:
            raise BadRun(f"{self.path} holds no row with evidence; a run of `tox run -e perf` does")
        return self.evidenced


def read_json(path: Path) -> Mapping[str, Any]:
    """Read the JSON of a recorded run. Raises BadRun, which names the file."""
    try:
        data = parse(read_text(path, MAX_BYTES))
    except (OSError, ValueError, BadRecord) as error:
        raise BadRun(f"{path} is not a recorded run of this suite: {error!r}") from None
    if not isinstance(data, dict):
        raise BadRun(f"{path} is not a recorded run of this suite: it is no JSON object")
    if RowComparison.TITLE in data:
        raise BadRun(f"{path} is a comparison of rows, which is in no history and on no page; leave it out")
    return data


def read(path: Path) -> RecordedRun:
    """Read a recorded run of the ladder. Raises BadRun, which names the file."""
    return run_of(path, read_json(path))


def run_of(path: Path, data: Mapping[str, Any]) -> RecordedRun:
    """Return the recorded run of the ladder that a JSON holds. Raises BadRun, which names the file."""
    try:
        records = [benchmark["extra_info"] for benchmark in data["benchmarks"]]
        records = [record for record in records if "session" in record]
        rows = tuple(map(row_from_json, records))
        machine_record = data["machine_info"]["perf"] if rows else {}
        machine = describe_machine(machine_record) if rows else ""
    except (ValueError, TypeError, LookupError, AttributeError, BadRecord) as error:
        raise BadRun(f"{path} is not a recorded run of this suite: {error!r}") from None
    if not rows:
        raise BadRun(f"{path} holds no row that was measured; a run of `tox run -e perf` does")
    return RecordedRun(
        path=path,
        machine=machine,
        rows=rows,
        machine_record=machine_record,
        records={row.name: record for row, record in zip(rows, records, strict=True)},
        whole=data,
    )


def row_from_json(data: Mapping[str, Any]) -> RecordedRow:
    """Read the extra_info of a benchmark, with its evidence if it has any."""
    return EvidencedRow.from_json(data) if "evidence" in data else RecordedRow.from_json(data)


def describe_machine(machine: Mapping[str, Any]) -> str:
    """Describe a recorded machine: its CPU, codename, cores in use, memory and bfloat16 instructions."""
    fingerprint = machine["fingerprint"]
    cores = fingerprint["cores_used"]
    return (
        f"{machine['cpu']} ({fingerprint['codename']}), {cores} {'core' if cores == 1 else 'cores'}, "
        f"{fingerprint['memory_gib']} GiB, bf16 by {fingerprint['bf16_isa'] or 'emulation'}"
    )
