"""`feeds`: its list, and the other commands from their own modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.feededit import add, export, import_, remove
from monitor.cli.feedtest import test
from monitor.cli.health import health
from monitor.cli.output import Column, emit, form_of, note
from monitor.cli.session import Session, session_of
from monitor.cli.words import ago, several
from monitor.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from monitor.types import FeedSpec


def list_(
    ctx: typer.Context,
    category: Annotated[str | None, typer.Option(help="Only feeds of this category.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the feeds of feeds.yaml.

    With how each is doing, once it has been polled. A narrow terminal shows no addresses; pipes, --json and --csv have
    them whole.
    """
    session, form = session_of(ctx), form_of(json_=json, csv_=csv)
    config = session.config
    known = sorted({feed.category for feed in config.feeds})
    if category is not None and category not in known:
        raise UsageError(f"--category {category}: known are {', '.join(known)}")
    states = _states(session)
    rows = [_row(feed, states.get(feed.id)) for feed in config.feeds if category in (None, feed.category)]
    emit(rows, _columns(session.now(), polled=bool(states)), form, names=list(rows[0]) if rows else None)
    if form == "table":
        note(f"{several(len(rows), 'feed')} in {config.source.path}")


def _columns(now: datetime, *, polled: bool) -> Sequence[Column]:
    doing = (
        Column(head="State", field="state", rank=1),
        Column(head="Last good", field="ok_at", show=lambda when: ago(when, now), rank=2),
    )
    return (
        Column(head="Id", field="id"),
        Column(head="Name", field="name", wrap=True),
        Column(head="Category", field="category", rank=2),
        Column(head="Lang", field="language", rank=3),
        Column(head="On", field="enabled", show=lambda on: "yes" if on else "no", rank=1),
        *(doing if polled else ()),
        Column(head="URL", field="url", whole=True, rank=4),
    )


def _states(session: Session) -> dict[str, dict[str, Any]]:
    """What the archive knows of each feed; nothing where it cannot be asked: the list is feeds.yaml's."""
    from monitor.standing import standing

    try:
        details = session.reader.feeds.details()
    except ArchiveError:
        return {}
    return {row["id"]: {"state": standing(row, session.now()), "ok_at": row["ok_at"]} for row in details}


def _row(feed: FeedSpec, known: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "id": feed.id,
        "name": feed.name,
        "url": feed.url,
        "category": feed.category,
        "language": feed.language,
        "enabled": feed.enabled,
        "interval": feed.interval,
        "authority": feed.authority,
        "aggregator": feed.aggregator,
        "state": (known["state"] if feed.enabled else "off") if known else None,
        "ok_at": known["ok_at"] if known else None,
    }


__all__ = ["add", "export", "health", "import_", "list_", "remove", "test"]
