"""``python -m perf.history.migrations MESSAGE``: write a migration from the tables' last version to today's."""

from __future__ import annotations

import sys

import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory

from perf.history.migrating import config_for, migrate

if __name__ == "__main__":
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
    with engine.begin() as connection:
        migrate(connection)
    with engine.begin() as connection:
        config = config_for(connection)
        number = 1 + len(list(ScriptDirectory.from_config(config).walk_revisions()))
        command.revision(config, " ".join(sys.argv[1:]), autogenerate=True, rev_id=f"{number:04}")
