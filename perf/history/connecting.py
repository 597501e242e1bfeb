"""Connections to a history's database: by its address, with what each kind of database needs, and errors explained."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError

from perf.errors import BadHistory, HistoryAway

SQLITE, POSTGRESQL = "sqlite", "postgresql"
READS = "reads"  # the execution option of a connection that writes nothing
BUSY_S = 30  # SQLite waits so long for another writer
AGAIN_S = 0.02
CONNECT_S = 10
MIGRATION_LOCK = 1_197_803_128  # PostgreSQL's advisory lock, a number of our own
ADDRESSES = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
DAMAGED = ("malformed", "not a database", "disk image")


def state_folder() -> Path:
    """Return the folder for what must not be lost: sd-xeon-perf in $XDG_STATE_HOME, else in ~/.local/state."""
    if configured := os.environ.get("XDG_STATE_HOME"):
        return Path(configured) / "sd-xeon-perf"
    try:
        return Path.home() / ".local" / "state" / "sd-xeon-perf"
    except RuntimeError:  # neither HOME nor an entry of this user id, as in some containers
        raise BadHistory("this user has no home directory for the history: set XDG_STATE_HOME, or --history") from None


def default_url() -> str:
    """Return the address of this user's own database, a file in the folder for such."""
    return f"{SQLITE}:///{state_folder() / 'history.sqlite'}"


def engine_for(address: str) -> Engine:
    """Return the engine for an address. Raises BadHistory for one that is none, or of another kind of database."""
    try:
        url = sqlalchemy.make_url(address)
    except ArgumentError:
        shown = "what was given" if "@" in address else repr(address)  # it may hold a password
        raise BadHistory(f"{shown} is no address of a history: {ADDRESSES}") from None
    kind = url.get_backend_name()
    if kind == SQLITE:
        return _sqlite(url)
    if kind == POSTGRESQL:
        options = {"connect_timeout": CONNECT_S}
        return sqlalchemy.create_engine(
            url.set(drivername=f"{POSTGRESQL}+psycopg"), connect_args=options, pool_pre_ping=True
        )
    raise BadHistory(f"a history is kept in SQLite or PostgreSQL, not in {kind}: {ADDRESSES}")


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadHistory(f"{url}: {error}") from None
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        cursor = connection.cursor()
        use_write_ahead_log(cursor)
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that first reads and then writes fails at once where another one has written in between.
        reads = connection.get_execution_options().get(READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Let readers not wait for a writer. Raises sqlite3.OperationalError where the file stays locked for BUSY_S.

    SQLite does not itself wait for another process that is doing the same with a new file.
    """
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if is_damaged(error) or time.monotonic() > deadline:
                raise
            time.sleep(AGAIN_S)
        else:
            return


def hold_for_migration(connection: Connection) -> None:
    """Let one process at a time look at the tables' version and change them; until the transaction's end."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})


@contextlib.contextmanager
def explained(address: str) -> Iterator[None]:
    """Turn an error of the database into one that says what to do. Raises HistoryAway, or another BadHistory."""
    try:
        yield
    except (OperationalError, sqlalchemy.exc.InterfaceError) as error:
        if is_damaged(error):
            raise damaged(address, error) from None
        raise HistoryAway(f"{address}: {first_line(error)}") from None
    except DatabaseError as error:
        if is_damaged(error):
            raise damaged(address, error) from None
        raise BadHistory(f"{address}: {first_line(error)}") from None
    except SQLAlchemyError as error:
        raise BadHistory(f"{address}: {first_line(error)}") from None


def is_damaged(error: Exception) -> bool:
    """Tell whether SQLite says that its file is none."""
    return any(word in str(error) for word in DAMAGED)


def damaged(address: str, error: Exception) -> BadHistory:
    """Return the error for a file that SQLite cannot read."""
    return BadHistory(
        f"{address} is damaged ({first_line(error)}): move it away, and restore a copy, or import the runs under "
        "results/ again with `python -m perf history import`"
    )


def first_line(error: Exception) -> str:
    """Return what the database itself said, in a line."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
