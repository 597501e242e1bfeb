"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "alias",
        sa.Column("earlier", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("earlier", name=op.f("pk_alias")),
    )
    op.create_table(
        "evidence",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_evidence")),
    )
    op.create_table(
        "machine",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("codename", sa.String(length=200), nullable=False),
        sa.Column("cpu", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_machine")),
    )
    op.create_table(
        "stack",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stack")),
    )
    op.create_table(
        "night",
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
        sa.Column("machine_verdict", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["machine"], ["machine.digest"], name=op.f("fk_night_machine")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_night")),
    )
    with op.batch_alter_table("night", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_night_began"), ["began"], unique=False)
        batch_op.create_index(batch_op.f("ix_night_machine"), ["machine"], unique=False)
        batch_op.create_index(batch_op.f("ix_night_setting"), ["setting"], unique=False)

    op.create_table(
        "row",
        sa.Column("night", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant", sa.JSON(), nullable=False),
        sa.Column("latency_s", sa.Float(), nullable=False),
        sa.Column("low_s", sa.Float(), nullable=False),
        sa.Column("high_s", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("parts_s", sa.JSON(), nullable=False),
        sa.Column("load_s", sa.Float(), nullable=False),
        sa.Column("peak_rss_bytes", sa.Float(), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("stack", sa.String(length=64), nullable=False),
        sa.Column("anchor", sa.String(length=64), nullable=True),
        sa.Column("anchor_ratio", sa.Float(), nullable=True),
        sa.Column("anchor_low", sa.Float(), nullable=True),
        sa.Column("anchor_high", sa.Float(), nullable=True),
        sa.Column("reached", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=True),
        sa.Column("fidelity", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["evidence"], ["evidence.digest"], name=op.f("fk_row_evidence")),
        sa.ForeignKeyConstraint(["night"], ["night.digest"], name=op.f("fk_row_night")),
        sa.ForeignKeyConstraint(["stack"], ["stack.digest"], name=op.f("fk_row_stack")),
        sa.PrimaryKeyConstraint("night", "name", name=op.f("pk_row")),
    )
    op.create_table(
        "session",
        sa.Column("night", sa.String(length=64), nullable=False),
        sa.Column("row", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["night", "row"], ["row.night", "row.name"], name=op.f("fk_session_night")),
        sa.PrimaryKeyConstraint("night", "row", "number", name=op.f("pk_session")),
    )
