from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.archive import open_archive, schema, upgrade
from monitor.archive.engine import Database
from monitor.archive.tables import REVISIONS, metadata, postgres_metadata
from monitor.errors import ArchiveNew, SchemaOutOfDate
from tests.archive.conftest import drop_postgres, fresh_postgres
from tests.archive.samples import draft, stored


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'er' / 'monitor.db'}"
        return
    url = fresh_postgres()
    yield url
    drop_postgres(url)


def test_the_list_of_revisions_is_the_folder() -> None:
    """`check_schema` reads the list, so as not to import Alembic."""
    from alembic.script import ScriptDirectory

    found = [s.revision for s in ScriptDirectory.from_config(schema.migration_config()).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_migrations_make_what_the_tables_say(empty: str) -> None:
    import runpy

    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade(empty)
    database = Database(empty)
    with database.read() as connection:
        options = {"include_object": _environment(runpy)["include_object"], "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        target = [metadata, postgres_metadata] if database.is_postgres else metadata
        differences = compare_metadata(context, target)  # type: ignore[arg-type]
    database.close()
    assert differences == []


def _environment(runpy: object) -> dict[str, object]:
    """env.py's functions, without running it (it runs only inside Alembic)."""
    text = (schema.migration_config().get_main_option("script_location") or "") + "/env.py"
    source = Path(text).read_text(encoding="utf-8").partition("\nhanded")[0]
    found: dict[str, object] = {}
    exec(compile(source, text, "exec"), found)
    return found


def test_the_search_index_of_a_migrated_file_is_that_of_the_tables(tmp_path: Path) -> None:
    """Triggers, views and FTS5 tables are no part of the metadata: compared word by word."""
    from monitor.archive.tables import SQLITE_SEARCH

    path = tmp_path / "m.db"
    upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection:
        made = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE type IN ('view', 'trigger')")}
        made |= {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_fts'")}
    assert made == set(SQLITE_SEARCH)


def test_upgrading_twice_changes_nothing(empty: str) -> None:
    assert upgrade(empty) is None
    with open_archive(empty) as archive:
        archive.check_schema()
        stored(archive, draft("one"))
        assert upgrade(empty) is None
        assert archive.entries.pending_count() == 1
        assert archive.keep.revision() == REVISIONS[-1]


def test_an_empty_database_says_what_to_do(empty: str) -> None:
    with open_archive(empty) as archive:
        with pytest.raises(ArchiveNew, match=r"nothing has been collected yet.*`monitor run`") as caught:
            archive.check_schema()
        assert ("monitor db upgrade" in str(caught.value)) == (not archive.is_sqlite)
    assert caught.value.exit_code == 66


def _older(path: Path) -> None:
    """Makes the schema one that an older program left, as far as the program can tell."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()


FAKE = """
revision = "{revision}"
down_revision = {down!r}
branch_labels = depends_on = None

from alembic import op


def upgrade() -> None:
{body}
"""


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A copy of the folder of migrations, for a second revision."""
    import shutil

    from monitor import resources

    folder = tmp_path / "alembic"
    shutil.copytree(resources.migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "versions"


def _upgrade(url: str | Path, versions: Path, *, keep: int | None = None) -> Path | None:
    database = Database(str(url))
    try:
        return schema.upgrade(database, keep=keep, folder=versions.parent, revisions=(*REVISIONS, "9000"))
    finally:
        database.close()


def _second(versions: Path, body: str) -> None:
    text = FAKE.format(revision="9000", down=REVISIONS[-1], body="\n".join(f"    {line}" for line in body.splitlines()))
    (versions / "9000_second.py").write_text(text, encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.db"
    upgrade(str(path))
    with open_archive(str(path)) as archive:
        stored(archive, draft("one", title="Findable"))
    return path


REBUILD = """
op.execute("INSERT INTO meta (key, value) VALUES ('before', '1')")
with op.batch_alter_table("feeds", recreate="always") as batch:
    batch.alter_column("category", new_column_name="kind")
"""


def test_a_backup_is_made_and_rows_that_refer_survive_a_rebuilt_table(file: Path, versions: Path) -> None:
    """Batch mode drops the old table: with foreign keys on, that would fail or take the entries along."""
    _second(versions, REBUILD)
    database = Database(str(file))
    with pytest.raises(SchemaOutOfDate, match="run `monitor db upgrade`"):
        schema.check_schema(database, (*REVISIONS, "9000"))
    database.close()
    saved = _upgrade(file, versions)
    assert saved is not None
    assert saved == file.with_name("monitor.db.before-9000.bak")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9000",)]
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)
        assert [row[1] for row in connection.execute("PRAGMA table_info(feeds)")].count("kind") == 1
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with closing(sqlite3.connect(saved)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[-1],)]
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_so_many_backups_of_upgrades_stay(file: Path, versions: Path) -> None:
    """The newest; other people's files and archives beside it are left alone."""
    for age, name in enumerate(("0003", "0004", "0005")):
        old = file.with_name(f"monitor.db.before-{name}.bak")
        old.write_bytes(b"old")
        os.utime(old, (1_000_000_000 + age, 1_000_000_000 + age))
    others = [file.with_name("monitor.db.bak"), file.with_name("else.db.before-0001.bak")]
    for other in others:
        other.write_bytes(b"mine")
    _second(versions, REBUILD)
    saved = _upgrade(file, versions, keep=2)
    assert saved is not None
    assert {p.name for p in file.parent.glob("*.bak")} == {
        saved.name,
        "monitor.db.before-0005.bak",
        *(other.name for other in others),
    }


def test_a_migration_that_fails_leaves_everything_as_it_was(file: Path, versions: Path) -> None:
    before = _dump(file)
    _second(versions, REBUILD + '\nop.execute("INSERT INTO nonsense VALUES (1)")')
    with pytest.raises(Exception, match="nonsense"):
        _upgrade(file, versions)
    assert _dump(file) == before


def test_a_migration_that_would_leave_orphans_is_refused(file: Path, versions: Path) -> None:
    before = _dump(file)
    _second(versions, 'op.execute("DELETE FROM feeds")')
    with pytest.raises(Exception, match="without its feeds"):
        _upgrade(file, versions)
    assert _dump(file) == before


KILLED = """
import sys
from pathlib import Path
from monitor.archive import schema
from monitor.archive.engine import Database
schema.upgrade(
    Database(sys.argv[1]), backup=False, folder=Path(sys.argv[2]), revisions=(*schema.REVISIONS, "9000")
)
"""


@pytest.mark.parametrize("after", range(3))
def test_a_kill_in_the_middle_rolls_back(file: Path, versions: Path, after: int) -> None:
    before = _dump(file)
    die = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    steps = ["op.execute(\"INSERT INTO meta (key, value) VALUES ('before', '1')\")\n", REBUILD.split("\n", 2)[2]]
    _second(versions, "".join([*steps[:after], die, *steps[after:]]))
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), str(versions.parent)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert _dump(file) == before
    with open_archive(str(file)) as archive:
        assert archive.keep.check() == []


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if "entries_fts" not in line]


@pytest.mark.postgres
def test_a_postgres_migration_that_fails_leaves_everything_as_it_was(versions: Path) -> None:
    url = fresh_postgres()
    schema_of = sa.text("SELECT version_num FROM alembic_version")
    try:
        upgrade(url)
        _second(versions, 'op.execute("ALTER TABLE feeds DROP COLUMN category")\nop.execute("SELECT nonsense")')
        with pytest.raises(Exception, match="nonsense"):
            _upgrade(url, versions)
        database = Database(url)
        with database.read() as connection:
            assert connection.execute(schema_of).scalar() == REVISIONS[-1]
            assert "category" in {c["name"] for c in sa.inspect(connection).get_columns("feeds")}
        database.close()
    finally:
        drop_postgres(url)


def test_a_file_of_an_unknown_older_program_is_left_alone(file: Path) -> None:
    _older(file)
    with pytest.raises(SchemaOutOfDate):
        upgrade(str(file))


def test_the_folder_of_migrations_is_no_package() -> None:
    """With an __init__.py it would shadow the library wherever the checkout is on sys.path."""
    from monitor.resources import migrations_folder

    assert not (migrations_folder() / "__init__.py").exists()
    program = "import alembic.command, sys; sys.exit(0)"
    done = subprocess.run([sys.executable, "-c", program], cwd=migrations_folder().parent, env=os.environ, check=False)
    assert done.returncode == 0
