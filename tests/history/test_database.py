"""The history's database: the same tests on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from perf.errors import BadHistory, HistoryAway
from perf.history import tables
from perf.history.checked_upgrade import read_upgrade
from perf.history.connecting import engine_for
from perf.history.database import Database
from perf.history.migrating import config_for
from perf.history.night import AnchorRatio, Night, read_night
from perf.history.outbox import Outbox
from perf.stats.verdict import VerdictKind
from tests.builders import postgresql
from tests.builders.evidence import evidence
from tests.builders.postgresql import Server
from tests.builders.recorded_runs import judged_row, recorded_row, write_run
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.sessions import sessions
from tests.builders.verdicts import verdict_of

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql.running() as server:
        yield server


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'history.sqlite'}"
    server: Server = request.getfixturevalue("server")
    return server.make_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as database:
        yield database


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the JSON of a run of two rows."""
    rows = (recorded_row("eager-fp32", [10.0, 10.2, 10.1], evidence()), recorded_row("openvino-static", [4.0, 4.1]))
    return write_run(tmp_path / "run.json", *rows)


@pytest.fixture
def night(run: Path) -> Night:
    return read_night(run)


def test_a_night_is_kept_whole(database: Database, night: Night) -> None:
    assert database.add(night)
    (kept,) = database.nights()
    assert (kept["digest"], kept["began"], kept["cpu"]) == (night.digest, night.began, night.cpu)
    assert kept["particulars"] == night.particulars
    first, second = database.rows(night.digest)
    assert (first["name"], second["name"]) == ("eager-fp32", "openvino-static")
    assert first["latency_s"] == 10.1
    assert first["parts_s"] == dict(night.rows[0].parts_s)
    assert first["packages"] == night.rows[0].stack
    assert (first["seen"], second["seen"]) == (night.rows[0].evidence, None)


def test_a_night_is_read_as_it_was_added(database: Database, run: Path) -> None:
    judged = judged_row("eager-fp32", sessions(2, seed=1), verdict_of(1.05, VerdictKind.REGRESSED), None)
    whole = read_night(write_run(run, judged | {"anchor": "a" * 16}))
    database.add(whole)
    assert database.night(whole.digest[:8]) == database.night("last") == whole
    assert len(whole.rows[0].sessions) == 2


def test_points_are_what_a_series_is_drawn_of(database: Database, night: Night) -> None:
    row = replace(night.rows[0], to_anchor=AnchorRatio(anchor="a", ratio=1.01, low=1.0, high=1.02))
    database.add(replace(night, rows=(row,)))
    (point,) = database.points()
    assert (point.name, point.latency_s, point.to_anchor) == ("eager-fp32", 10.1, row.to_anchor)
    assert (point.setting, point.machine) == (night.setting, night.machine_digest)
    assert database.stacks()[point.stack] == row.stack


def test_a_row_whose_worker_had_loaded_for_another_setting_has_no_load_time(database: Database, night: Night) -> None:
    first, second = night.rows
    whole = replace(night, rows=(first, replace(second, load_s=None)))
    database.add(whole)
    assert database.night("last") == whole
    assert [point.load_s for point in database.points()] == [1.0, None]


def test_the_same_run_twice_is_one_night(url: str, database: Database, night: Night) -> None:
    with Database(url) as other:
        assert [database.add(night), database.add(night), other.add(night)] == [True, False, False]
    assert len(database.nights()) == 1


def test_nights_come_in_the_order_in_which_they_began(database: Database, night: Night) -> None:
    """An outbox sends late, and a clock may jump: the order of writing says nothing."""
    for day in (3, 1, 2):
        database.add(replace(night, digest=f"{day}", began=f"2026-11-0{day}T01:00:00+00:00"))
    assert [kept["digest"] for kept in database.nights()] == ["1", "2", "3"]
    assert [kept["digest"] for kept in database.nights(since="2026-11-02")] == ["2", "3"]


def test_an_upgrade_is_kept_beside_the_nights(database: Database, night: Night, tmp_path: Path) -> None:
    upgrade = read_upgrade(write_upgrade(tmp_path / "up.json", upgrade_record()))
    database.add(night)
    assert [database.add(upgrade), database.add(upgrade)] == [True, False]
    assert database.upgrade(upgrade.digest[:8]) == database.upgrade("last") == upgrade
    assert [run["digest"] for run in database.runs()] == [night.digest, upgrade.digest]
    assert database.counts(since="") == {
        night.digest: {None: 2},
        upgrade.digest: {"regressed": 1, "equivalent": 1, "invalid": 1},
    }
    assert len(database.points()) == 2, "a candidate is not the software in use"
    with pytest.raises(BadHistory, match="no upgrade is called 'cheese'"):
        database.upgrade("cheese")


