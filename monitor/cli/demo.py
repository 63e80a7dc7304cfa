"""`demo`: one whole round on sample feeds, with no network."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from shutil import which
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.output import say
from monitor.cli.session import Session, session_of
from monitor.errors import CannotCreate, NothingFound

if TYPE_CHECKING:
    from monitor.demo.outlets import Outlet
    from monitor.types import Delivery

#: the day of the sample news: a first look in the morning, the news by the evening, the digest at eight
MORNING = datetime(2024, 2, 26, 7, 0, tzinfo=UTC)
EVENING = datetime(2024, 2, 26, 20, 0, 30, tzinfo=UTC)

FEEDS_YAML = """\
# The demo's feeds.yaml: nine invented outlets on loopback, and a digest at eight in the evening.
settings:
  fetch:
    allowed_networks: [127.0.0.0/8]

digests:
  - name: evening
    title: AI news, the demo
    schedule: daily at 20:00
    sections:
      - title: Models and products
        tags: [model-launch, product-launch]
      - title: Deals
        tags: [funding, acquisition, partnership]

feeds:
{feeds}"""


def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep the demo's feeds.yaml, archive and digest there.")
    ] = None,
) -> None:
    """A tour on sample feeds; needs no network.

    Nine invented outlets are served on loopback and polled in the morning and in the evening of a day in February 2024;
    what they tell is classified, matched and put into a digest, by the same code that does it for real.
    """
    from monitor.demo.outlets import read_outlets
    from monitor.demo.server import DemoServer

    place = _place(folder)
    outlets, day = read_outlets(), Day()
    with DemoServer(outlets, day.now) as server:
        path = place / "feeds.yaml"
        path.write_text(
            FEEDS_YAML.format(feeds="".join(_feed(o, server.urls[o.id]) for o in outlets)), encoding="utf-8"
        )
        deliveries = asyncio.run(_tour(session_of(ctx), path, place, day))
    for delivery in deliveries:
        say(f"\n{delivery.part.text}")
    _say_next(place, deliveries)


def _place(folder: Path | None) -> Path:
    """An empty folder: the one that was named, or a temporary one that stays. Raises CannotCreate."""
    if folder is None:
        return Path(mkdtemp(prefix="ai-news-demo-"))
    place = folder.absolute()
    if (place / "monitor.db").exists():
        raise CannotCreate(f"{place} holds an archive already: name another folder for the demo, or remove it")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreate(f"{place}: {error.strerror or error}; name another folder") from error
    return place


def _feed(outlet: Outlet, url: str) -> str:
    lines = [
        f"  - id: {outlet.id}",
        f"    url: {url}",
        f"    name: {outlet.name}",
        f"    category: {outlet.category}",
        f"    language: {outlet.language}",
        f"    authority: {outlet.authority}",
        f"    aggregator: {str(outlet.aggregator).lower()}",
    ]
    return "\n".join(lines) + "\n"


async def _tour(session: Session, path: Path, place: Path, day: Day) -> list[Delivery]:
    """The whole round; the digest's deliveries. Raises ModelError, NothingFound."""
    from monitor.app import App
    from monitor.archive import upgrade
    from monitor.config import load_config
    from monitor.logs import configure

    config = load_config(path, {"MONITOR_HOME": str(place)})
    configure(replace(config.settings.logs, format="console", level="info" if session.told.get("verbose") else "error"))
    upgrade(config.settings.database_url)
    app = App(config, day)
    try:
        first = await app.poll(force=True)
        say(f"{day.now():%H:%M}  first poll of {first.polled} feeds: {first.new} entries, for the archive, no news")
        day.set(EVENING)
        second = await app.poll(force=True)
        say(f"{day.now():%H:%M}  second poll: {second.new} new entries")
        say(f"       {await app.understand_all()}")
        report = await app.deliverer.run_due()
        for key, stories, _ in report.made:
            say(f"       {key}: {stories} stories")
        if not report.sends.sent:
            raise NothingFound("the demo made no digest: " + ("; ".join(report.error_lines) or "please report this"))
        return report.sends.sent
    finally:
        await app.aclose()


def _say_next(place: Path, deliveries: Sequence[Delivery]) -> None:
    say("as HTML: " + ", ".join(d.receipt or str(place / "digests") for d in deliveries))
    say("ask its archive:")
    say(f"  export MONITOR_HOME={quote(str(place))} MONITOR_CONFIG={quote(str(place / 'feeds.yaml'))}")
    evening = f"feeds health --now {EVENING:%Y-%m-%dT%H:%MZ}"
    for command in ("search mistral", "deals", "launches", "companies show Mistral", evening):
        say(f"  {_program()} {command}")


def _program() -> str:
    """How a shell finds this program: by its name, else by the path that started it."""
    return "monitor" if which("monitor") or not sys.argv[0].endswith("monitor") else quote(sys.argv[0])


class Day:
    """The demo's clock: it stands in the morning, then in the evening; waits are real."""

    def __init__(self) -> None:
        self._now = MORNING

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    def set(self, now: datetime) -> None:
        self._now = now
