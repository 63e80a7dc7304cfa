"""Which schema an archive has, and bringing it to this program's. Alembic is imported only to migrate."""

from __future__ import annotations

import contextlib
import glob
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.copies import copy_to
from monitor.archive.engine import Database
from monitor.archive.failures import explained
from monitor.archive.tables import REVISIONS, entries
from monitor.errors import ArchiveError, ArchiveNew, CannotCreate, SchemaOutOfDate


def revision_of(database: Database) -> str | None:
    """The archive's revision; None: nothing of ours is in it (or there is no file yet)."""
    if database.is_sqlite and not database.path.exists():
        return None
    with database.read() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return found


def check_schema(database: Database, revisions: Sequence[str] = REVISIONS) -> None:
    """Raises SchemaOutOfDate, with the way out, unless the archive has exactly this program's schema.

    ArchiveNew, which is one, where nothing has been collected yet.
    """
    found, ours = revision_of(database), revisions[-1]
    if found == ours:
        return
    if found is None:
        raise ArchiveNew(_nothing_yet(database))
    if found in revisions:
        raise SchemaOutOfDate(
            f"archive {database.name} has schema {found}, this program needs {ours}: run `monitor db upgrade`, "
            "which makes a backup first"
        )
    raise SchemaOutOfDate(
        f"archive {database.name} has schema {found}, newer than this program's {ours}: install the newer program "
        "again, or restore the backup made before its upgrade with `monitor db restore FILE`"
    )


def is_empty(database: Database) -> bool:
    """No entry was ever collected."""
    with database.read() as connection:
        return connection.execute(sa.select(entries.c.id).limit(1)).first() is None


def _nothing_yet(database: Database) -> str:
    """What a person who asks before anything was collected wants to know."""
    if database.is_postgres:
        return (
            f"nothing has been collected yet (archive {database.name} has no tables): `monitor db upgrade` makes them, "
            "then start `monitor run`, or `monitor poll` for one round"
        )
    path = database.path.absolute()
    if not path.parent.is_dir():
        return (
            f"nothing has been collected yet (archive {path}: there is no folder {path.parent}): start `monitor run`, "
            "or `monitor poll` for one round, which make it; --database names another place"
        )
    why = f"archive {path} has no tables" if path.exists() else f"there is no archive {path}"
    return f"nothing has been collected yet ({why}): start `monitor run`, or `monitor poll` for one round"


def upgrade(
    database: Database,
    *,
    backup: bool = True,
    keep: int | None = None,
    folder: Path | None = None,
    revisions: Sequence[str] = REVISIONS,
) -> Path | None:
    """Brings the archive to this program's schema in one transaction; the backup made before (SQLite), if any.

    A program that dies on the way leaves the archive as it was. Raises SchemaOutOfDate if the archive is newer.
    keep: so many backups of upgrades stay, the newest. folder, revisions: other migrations than those that ship.
    """
    _make_folder(database)
    found = revision_of(database)
    if found == revisions[-1]:
        return None
    if found is not None and found not in revisions:
        check_schema(database, revisions)
    saved = None
    if backup and found is not None and database.is_sqlite:
        saved = database.path.with_name(f"{database.path.name}.before-{revisions[-1]}.bak")
        _need_space(database, saved)
        copy_to(database, saved)
    _migrate(database, migration_config(folder))
    if saved is not None and keep is not None:
        _drop_backups(database, saved, keep)
    return saved


def _drop_backups(database: Database, newest: Path, keep: int) -> None:
    """The oldest copies of former upgrades go, now that this one is done. One that cannot be deleted stays."""
    others = [p for p in newest.parent.glob(f"{glob.escape(database.path.name)}.before-*.bak") if p != newest]
    others.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    for path in others[max(0, keep - 1) :]:
        with contextlib.suppress(OSError):
            path.unlink()


def _make_folder(database: Database) -> None:
    if not database.is_sqlite:
        return
    path = database.path.absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = "a file is in the way" if isinstance(error, (FileExistsError, NotADirectoryError)) else error.strerror
        raise CannotCreate(
            f"archive {path}: its folder {path.parent} cannot be made ({why}): make it, or name another place with "
            "--database"
        ) from error


def _need_space(database: Database, saved: Path) -> None:
    """A copy, and the pages that the migration writes anew."""
    need, free = 2 * database.path.stat().st_size, shutil.disk_usage(saved.parent).free
    if free < need:
        raise ArchiveError(
            f"archive {database.name}: backup and upgrade need {need >> 20} MB, {free >> 20} MB are free: "
            "make some space"
        )


def _migrate(database: Database, config: Any) -> None:
    from alembic import command

    if database.is_postgres:
        with database.write(lock=9) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return
    with explained(database):
        connection = database.engine.connect().execution_options(monitor_write=True)
        try:
            # Tables are rebuilt by dropping them: with foreign keys on, that would delete what refers to them.
            # It can only be switched outside of a transaction.
            _pragma(connection, "foreign_keys=OFF")
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                _refuse_orphans(database, connection)
        finally:
            connection.invalidate()
            connection.close()


def _pragma(connection: Connection, words: str) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA {words}").close()


def _refuse_orphans(database: Database, connection: Connection) -> None:
    if orphan := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise ArchiveError(
            f"archive {database.name}: the upgrade would leave a row of {orphan[0]} without its {orphan[2]}; "
            "nothing was changed, please report this"
        )


def migration_config(folder: Path | None = None) -> Any:
    """Alembic's configuration for the folder of migrations, in a checkout or an installed package."""
    from alembic.config import Config

    from monitor.resources import migrations_folder

    config = Config()
    config.set_main_option("script_location", str(folder or migrations_folder()).replace("%", "%%"))
    return config
