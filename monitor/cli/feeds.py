"""`feeds`: its list, and the other commands from their own modules."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.feededit import add, export, import_, remove
from monitor.cli.feedtest import test
from monitor.cli.health import health
from monitor.cli.output import Column, emit, form_of, note
from monitor.cli.session import session_of
from monitor.cli.words import several

LIST_COLUMNS = (
    Column(head="Id", field="id"),
    Column(head="Name", field="name", wrap=True, rank=1),
    Column(head="Category", field="category", rank=2),
    Column(head="Lang", field="language", rank=3),
    Column(head="On", field="enabled", show=lambda on: "yes" if on else "no"),
    Column(head="URL", field="url", wrap=True),
)


def list_(
    ctx: typer.Context,
    category: Annotated[str | None, typer.Option(help="Only feeds of this category.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the feeds of feeds.yaml."""
    form = form_of(json_=json, csv_=csv)
    config = session_of(ctx).config
    rows = [
        {
            "id": feed.id,
            "name": feed.name,
            "url": feed.url,
            "category": feed.category,
            "language": feed.language,
            "enabled": feed.enabled,
            "interval": feed.interval,
            "authority": feed.authority,
            "aggregator": feed.aggregator,
        }
        for feed in config.feeds
        if category in (None, feed.category)
    ]
    emit(rows, LIST_COLUMNS, form, names=list(rows[0]) if rows else None)
    if form == "table":
        note(f"{several(len(rows), 'feed')} in {config.source.path}")


__all__ = ["add", "export", "health", "import_", "list_", "remove", "test"]
