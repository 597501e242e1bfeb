"""The nights and checked upgrades as a feed, for whoever wants to be told: Atom (RFC 4287), an entry for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from perf.errors import BadInput
from perf.history.checked_upgrade import CheckedUpgrade
from perf.history.database import Database
from perf.history.night import Night
from perf.history.points import can_be
from perf.history.reading import read_kept
from perf.host.foreign_text import printable
from perf.host.replaced_file import replace_text
from perf.stats.verdict import FAILING, VerdictKind

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50  # the newest, which a feed holds
TITLE = "Stable Diffusion on Xeon, night by night"
NAME = "sd-xeon-perf"
SAME_FEED = "tag:sd-xeon-perf,2026:nights"  # the feed's name where it has no address
SUFFIXES = {".xml", ".atom"}
SAID = {*FAILING, VerdictKind.IMPROVED}
LINE = 1000  # characters of a row


def check_feed(output: Path, address: str | None) -> None:
    """Raise BadInput unless the file's name is a feed's, and the address one that a browser opens."""
    if output.suffix not in SUFFIXES:
        raise BadInput(f"--feed {output}: the name must end in .xml")
    if address is not None and not is_web_address(address):
        raise BadInput(f"--address {address}: must begin with https:// or http://")


def is_web_address(address: object) -> bool:
    """Tell whether something is the address of a page; a run's own is whatever somebody has written into its file."""
    if not isinstance(address, str) or printable(address) != address:
        return False
    try:
        url = parse_url(address)
    except LocationParseError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def write_feed(output: Path, runs: Sequence[Path], history: str | None, address: str | None) -> None:
    """Write the feed of these runs and of a history, whole or not at all. Raises BadRun, BadHistory or OSError.

    Args:
        output: the file.
        runs: recorded runs.
        history: the address of a database.
        address: where the page is published, and the feed beside it.
    """
    replace_text(output, feed(newest_runs(runs, history), address, output.name))


def newest_runs(runs: Sequence[Path], history: str | None) -> list[Night | CheckedUpgrade]:
    """Return the runs that a feed holds, the newest first. Raises BadRun or BadHistory."""
    found = {kept.digest: kept for kept in map(read_kept, runs)}
    if history is not None:
        with Database(history) as database:
            dated = [line for line in database.runs() if can_be(line["began"])]
            for line in dated[-ENTRIES:]:
                if line["digest"] not in found:
                    found[line["digest"]] = database.kept(line)
    return sorted(found.values(), key=lambda kept: (kept.began, kept.digest), reverse=True)[:ENTRIES]


def feed(runs: Sequence[Night | CheckedUpgrade], address: str | None, name: str) -> str:
    """Return the feed of some runs, the newest first; its file is called ``name``, beside the page at ``address``."""
    ElementTree.register_namespace("", ATOM)
    root = Element(f"{{{ATOM}}}feed")
    add(root, "id", address or SAME_FEED)
    add(root, "title", TITLE)
    add(root, "updated", runs[0].began)
    add(SubElement(root, f"{{{ATOM}}}author"), "name", NAME)
    if address:
        add(root, "link", rel="alternate", href=address)
        add(root, "link", rel="self", href=urljoin(address, name))
    for kept in runs:
        add_entry(root, kept, address)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def add_entry(root: Element, kept: Night | CheckedUpgrade, address: str | None) -> None:
    """Add a run to the feed."""
    entry = SubElement(root, f"{{{ATOM}}}entry")
    add(entry, "id", f"urn:sha256:{kept.digest}")
    add(entry, "title", title(kept))
    add(entry, "updated", kept.began)
    page = address or kept.ci_url
    if is_web_address(page):
        add(entry, "link", rel="alternate", href=page)
    text = "\n".join(sentences(kept)) or "No row fails, and none is faster."
    add(entry, "content", text, type="text")


def title(kept: Night | CheckedUpgrade) -> str:
    """Return ``host (codename): 1 regressed, 11 unchanged``; of an upgrade, what it is stands before the counts."""
    where = f"{kept.host or 'unnamed'} ({kept.fingerprint['codename']})"
    if isinstance(kept, CheckedUpgrade):
        return printable(f"{where}, {kept.about}: {kept.counts}")
    kinds = Counter(row.verdict.kind if row.verdict else None for row in kept.rows)
    counts = [f"{kinds[kind]} {kind or 'not judged'}" for kind in (*VerdictKind, None) if kinds[kind]]
    return printable(f"{where}: {', '.join(counts)}")


def sentences(kept: Night | CheckedUpgrade) -> Iterator[str]:
    """Yield a line on each row that fails or is faster."""
    if isinstance(kept, CheckedUpgrade):
        said = ((row.name, row.kind, f"{row.verdict}: {row.sentence}") for row in kept.rows)
    else:
        said = ((row.name, row.verdict.kind, str(row.verdict)) for row in kept.rows if row.verdict)
    for name, kind, sentence in said:
        if kind in SAID:
            yield printable(f"{name}: {sentence}")[:LINE]


def add(parent: Element, name: str, text: str | None = None, **attributes: str | None) -> None:
    """Add an element of the feed's namespace."""
    given = {key: value for key, value in attributes.items() if value is not None}
    SubElement(parent, f"{{{ATOM}}}{name}", given).text = text
