"""The full table as plain data: what was measured on what, every row, and the rows that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from perf.gate.baseline_key import Json
from perf.history.night import Night, NightRow
from perf.history.recorded_run import RecordedRun, describe_machine
from perf.host.stack import headline
from perf.report.full_table.row import FullRow
from perf.report.page.row_view import to_the_minute
from perf.report.rerun import command
from perf.spec.ladder import LADDER
from perf.spec.protocol import Protocol, Sweep
from perf.spec.sweep import base_names, settings_of

COMMIT_DIGITS = 10
POSITIONS = {variant.name: position for position, variant in enumerate(LADDER)}


@dataclass(frozen=True, kw_only=True)
class FullTable:
    """The table of one run of the ladder.

    Attributes:
        title: of what machine it is.
        about: what was measured on what, by which software, when: a text by its label.
        command: what measures the same again.
        rows: in the order of the ladder; those of one's own, and those that it does not have any more, come last.
        reasons: why a row that was asked for was not measured, by its name.
        absent: the other rows of the ladder that the run does not have.
    """

    title: str
    about: Mapping[str, str]
    command: str
    rows: Sequence[FullRow]
    reasons: Mapping[str, str]
    absent: Sequence[str]

    @classmethod
    def of(cls, night: Night, run: RecordedRun | None) -> Self:
        """Return the table of a night, and of the run that it was read from; None where only a history has it.

        A history keeps neither the claims nor why a row is missing. Raises BadHistory for what cannot be read.
        """
        recorded = {row.name: row for row in run.rows} if run else {}
        kept = sorted(night.rows, key=lambda row: POSITIONS.get(row.base_name, len(LADDER)))
        reasons = reasons_in(run.whole) if run else {}
        swept = base_names(settings_of(LADDER, Sweep.from_json(night.protocol.get("sweep", {}))))
        names = {row.base_name for row in kept} | {swept.get(name, name) for name in reasons}
        return cls(
            title=f"Stable Diffusion on {night.cpu} ({night.fingerprint['codename']})",
            about={
                "machine": describe_machine({"cpu": night.cpu, "fingerprint": night.fingerprint}),
                "system": ", ".join(system(night.fingerprint, night.particulars)),
                "model": f"{night.model['name']}, {Protocol.from_json(night.protocol)}",
                "measured": measured(night),
                **stacks(kept),
            },
            command=command(() if names >= POSITIONS.keys() else in_order(names), night),
            rows=[FullRow.of(row, night, recorded.get(row.name)) for row in kept],
            reasons=reasons,
            absent=[name for name in POSITIONS if name not in names],
        )


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of rows in the order of the ladder; those that it does not have come last, by name."""
    return sorted(names, key=lambda name: (POSITIONS.get(name, len(POSITIONS)), name))


def reasons_in(whole: Json) -> dict[str, str]:
    """Return why rows were not measured, as a run's JSON has it; one of an earlier version does not."""
    found = whole.get("not_measured")
    return {str(name): str(reason) for name, reason in found.items()} if isinstance(found, Mapping) else {}


def system(fingerprint: Json, particulars: Json) -> Iterator[str]:
    """Yield what else is known of a machine: what its cores share, its settings, its kernel and its firmware."""
    for name, singular in (("sockets", "socket"), ("numa_nodes", "NUMA node"), ("threads_per_core", "thread")):
        if count := fingerprint.get(name):
            words = f"{count} {singular}{'' if count == 1 else 's'}"
            yield f"{words} per core" if name == "threads_per_core" else words
    if l3_mib := fingerprint.get("l3_mib"):
        yield f"L3 {l3_mib} MiB"
    for name in ("hypervisor", "governor"):
        if value := fingerprint.get(name):
            yield f"{name} {value}"
    if (turbo := fingerprint.get("turbo")) is not None:
        yield f"turbo {'on' if turbo else 'off'}"
    for name, label in (("kernel", "Linux"), ("microcode", "microcode"), ("bios", "BIOS")):
        if value := particulars.get(name):
            yield f"{label} {value}"


def measured(night: Night) -> str:
    """Return when a night began, and by which commit of the suite it was measured, if that is known."""
    by = f", by the suite's commit {night.commit[:COMMIT_DIGITS]}" if night.commit else ""
    return f"{to_the_minute(night.began)}{by}"


def stacks(rows: Sequence[NightRow]) -> dict[str, str]:
    """Return the versions of each stack that rows were measured with, by a label."""
    return {
        f"stack {row.stack.get('name', '-')}": headline(str(row.stack["python_version"]), row.stack["packages"])
        for row in rows
    }
