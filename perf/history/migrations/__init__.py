"""The migrations of the history's database, by Alembic: one module below ``versions`` for each version of the tables.

A new one is made, from what differs between the tables and a database, by::

    python -m perf.history.migrations "what changes"
"""
