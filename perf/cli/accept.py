"""``python -m perf accept``: rows of a recorded run taken into the baseline, without measuring them again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import add_baselines, reason
from perf.cli.upgrade_check import file_of_settings
from perf.errors import BadRecord, BadRun, NotAccepted, UnknownName
from perf.exit_codes import ExitCode
from perf.gate import acceptance, store
from perf.gate.acceptance import Occasion
from perf.gate.baseline_key import BaselineKey
from perf.gate.baseline_row import specification
from perf.gate.proposal import Proposal
from perf.history import recorded_run
from perf.history.recorded_run import RecordedRun
from perf.host.machine import this_machine
from perf.records.session_record import now
from perf.spec import ladder
from perf.spec.sweep import base_names, settings_of
from perf.spec.variant import Variant
from perf.stats.tolerances import Tolerances

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

DIFFERENCES_SHOWN = 3


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("accept", help="take rows of a recorded run into the baseline, measuring nothing")
    parser.add_argument("recorded", type=Path, metavar="RUN.json", help="as kept under results/")
    parser.add_argument(
        "--row", action="append", required=True, metavar="NAME", help="a row to accept; may be given several times"
    )
    parser.add_argument("--why", type=reason, required=True, metavar="REASON", help="the reason, kept in the file")
    add_baselines(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Take the rows into the baseline and print a line for each.

    Raises BadRun, UnknownName, NotAccepted or BadBaseline, and leaves the baseline as it was.
    """
    file = file_of_settings()
    recorded = recorded_run.read(options.recorded)
    names = list(dict.fromkeys(options.row))
    key = key_of(recorded, names)
    check_machine(recorded.path, key)
    rows = file.ladder if file else ladder.LADDER
    proposals = [proposal_of(recorded, name, rows) for name in names]
    if other := acceptance.why_not_first(options.baselines, key):
        raise BadRun(f"{recorded.path} is {other}")
    particulars = recorded.machine_record["particulars"]
    occasion = Occasion(key=key, particulars=particulars, why=options.why, when=now())
    path = store.find(options.baselines, key).path
    tolerances = replace(
        file.tolerances if file else Tolerances(), base_names=base_names(row.variant for row in recorded.rows)
    )
    lines = acceptance.record(path, proposals, occasion, tolerances)
    print("\n".join(lines))
    return ExitCode.OK


def key_of(recorded: RecordedRun, names: list[str]) -> BaselineKey:
    """Return the machine, model and protocol of these rows. Raises UnknownName, or BadRun if they differ in them."""
    rows = {row.name: row for row in recorded.rows}
    keys = []
    for name in names:
        if name not in rows:
            raise UnknownName("row of this run", name, rows)
        keys.append(recorded.key(rows[name]))
    if differences := [difference for key in keys for difference in keys[0].differences(key)]:
        raise BadRun(f"{recorded.path} holds rows of different measurements: {differences[0]}")
    return keys[0]


def check_machine(path: Path, key: BaselineKey) -> None:
    """Raise BadRun, which names the first differences, if the run is not of a machine like this one."""
    machine = replace(this_machine(), memory_node=key.machine.get("memory_node"))
    here = BaselineKey(machine=machine.fingerprint, model=key.model, protocol=key.protocol)
    if differences := key.machine_differences(here):
        raise BadRun(f"{path} is of another machine: {'; '.join(differences[:DIFFERENCES_SHOWN])}; accept it there")


def proposal_of(recorded: RecordedRun, name: str, rows: Sequence[Variant]) -> Proposal:
    """Return what a baseline would get of this row, one of all these. Raises NotAccepted, BadRun or UnknownName."""
    row = next(row for row in recorded.rows if row.name == name)
    settings = settings_of(ladder.select([row.variant.base_name], rows), row.protocol.sweep)
    if specification(row.variant) not in [specification(each) for each in settings if each.name == name]:
        raise NotAccepted(name, "not recorded: the ladder's row of this name is another by now; measure again")
    try:
        return Proposal.from_json(recorded.records[name])
    except BadRecord as error:
        raise BadRun(f"{recorded.path}: {name}: {error}") from None
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise BadRun(f"{recorded.path}: {name}: its record cannot be read: {error!r}") from None
