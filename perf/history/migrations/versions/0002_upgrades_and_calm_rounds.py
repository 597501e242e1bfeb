"""Checked upgrades, and what a row's calm rounds say, which is unknown of the nights that are there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("row", sa.Column("calm_rounds", sa.Integer(), nullable=True))
    for name in ("calm_s", "calm_low_s", "calm_high_s"):
        op.add_column("row", sa.Column(name, sa.Float(), nullable=True))
    op.create_table(
        "upgrade",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("began", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("machine", sa.String(length=64), nullable=False),
        sa.Column("setting", sa.String(length=64), nullable=False),
        sa.Column("particulars", sa.JSON(), nullable=False),
        sa.Column("model", sa.JSON(), nullable=False),
        sa.Column("protocol", sa.JSON(), nullable=False),
        sa.Column("commit", sa.String(length=200), nullable=True),
        sa.Column("ci_url", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("candidate", sa.String(length=64), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["machine"], ["machine.digest"], name=op.f("fk_upgrade_machine")),
        sa.ForeignKeyConstraint(["reference"], ["stack.digest"], name=op.f("fk_upgrade_reference")),
        sa.ForeignKeyConstraint(["candidate"], ["stack.digest"], name=op.f("fk_upgrade_candidate")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_upgrade")),
    )
    for column in ("began", "machine", "setting"):
        op.create_index(op.f(f"ix_upgrade_{column}"), "upgrade", [column])
    op.create_table(
        "checked",
        sa.Column("upgrade", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("ratio", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["upgrade"], ["upgrade.digest"], name=op.f("fk_checked_upgrade")),
        sa.PrimaryKeyConstraint("upgrade", "name", name=op.f("pk_checked")),
    )
