"""What Alembic runs to migrate a database: the connection is given by perf.history.database."""

from __future__ import annotations

from alembic import context

from perf.history.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter a table in place
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
