"""The same tests over three outboxes: in memory, on SQLite and, where there is a server, on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.archive.deliveries import Deliveries
from monitor.archive.engine import Database
from monitor.archive.tables import metadata, postgres_metadata
from monitor.types import Delivery
from tests.archive.conftest import empty_file, empty_schema
from tests.deliver.rig import Rig

__all__ = ["empty_file", "empty_schema"]


class Kept(Deliveries):
    """The archive's outbox, with its rows at hand as the one in memory has them."""

    @property
    def rows(self) -> dict[int, Delivery]:
        return {row.id: row for row in reversed(self.list(limit=100_000))}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def archive_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty archive with today's schema."""
    return empty_archive(request, str(request.param), tmp_path)


def empty_archive(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    if kind == "sqlite":
        shutil.copyfile(request.getfixturevalue("empty_file"), folder / "monitor.db")
        return f"sqlite:///{folder / 'monitor.db'}"
    url: str = request.getfixturevalue("empty_schema")
    database = Database(url)
    names = [t.name for t in (*metadata.sorted_tables, *postgres_metadata.sorted_tables)]
    with database.write() as connection:
        connection.execute(sa.text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
    database.close()
    return url


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def outbox(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Rigs of this test remember their deliveries there."""
    if request.param == "memory":
        yield "memory"
        return
    database = Database(empty_archive(request, request.param, tmp_path))
    monkeypatch.setattr(Rig, "new_outbox", staticmethod(lambda: Kept(database)))
    yield request.param
    database.close()
