"""What Alembic runs: on the connection that the monitor hands over, else on MONITOR_DATABASE_URL (for developers)."""

from __future__ import annotations

import os
from typing import Any

from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator

from alembic import context
from monitor.archive.engine import Database
from monitor.archive.tables import for_postgres, metadata, postgres_metadata


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Autogenerate must not see the tables that FTS5 keeps for itself: it would drop them."""
    return not (kind == "table" and name is not None and name.startswith("entries_fts"))


def render_item(kind: str, thing: Any, autogen: AutogenContext) -> str | bool:
    """Migrations are frozen: they name plain column types, not those of today's program."""
    if kind == "type" and isinstance(thing, TypeDecorator):
        return f"sa.{thing.impl!r}"
    return False


def migrate(connection: Connection) -> None:
    """Runs the revisions in the transaction that the connection is in."""
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        for_postgres()
    context.configure(
        connection=connection,
        target_metadata=[metadata, postgres_metadata] if postgres else metadata,
        include_object=include_object,
        render_item=render_item,
        render_as_batch=not postgres,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


handed: Connection | None = context.config.attributes.get("connection")
if handed is not None:
    migrate(handed)
else:
    database = Database(os.environ.get("MONITOR_DATABASE_URL", "sqlite:///monitor.db"))
    with database.write() as own:
        migrate(own)
    database.close()
