"""What all tables share: the metadata, names of constraints, and columns that many have."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from monitor.archive.tables.kinds import Id

#: Every revision of alembic/versions, oldest first; the last is what this program works with. Kept here so that a
#: command that only reads can check the schema without importing alembic. A test compares it with the folder.
REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005")

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMES)

#: tables that only PostgreSQL has
postgres_metadata = sa.MetaData(naming_convention=NAMES)


def flag(name: str, default: bool = False) -> sa.Column[bool]:
    """A column that says yes or no."""
    return sa.Column(name, sa.Boolean, nullable=False, default=default)


def where(condition: str) -> dict[str, Any]:
    """A partial index. PostgreSQL is told by `for_postgres`: naming it here would import its dialect everywhere."""
    return {"sqlite_where": sa.text(condition), "info": {"where": condition}}


def for_postgres() -> None:
    """Tells PostgreSQL's dialect the indexes' conditions and kinds: for creating and comparing tables."""
    for table in (*metadata.tables.values(), *postgres_metadata.tables.values()):
        for index in table.indexes:
            options = index.dialect_options["postgresql"]
            if "where" in index.info:
                options["where"] = sa.text(index.info["where"])
            if "using" in index.info:
                options["using"] = index.info["using"]


def entry_key(*, primary: bool = False) -> sa.Column[int]:
    """The entry that a row belongs to; the row goes with it."""
    key = sa.ForeignKey("entries.id", ondelete="CASCADE")
    return sa.Column("entry_id", Id, key, primary_key=primary, nullable=False, autoincrement=False)


def story_key(*, primary: bool = False) -> sa.Column[int]:
    """The story that a row belongs to; likewise."""
    key = sa.ForeignKey("stories.id", ondelete="CASCADE")
    return sa.Column("story_id", Id, key, primary_key=primary, nullable=False, autoincrement=False)
