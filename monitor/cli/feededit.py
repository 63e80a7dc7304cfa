"""`feeds add / remove / import / export`: feeds.yaml, with its comments kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.output import note, say
from monitor.cli.session import session_of
from monitor.cli.words import several
from monitor.errors import CannotCreate, FeedError, UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.collect import DryRun
    from monitor.types import FeedSpec

#: addresses that a page suggests and that are tried
TRIED = 8
TAKE_UP = "a running monitor takes it up on SIGHUP"


def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A feed, or a page that has one.")],
    feed_id: Annotated[str | None, typer.Option("--id", help="Its id; default: made of its address.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name; default: the feed's title.")] = None,
    category: Annotated[str, typer.Option(help="Such as lab, press, startup-vc, newsletter, wire.")] = "press",
    language: Annotated[str | None, typer.Option(help="Default: what the feed says.")] = None,
    aggregator: Annotated[bool, typer.Option("--aggregator", help="Its entries name their publisher.")] = False,
) -> None:
    """Find the feed behind a page and add it to feeds.yaml.

    What it holds now is read first, so that nothing is added that cannot be read.
    """
    from monitor.config.edit import add_feed, own_file

    session = session_of(ctx)
    path = own_file(session.config.source)
    address = url if "://" in url else f"https://{url}"
    run = session.run(lambda app: _find(app, address))
    assert run.parsed is not None
    found = run.spec
    spec = replace(
        found,
        id=feed_id or free_id(id_of(found.url) or "feed", {feed.id for feed in session.config.feeds}),
        name=name or run.parsed.title or found.url,
        category=category,
        language=language or (run.parsed.language or "en"),
        aggregator=aggregator,
    )
    add_feed(path, spec)
    say(f"{spec.id}: {spec.url}")
    say(f"{spec.name}, {several(len(run.parsed.entries), 'entry')} now; added to {path}, {TAKE_UP}")


async def _find(app: App, address: str) -> DryRun:
    """The feed at the address, or the first readable one that the page there names. Raises FeedError."""
    from monitor.feeds.discover import candidates

    page = await app.fetch(_spec(address))
    moved = _spec(page.permanent_url or address)
    run = await app.dry_run(page, moved)
    if run.error is None:
        return run
    for candidate in candidates(page)[:TRIED]:
        spec = _spec(candidate.url)
        try:
            run = await app.dry_run(await app.fetch(spec), spec)
        except FeedError as error:
            if candidate.named:
                note(str(error))
            continue
        if run.error is None:
            return run
    raise FeedError(f"{address}: {run.error}; no feed was found there. Give the feed's own address")


def _spec(url: str) -> FeedSpec:
    from monitor.types import FeedSpec

    return FeedSpec(id="new", url=url, name=url)


def id_of(url: str) -> str:
    """An id of an address: its registrable domain's own word."""
    from monitor.urls import host_of, registrable_domain

    host = host_of(url)
    word = (registrable_domain(host) or host).split(".")[0]
    return slug(word) if not word.isdigit() else slug(host)


def slug(text: str) -> str:
    """Small letters, digits and single dashes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def free_id(wanted: str, taken: Collection[str]) -> str:
    """The id itself, or with the first number that is free."""
    number, found = 2, wanted
    while found in taken:
        found, number = f"{wanted}-{number}", number + 1
    return found


def remove(
    ctx: typer.Context,
    feed_id: Annotated[str, typer.Argument(metavar="ID", help="The feed's id, as `monitor feeds list` shows it.")],
) -> None:
    """Remove a feed from feeds.yaml; its entries stay in the archive."""
    from monitor.config.edit import own_file, remove_feed

    path = own_file(session_of(ctx).config.source)
    remove_feed(path, feed_id)
    say(f"{feed_id} is out of {path}, its entries stay; {TAKE_UP}")


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="OPML", help="A list of feeds that a reader exported.")],
) -> None:
    """Add the feeds of an OPML file to feeds.yaml.

    Feeds whose address is there already are left out. The titles of its folders become categories.
    """
    from monitor.config.edit import import_feeds, own_file
    from monitor.feeds.opml import read_file
    from monitor.types import FeedSpec

    path = own_file(session_of(ctx).config.source)
    specs = [
        FeedSpec(
            id=slug(found.name) or id_of(found.url),
            url=found.url,
            name=found.name,
            category=slug(found.category.rsplit("/", 1)[-1]) or "press",
            language=found.language or "en",
        )
        for found in read_file(file)
    ]
    done = import_feeds(path, specs)
    say(f"{several(len(done.added), 'feed')} added to {path}, {len(done.skipped)} there already; {TAKE_UP}")


def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; default: stdout.")] = None,
) -> None:
    """Write the feeds as OPML.

    Headers, cookies and passwords are not in it.
    """
    from monitor.feeds.opml import write

    text = write(session_of(ctx).config.feeds)
    if file is None:
        say(text.rstrip("\n"))
        return
    if file.exists():
        raise UsageError(f"{file} is there already: name another file")
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotCreate(f"{file}: {error.strerror or error}; name another file") from error
    say(f"wrote {file}")
