"""An archive with a little of everything, on both databases, and a way to call commands on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.archive import open_archive
from monitor.cli import main
from monitor.types import Development, DevelopmentKind, Fact
from tests.archive.conftest import empty_file, empty_schema, url
from tests.archive.samples import DAY, NOW, deal, draft, labelled, party, quoted, stored, sum_of, told, understood

__all__ = ["empty_file", "empty_schema", "url"]

MINE = """\
settings:
  contact: me@example.com
digests:
  - name: daily
    title: AI news
    schedule: daily at 08:00
feeds:
  # the lab's own
  - id: lab
    url: https://lab.example/feed
    name: Lab
  - id: wire
    url: https://wire.example/feed
    name: Wire
    enabled: false
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Done]


@pytest.fixture
def database(empty_file: Path, tmp_path: Path) -> Path:
    path = tmp_path / "monitor.db"
    path.write_bytes(empty_file.read_bytes())
    return path


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    """What stands on stderr, which must be one line and no traceback."""
    err = capfd.readouterr().err
    assert err.count("\n") == 1, err
    return err


def on(database: Path, *words: str) -> int:
    """A command's exit code on that SQLite file."""
    return main(["--database", f"sqlite:///{database}", *words])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A person's own feeds.yaml."""
    path = tmp_path / "feeds.yaml"
    path.write_text(MINE)
    return path


@pytest.fixture
def call(url: str, mine: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command on the archive of `url` with the feeds.yaml of `mine`, a day after the news."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str) -> Done:
        capfd.readouterr()
        now = (NOW + DAY).isoformat()
        code = main(["--database", url, "--config", str(mine), "--now", now, *words])
        read = capfd.readouterr()
        return Done(code, read.out, read.err)

    return run


@dataclass(frozen=True, slots=True)
class World:
    """Numbers of what stands in the archive."""

    funding: int
    launch: int
    purchase: int
    entries: tuple[int, ...]


@pytest.fixture
def world(url: str) -> World:
    """Three stories: a funding told twice, a launch, a purchase in talks; and an entry in none."""
    with open_archive(url) as archive:
        titles = {
            ("a", "lab"): "Halden raises $120 million for robots",
            ("b", "wire"): "Robot maker Halden lands $120M",
            ("c", "lab"): "Aurelia opens the weights of Aurelia 2",
            ("d", "wire"): "Corvid in talks to buy Tessera",
            ("e", "wire"): "How to sharpen a chisel",
        }
        ids = [*stored(archive, *(draft(n, feed, title=t) for (n, feed), t in titles.items()))]
        entity = {n: archive.entities.ensure_entity(n, "company") for n in ("Halden", "Northgate", "Aurelia", "Corvid")}
        money = (
            party("recipient", "Halden", entity["Halden"], quoted(ids[0], "Halden")),
            party("investor", "Northgate", entity["Northgate"], quoted(ids[1], "Northgate")),
            sum_of("120000000", "USD", None, quoted(ids[0], "$120 million")),
            Fact(field="round", value="Series B", evidence=(quoted(ids[1], "Series B"),)),
        )
        funding = understood(
            archive,
            ids[:2],
            told(
                "Halden raises $120 million for robots",
                records=(deal(*money),),
                companies=("Halden", "Northgate"),
                usd=Decimal(120_000_000),
                entry_count=2,
                independent=2,
            ),
        )
        model = (party("developer", "Aurelia", entity["Aurelia"]), Fact(field="model", value="Aurelia 2"))
        launch = understood(
            archive,
            [ids[2]],
            told("Aurelia opens the weights", tags=("model-launch",), records=(deal(*model, kind="model-launch"),)),
        )
        step = Development(
            kind=DevelopmentKind.IN_TALKS, at=NOW, entry_id=ids[3], line="Corvid in talks to buy Tessera"
        )
        buyers = (party("acquirer", "Corvid", entity["Corvid"]), Fact(field="target", value="Tessera"))
        purchase = understood(
            archive,
            [ids[3]],
            told(
                "Corvid in talks to buy Tessera",
                tags=("acquisition",),
                news_at=None,
                records=(deal(*buyers, kind="acquisition"),),
                developments=(step,),
            ),
        )
        archive.stories.apply({ids[4]: labelled(tags=(), scores={"funding": 0.01}, spans=())}, {}, [], NOW)
        return World(funding, launch, purchase, tuple(ids))
