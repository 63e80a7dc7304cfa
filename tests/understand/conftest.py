"""An empty archive for each test, copied from one that was made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.archive import Archive, open_archive, upgrade
from tests.understand.test_understand import Desk


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("understand") / "monitor.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def archive(migrated: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copyfile(migrated, tmp_path / "monitor.db")
    with open_archive(f"sqlite:///{tmp_path / 'monitor.db'}") as opened:
        yield opened


@pytest.fixture
def desk(archive: Archive) -> Desk:
    return Desk(archive)
