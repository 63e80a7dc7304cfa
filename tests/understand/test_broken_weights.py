"""Weights that are missing, cut, corrupt or swapped under a running monitor, with the real App and the real model."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.app import App
from monitor.archive import upgrade
from monitor.classify import check_weights
from monitor.classify.weights import GRAPH, MANIFEST, SETTINGS, SHIPPED, TOKENIZER
from monitor.config import load_config
from monitor.errors import ModelError
from monitor.testing import FakeClock
from tests.archive.samples import NOW, draft, outcome

YAML = """\
settings:
  classify: {{model: {model}}}
feeds:
  - {{id: lab, url: "https://lab.example/feed", name: Lab}}
"""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """The shipped files, linked: only what a test damages is written."""
    try:
        check_weights()
    except ModelError as error:
        pytest.skip(f"no weights to run with: {error}")
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in SHIPPED.iterdir():
        try:
            os.link(path, folder / path.name)
        except OSError:
            shutil.copyfile(path, folder / path.name)
    return folder


def put(path: Path, data: bytes) -> None:
    """In place of the link, never through it."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def corrupt(folder: Path) -> None:
    data = bytearray((folder / GRAPH).read_bytes())
    data[len(data) // 3] ^= 0xFF
    put(folder / GRAPH, bytes(data))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "missing graph": lambda folder: (folder / GRAPH).unlink(),
    "missing folder's manifest": lambda folder: (folder / MANIFEST).unlink(),
    "truncated": lambda folder: put(folder / GRAPH, (folder / GRAPH).read_bytes()[:1_000_000]),
    "empty": lambda folder: put(folder / TOKENIZER, b""),
    "corrupt": corrupt,
    "swapped": lambda folder: put(folder / TOKENIZER, (folder / SETTINGS).read_bytes()),
    "another's settings": lambda folder: put(
        folder / SETTINGS, (folder / SETTINGS).read_bytes().replace(b'"model_id": "', b'"model_id": "x')
    ),
    "code": lambda folder: put(
        folder / MANIFEST, (folder / MANIFEST).read_bytes().replace(GRAPH.encode(), b"encoder.pkl")
    ),
}


def repair(folder: Path) -> None:
    for path in SHIPPED.iterdir():
        put(folder / path.name, path.read_bytes())


def test_entries_wait_health_says_so_and_they_are_read_when_the_file_is_back(weights: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'monitor.db'}"
    upgrade(url)
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(YAML.format(model=weights))
    config = load_config(feeds, {"MONITOR_HOME": str(tmp_path)}, database=url)

    async def whole() -> None:
        app = App(config, FakeClock(NOW))
        try:
            app.archive.feeds.sync(config.feeds, NOW)
            app.archive.feeds.store([outcome(draft("a", title="Halden raises $40 million for AI robots"))])
            for name, damage in DAMAGES.items():
                damage(weights)
                assert await app.understand() == "", name
                assert app.archive.entries.pending_count() == 1, name
                words = app.troubles()["model"]
                assert str(weights) in words, name
                assert "\n" not in words, name
                assert await app.deliver() is not None, f"{name}: digests go on"
                repair(weights)
            assert "classified 1 entries" in await app.understand()
            assert "model" not in app.troubles()
            assert app.archive.entries.pending_count() == 0
        finally:
            await app.aclose()

    asyncio.run(whole())