def older_tables(url: str) -> None:
    """Make an empty database as the first version of the suite that had one did."""
    engine = engine_for(url)
    with engine.begin() as connection:
        command.upgrade(config_for(connection), "0001")
    engine.dispose()


def test_a_database_of_an_older_version_is_brought_up_to_date(url: str, night: Night) -> None:
    older_tables(url)
    with Database(url) as database:
        database.add(night)
        assert database.night("last") == night
        assert database.upgrades() == []


def test_the_migrations_make_the_tables_that_the_code_has(url: str) -> None:
    with Database(url):
        pass
    engine = engine_for(url)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []
    engine.dispose()


def test_a_new_database_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, other.close).start()
    with Database(f"sqlite:///{path}") as database:
        assert database.nights() == []


def write_nights(url: str, night: Night, first: int, count: int) -> None:
    with Database(url) as database:
        for number in range(first, first + count):
            database.add(replace(night, digest=f"{number:04}"))


def test_two_writers_at_once_lose_nothing_and_write_nothing_twice(url: str, night: Night) -> None:
    """They begin with a database that neither has made yet, and half of their nights are the same."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_nights, args=(url, night, first, 40)) for first in (0, 20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    with Database(url) as database:
        kept = database.nights()
        assert [found["digest"] for found in kept] == [f"{number:04}" for number in range(60)]
        assert len(database.points()) == 120


def test_a_database_of_a_newer_version_is_refused(url: str, night: Night) -> None:
    with Database(url) as database:
        database.add(night)
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(BadHistory, match="of version 9999, which this version of the suite does not know: update it"):
        Database(url)


def test_a_server_that_is_started_again_in_the_middle_loses_no_night(server: Server, night: Night, run: Path) -> None:
    outbox = Outbox(run.parent / "outbox")
    with Database(server.make_database()) as database:
        database.add(replace(night, digest="before"))
        server.stop()
        try:
            assert outbox.put(run) == night
            with pytest.raises(HistoryAway):
                outbox.send(database)
            assert len(outbox.waiting()) == 1
        finally:
            server.start()
        assert outbox.send(database) == 1
        assert (outbox.waiting(), outbox.send(database)) == ([], 0)
        assert {kept["digest"] for kept in database.nights()} == {"before", night.digest}


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100] + b"cheese" * 1000)


@pytest.mark.parametrize("spoil", [damage, lambda path: path.write_text("this is not a database" * 100)])
def test_a_damaged_file_says_how_to_go_on(tmp_path: Path, night: Night, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "history.sqlite"
    with Database(f"sqlite:///{path}") as database:
        database.add(night)
    spoil(path)
    said = r"is damaged .*: move it away, and restore a copy, or import the runs"
    with pytest.raises(BadHistory, match=said), Database(f"sqlite:///{path}") as database:
        database.nights()


def test_a_file_that_another_program_has_locked_is_unreachable(
    tmp_path: Path, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perf.history.connecting.BUSY_S", 0.1)
    path = tmp_path / "history.sqlite"
    with Database(f"sqlite:///{path}") as database:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(HistoryAway, match="database is locked"):
                database.add(night)
        assert database.add(night)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("cheese", "'cheese' is no address of a history: sqlite:///FILE or postgresql://"),
        ("mysql://host/name", "a history is kept in SQLite or PostgreSQL, not in mysql"),
        ("postgresql://127.0.0.1:1/none", "refused"),
        ("sqlite:////proc/no/history.sqlite", "No such file or directory"),
        ("sqlite:////proc/self", "unable to open database file"),
    ],
)
def test_an_address_that_leads_nowhere(address: str, said: str) -> None:
    with pytest.raises(BadHistory, match=said):
        Database(address)


def test_a_password_is_shown_to_nobody(server: Server) -> None:
    url = server.make_database().replace("postgres@", "postgres:secret@")
    with Database(url) as database:
        assert "secret" not in database.url
    with pytest.raises(BadHistory) as caught:
        Database(url.replace(f":{server.port}/", ":1/"))
    assert "secret" not in str(caught.value)
