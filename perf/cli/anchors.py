"""``python -m perf anchors``: the environments that are kept for comparisons with baselines' stacks."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from perf.cli.arguments import add_baselines
from perf.exit_codes import ExitCode
from perf.gate.anchor_referrers import Referrer, Referrers
from perf.host import anchor_uses, anchors, lock
from perf.host.anchor_uses import Entry
from perf.host.stack import headline

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

UNKNOWN = "not known, so it is kept: a run that uses it will note its baseline, or remove the folder by hand"


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("anchors", help="the stacks kept for comparisons with the baselines' own")
    parser.add_argument("--prune", action="store_true", help="remove those to which no baseline refers any more")
    add_baselines(parser)
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="with --prune: wait for a measurement to end"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print each anchor with its referrers; with ``--prune`` remove what is no longer referred to instead."""
    if options.prune:
        with lock.hold(wait_s=options.wait, on_wait=lambda line: print(line, file=sys.stderr)):
            prune(anchor_uses.entries(), Referrers(options.baselines))
    else:
        show_all(anchor_uses.entries(), Referrers(options.baselines))
    return ExitCode.OK


def show_all(known: list[Entry], referrers: Referrers) -> None:
    """Print all anchors, and what they take in all."""
    if not known:
        print(f"none in {anchors.folder()}; a run makes one where a row's packages are not its baseline's")
        return
    for entry in known:
        show(entry, referrers.of(entry))
    total = sum(entry.size_bytes for entry in known)
    print(f"{len(known)} in {anchors.folder()}, {gigabytes(total)}")


def show(entry: Entry, referrers: list[Referrer]) -> None:
    """Print one anchor: what it is, its size, its last use, and who refers to it."""
    state = "" if entry.is_whole else ", half made: by a run that was killed, or one at work"
    print(f"{title(entry)}\n  {gigabytes(entry.size_bytes)}, last used {entry.last_use or '(not known)'}{state}")
    for referrer in referrers:
        print(f"  {referrer.path}: {referrer.fault or ', '.join(referrer.rows)}")
    if referrers:
        return
    if is_removable(entry, referrers):
        print("  no baseline refers to it: python -m perf anchors --prune")
    else:
        print(f"  {entry.fault or 'it is not registered'}: who refers to it is {UNKNOWN}")


def prune(known: list[Entry], referrers: Referrers) -> None:
    """Remove what is no longer referred to, and print what that has freed. No measurement may be running."""
    freed = 0
    for entry in known:
        if not is_removable(entry, referrers.of(entry)):
            continue
        size = anchor_uses.remove(entry.digest)
        if size is None:
            print(f"kept, a run is making it: {title(entry)}")
            continue
        freed += size
        print(f"removed {title(entry)}: {gigabytes(size)}")
    print(f"{gigabytes(freed)} freed")


def is_removable(entry: Entry, referrers: list[Referrer]) -> bool:
    """Tell whether nobody needs the anchor: no baseline refers to it, or it is half made and would be made anew."""
    if not entry.is_whole:
        return True
    return not referrers and entry.recipe is not None


def title(entry: Entry) -> str:
    """Return an anchor's name in the cache and what is in it."""
    about = headline(entry.recipe.python_version, entry.recipe.packages) if entry.recipe else "packages not known"
    return f"{entry.digest}: {about}"


def gigabytes(size: int) -> str:
    """Return a size in GB, or in MB where that says more."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
