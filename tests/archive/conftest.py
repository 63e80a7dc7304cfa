"""One suite for both databases: `archive` is an empty one, on SQLite and, where there is a server, on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.archive import Archive, open_archive, upgrade
from monitor.archive.engine import Database
from monitor.archive.tables import metadata, postgres_metadata


def fresh_postgres() -> str:
    """The URL of a schema of its own on the tests' server, empty. Skips where there is none."""
    url = os.environ.get("MONITOR_TEST_POSTGRES_URL")
    if not url:
        pytest.skip("MONITOR_TEST_POSTGRES_URL is not set: no PostgreSQL server to test with (see tests/postgres.sh)")
    name = f"t{uuid.uuid4().hex[:16]}"
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{url}?options=-csearch_path%3D{name}"


def drop_postgres(url: str) -> None:
    base, _, name = url.partition("?options=-csearch_path%3D")
    engine = sa.create_engine(base.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite archive, migrated once and copied for each test."""
    path = tmp_path_factory.mktemp("empty") / "monitor.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty_schema() -> Iterator[str]:
    """A PostgreSQL archive, migrated once and emptied for each test."""
    url = fresh_postgres()
    upgrade(url)
    yield url
    drop_postgres(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty archive with today's schema."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("empty_file"), tmp_path / "monitor.db")
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    found: str = request.getfixturevalue("empty_schema")
    database = Database(found)
    names = [t.name for t in (*metadata.sorted_tables, *postgres_metadata.sorted_tables)]
    with database.write() as connection:
        connection.execute(sa.text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
    database.close()
    return found


@pytest.fixture
def archive(url: str) -> Iterator[Archive]:
    with open_archive(url) as opened:
        yield opened
