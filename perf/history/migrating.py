"""A database brought to today's tables, or refused where a newer version of the suite has changed them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from perf.errors import BadHistory

MIGRATIONS = Path(__file__).with_name("migrations")


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection, without any file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> None:
    """Bring the tables to today's version. Raises BadHistory for a database of a newer one."""
    config = config_for(connection)
    scripts = ScriptDirectory.from_config(config)
    here = MigrationContext.configure(connection).get_current_revision()
    if here == scripts.get_current_head():
        return
    if here is not None and here not in {script.revision for script in scripts.walk_revisions()}:
        raise BadHistory(f"its tables are of version {here}, which this version of the suite does not know: update it")
    command.upgrade(config, "head")
