"""The database that nights are kept in: SQLite in a file of one's own, or PostgreSQL for a fleet.

A night is written in one transaction, whole or not at all; one that is there already is left as it is. Nothing that is
written is ever changed, but that rounds are thinned out after a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Self

from sqlalchemy import Connection, Select, Table, delete, func, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from perf.errors import BadHistory, BadRecord
from perf.history import tables
from perf.history.checked_upgrade import CheckedUpgrade
from perf.history.columns import (
    CALM,
    checked_columns,
    machine_columns,
    night_columns,
    read_night_of,
    read_row,
    read_upgrade_of,
    row_columns,
    upgrade_columns,
)
from perf.history.connecting import POSTGRESQL, READS, engine_for, explained, hold_for_migration
from perf.history.kept import digest_of
from perf.history.migrating import migrate
from perf.history.night import Night, NightRow
from perf.history.points import Point
from perf.records.session_record import SessionRecord

MACHINE_COLUMNS = ("codename", "cpu", "fingerprint")
LAST = "last"  # the name of the latest night
POINT_COLUMNS = (
    *("night", "name", "latency_s", "low_s", "high_s", "load_s", "peak_rss_bytes", "parts_s", "kind", "stack"),
    *("anchor", "anchor_ratio", "anchor_low", "anchor_high"),
    *CALM,
)


class Database:
    """A history that can be written to and read, until the end of its ``with`` block.

    ``url`` is its address as it may be shown. Raises BadHistory where it cannot be used, here and in all it does.
    """

    def __init__(self, address: str) -> None:
        self._engine = engine_for(address)
        self.url = self._engine.url.render_as_string(hide_password=True)
        try:
            with explained(self.url), self._engine.begin() as connection:
                hold_for_migration(connection)
                migrate(connection)
        except BadHistory:
            self._engine.dispose()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._engine.dispose()

    def add(self, kept: Night | CheckedUpgrade) -> bool:
        """Write a night, or a checked upgrade, and return whether it was not there yet."""
        with explained(self.url), self._engine.begin() as connection:
            keep(connection, tables.machine, digest=kept.machine_digest, **machine_columns(kept))
            if isinstance(kept, CheckedUpgrade):
                return self._add_upgrade(connection, kept)
            if not keep(connection, tables.night, **night_columns(kept)):
                return False
            for position, row in enumerate(kept.rows):
                self._add_row(connection, kept, position, row)
        return True

    def nights(self, since: str = "") -> list[Mapping[str, Any]]:
        """Return the nights since a time, the earliest first, with their machines."""
        return self._read(with_machines(tables.night, since))

    def runs(self) -> list[Mapping[str, Any]]:
        """Return all nights and checked upgrades, the earliest first."""
        return sorted([*self.nights(), *self.upgrades()], key=lambda run: (run["began"], run["digest"]))

    def counts(self, since: str) -> dict[str, dict[str | None, int]]:
        """Return how many rows have which verdict, by the digests of the nights and upgrades since a time."""
        found: defaultdict[str, dict[str | None, int]] = defaultdict(dict)
        for of_rows, of_runs, place, kind in (
            (tables.row, tables.night, tables.row.c.night, tables.row.c.kind),
            (tables.checked, tables.upgrade, tables.checked.c.upgrade, tables.checked.c.verdict),
        ):
            query = (
                select(place.label("run"), kind.label("kind"), func.count().label("rows"))
                .join_from(of_rows, of_runs, place == of_runs.c.digest)
                .where(of_runs.c.began >= since)
                .group_by(place, kind)
                .order_by(func.min(of_rows.c.position))
            )
            for each in self._read(query):
                found[each["run"]][each["kind"]] = each["rows"]
        return dict(found)

    def find(self, name: str) -> Mapping[str, Any]:
        """Return the night whose digest begins so, or the ``last``. Raises BadHistory where none does, or several."""
        return the_one_called(name, self.nights(), "night")

    def kept(self, line: Mapping[str, Any]) -> Night | CheckedUpgrade:
        """Return the run of a line of ``runs``, whole. Raises BadHistory."""
        return self.upgrade(line["digest"]) if is_upgrade(line) else self.night(line["digest"])

    def night(self, name: str) -> Night:
        """Return a night, whole as it was added, but for rounds that have been thinned out. Raises BadHistory."""
        found = self.find(name)
        digest = found["digest"]
        try:
            rows = [read_row(each, self.sessions(digest, each["name"])) for each in self.rows(digest)]
            return read_night_of(found, rows)
        except (BadRecord, LookupError, TypeError, ValueError, AttributeError) as error:
            raise BadHistory(f"{self.url}: the night of {found['began']} cannot be read: {error!r}") from None

    def rows(self, night: str) -> list[Mapping[str, Any]]:
        """Return the rows of a night, in the order of its ladder, each with its stack and its evidence."""
        query = (
            select(tables.row, tables.stack.c.content.label("packages"), tables.evidence.c.content.label("seen"))
            .join(tables.stack, tables.row.c.stack == tables.stack.c.digest)
            .outerjoin(tables.evidence, tables.row.c.evidence == tables.evidence.c.digest)
            .where(tables.row.c.night == night)
            .order_by(tables.row.c.position)
        )
        return self._read(query)

    def sessions(self, night: str, row: str) -> list[SessionRecord]:
        """Return the sessions of a row of a night; none where they have been thinned out."""
        query = select(tables.session.c.content).where(tables.session.c.night == night, tables.session.c.row == row)
        found = self._read(query.order_by(tables.session.c.number))
        return [SessionRecord.from_json(each["content"]) for each in found if each["content"]]

    def upgrades(self, since: str = "") -> list[Mapping[str, Any]]:
        """Return the checked upgrades since a time, the earliest first, with their machines and their stacks."""
        reference, candidate = tables.stack.alias(), tables.stack.alias()
        return self._read(
            with_machines(tables.upgrade, since)
            .join(reference, tables.upgrade.c.reference == reference.c.digest)
            .join(candidate, tables.upgrade.c.candidate == candidate.c.digest)
            .add_columns(reference.c.content.label("reference_stack"), candidate.c.content.label("candidate_stack"))
        )

    def upgrade(self, name: str) -> CheckedUpgrade:
        """Return a checked upgrade by its name, as ``find`` does a night. Raises BadHistory."""
        found = the_one_called(name, self.upgrades(), "upgrade")
        of_this = tables.checked.c.upgrade == found["digest"]
        rows = self._read(select(tables.checked).where(of_this).order_by(tables.checked.c.position))
        try:
            return read_upgrade_of(found, rows)
        except (BadRecord, LookupError, TypeError, ValueError, AttributeError) as error:
            raise BadHistory(f"{self.url}: the upgrade of {found['began']} cannot be read: {error!r}") from None

    def points(self, since: str = "") -> list[Point]:
        """Return all points since a time, the earliest first, each row under the name that it has today."""
        renamed = {each["earlier"]: each["name"] for each in self._read(select(tables.alias))}
        columns = [tables.row.c[name] for name in POINT_COLUMNS]
        of_night = [tables.night.c[name] for name in ("began", "host", "machine", "setting")]
        query = (
            select(*columns, *of_night)
            .join(tables.night, tables.row.c.night == tables.night.c.digest)
            .where(tables.night.c.began >= since)
            .order_by(tables.night.c.began, tables.night.c.digest, tables.row.c.position)
        )
        found = self._read(query)
        return [Point.of({**each, "name": renamed.get(each["name"], each["name"])}) for each in found]

    def stacks(self) -> dict[str, Mapping[str, Any]]:
        """Return all stacks by their digests."""
        return {each["digest"]: each["content"] for each in self._read(select(tables.stack))}

    def thin_out(self, before: str) -> int:
        """Forget the rounds of the nights before a time, and return of how many workers; the verdicts stay."""
        of_old = select(tables.night.c.digest).where(tables.night.c.began < before)
        here = tables.session.c.night.in_(of_old), tables.session.c.content.is_not(None)
        with explained(self.url), self._engine.begin() as connection:
            return connection.execute(update(tables.session).where(*here).values(content=null())).rowcount

    def rename(self, earlier: str, name: str) -> None:
        """Let the points of a row's earlier name be those of its name of today."""
        with explained(self.url), self._engine.begin() as connection:
            connection.execute(delete(tables.alias).where(tables.alias.c.earlier == earlier))
            keep(connection, tables.alias, earlier=earlier, name=name)

    def _add_upgrade(self, connection: Connection, upgrade: CheckedUpgrade) -> bool:
        for digest, recipe in upgrade.stacks:
            keep(connection, tables.stack, digest=digest, content=recipe)
        if not keep(connection, tables.upgrade, **upgrade_columns(upgrade)):
            return False
        for position, row in enumerate(upgrade.rows):
            columns = checked_columns(row) | {"upgrade": upgrade.digest, "position": position}
            connection.execute(insert(tables.checked).values(columns))
        return True

    def _add_row(self, connection: Connection, night: Night, position: int, row: NightRow) -> None:
        keep(connection, tables.stack, digest=row.stack_digest, content=row.stack)
        evidence = digest_of(row.evidence) if row.evidence else None
        if evidence:
            keep(connection, tables.evidence, digest=evidence, content=row.evidence)
        columns = row_columns(row) | {"night": night.digest, "position": position, "evidence": evidence}
        connection.execute(insert(tables.row).values(columns))
        for number, session in enumerate(row.sessions, start=1):
            place = {"night": night.digest, "row": row.name, "number": number}
            connection.execute(insert(tables.session).values(**place, content=session.to_json()))

    def _read(self, query: Select[Any]) -> list[Mapping[str, Any]]:
        with explained(self.url), self._engine.execution_options(**{READS: True}).begin() as connection:
            return [dict(found) for found in connection.execute(query).mappings()]


