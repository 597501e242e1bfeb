"""``python -m perf machine``: what this machine is, which baselines are its own, and how to measure better on it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import add_baselines
from perf.exit_codes import ExitCode
from perf.gate import store
from perf.gate.baseline_key import BaselineKey
from perf.host import advice, energy
from perf.host.machine import this_machine

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("machine", help="what this machine is, and which baselines are its own")
    parser.add_argument("--check", action="store_true", help="also say what makes it a poor one to measure on")
    add_baselines(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the machine's fingerprint, the baselines, and with ``--check`` the complaints."""
    machine = this_machine()
    for name, value in {**machine.fingerprint, **machine.particulars}.items():
        print(f"{name:22} {'-' if value is None else value}")
    print(f"{'':22} {machine.codename.reason}")
    print(f"{'energy':22} {energy_counters()}")
    print("\nbaselines")
    show_baselines(options.baselines, BaselineKey(machine=machine.fingerprint, model={}, protocol={}))
    if options.check:
        print("\nto measure better here")
        complaints = [*advice.complaints(machine, advice.other_load()), *advice.uncounted(machine)]
        print("\n".join(f"  {complaint}" for complaint in complaints) or "  nothing to fix")
    return ExitCode.OK


def energy_counters() -> str:
    """Name the counters of energy that can be read here, or say why none can."""
    zones = energy.zones()
    return str(zones) if isinstance(zones, energy.Hidden) else ", ".join(zone.name for zone in zones)


def show_baselines(folder: Path, here: BaselineKey) -> None:
    """Print which baseline files are of this machine, and for the others the fields that differ, three at most."""
    known = list(store.why_not(folder, lambda key: key.machine_differences(here)))
    for path, differences in known:
        name = path.relative_to(folder)
        if not differences:
            print(f"  {name}: this machine")
            continue
        print(f"  {name}: not comparable: {differences[0]}")
        for difference in differences[1:3]:
            print(f"    and {difference}")
    if not known:
        place = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        print(f"  none in {place}; `tox run -e perf -- --update-baseline --why REASON` records one")
