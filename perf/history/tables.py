"""The tables of the history's database, for SQLite and PostgreSQL alike. perf.history.migrations makes them.

::

    machine    a kind of machine: what its fingerprint says
    night      a run on one of them; those of one setting measured the same model with the same protocol
    stack      a Python with its packages
    evidence   what a worker said of itself
    row        a row of a night: what was measured, and the verdict; it refers to all of the above
    session    the rounds of one worker of a row, which are thinned out after a while
    upgrade    a comparison of two stacks on one of the machines
    checked    a row of such a comparison
    alias      a row's earlier name
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
DIGEST = String(64)
NAME = String(200)


class Positive(TypeDecorator[float]):
    """A number above 0, or None, which is a 0 in the column.

    So a column that may not be null, which SQLite only lets become another by copying the whole table, can say that
    something is not known.
    """

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float:  # noqa: ARG002 - SQLAlchemy's own
        """Return what the column gets."""
        return value or 0.0

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """Return what the column has."""
        return value or None


machine = Table(
    "machine",
    METADATA,
    Column("digest", DIGEST, primary_key=True),
    Column("codename", NAME, nullable=False),
    Column("cpu", NAME, nullable=False),
    Column("fingerprint", JSON, nullable=False),
)


def of_any_run() -> list[Column[Any]]:
    """Return the columns of what is kept of every run (perf.history.kept)."""
    return [
        Column("digest", DIGEST, primary_key=True),
        Column("began", String(32), nullable=False, index=True),
        Column("host", NAME, nullable=False),
        Column("machine", DIGEST, ForeignKey("machine.digest"), nullable=False, index=True),
        Column("setting", DIGEST, nullable=False, index=True),
        Column("particulars", JSON, nullable=False),
        Column("model", JSON, nullable=False),
        Column("protocol", JSON, nullable=False),
        Column("commit", NAME),
        Column("ci_url", Text),
    ]


night = Table(
    "night",
    METADATA,
    *of_any_run(),
    Column("machine_verdict", JSON),
)

stack = Table(
    "stack",
    METADATA,
    Column("digest", DIGEST, primary_key=True),
    Column("content", JSON, nullable=False),
)

evidence = Table(
    "evidence",
    METADATA,
    Column("digest", DIGEST, primary_key=True),
    Column("content", JSON, nullable=False),
)

row = Table(
    "row",
    METADATA,
    Column("night", DIGEST, ForeignKey("night.digest"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("variant", JSON, nullable=False),
    Column("latency_s", Float, nullable=False),
    Column("low_s", Float, nullable=False),
    Column("high_s", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("calm_rounds", Integer),
    Column("calm_s", Float),
    Column("calm_low_s", Float),
    Column("calm_high_s", Float),
    Column("parts_s", JSON, nullable=False),
    Column("load_s", Positive, nullable=False),
    Column("peak_rss_bytes", Float),
    Column("verdict", JSON),
    Column("kind", String(20)),
    Column("stack", DIGEST, ForeignKey("stack.digest"), nullable=False),
    Column("anchor", DIGEST),
    Column("anchor_ratio", Float),
    Column("anchor_low", Float),
    Column("anchor_high", Float),
    Column("reached", JSON, nullable=False),
    Column("evidence", DIGEST, ForeignKey("evidence.digest")),
    Column("fidelity", JSON),
)

session = Table(
    "session",
    METADATA,
    Column("night", DIGEST, primary_key=True),
    Column("row", NAME, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", JSON(none_as_null=True)),
    ForeignKeyConstraint(["night", "row"], ["row.night", "row.name"]),
)

upgrade = Table(
    "upgrade",
    METADATA,
    *of_any_run(),
    Column("reference", DIGEST, ForeignKey("stack.digest"), nullable=False),
    Column("candidate", DIGEST, ForeignKey("stack.digest"), nullable=False),
    Column("changes", JSON, nullable=False),
)

checked = Table(
    "checked",
    METADATA,
    Column("upgrade", DIGEST, ForeignKey("upgrade.digest"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("ratio", Float),
    Column("low", Float),
    Column("high", Float),
    Column("content", JSON, nullable=False),
)

alias = Table(
    "alias",
    METADATA,
    Column("earlier", NAME, primary_key=True),
    Column("name", NAME, nullable=False),
)