def with_machines(table: Table, since: str) -> Select[Any]:
    """Return the query for the runs in a table since a time, the earliest first, with their machines."""
    return (
        select(table, *(tables.machine.c[name] for name in MACHINE_COLUMNS))
        .join(tables.machine, table.c.machine == tables.machine.c.digest)
        .where(table.c.began >= since)
        .order_by(table.c.began, table.c.digest)
    )


def is_upgrade(line: Mapping[str, Any]) -> bool:
    """Tell whether a line of ``runs`` is a checked upgrade, and not a night."""
    return "candidate" in line


def the_one_called(name: str, runs: Sequence[Mapping[str, Any]], what: str) -> Mapping[str, Any]:
    """Return the run whose digest begins so, or the ``last``. Raises BadHistory where none does, or several."""
    if name == LAST and runs:
        return runs[-1]
    found = [run for run in runs if run["digest"].startswith(name)]
    if len(found) == 1:
        return found[0]
    said = f"{len(found)} {what}s begin with" if found else f"no {what} is called"
    raise BadHistory(f"{said} {name!r}; `python -m perf history list` shows them")


def keep(connection: Connection, table: Table, **columns: Any) -> bool:
    """Insert a line unless its key is there already, also where another writer inserts it now; tell whether it was."""
    dialect = postgresql if connection.dialect.name == POSTGRESQL else sqlite
    statement = dialect.insert(table).values(columns).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement).first() is not None
