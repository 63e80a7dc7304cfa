"""`feeds health`: how each feed is doing, and why its next poll is when it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from monitor.cli.output import Column, emit, form_of, note
from monitor.cli.session import session_of
from monitor.cli.words import ago, several, size, span
from monitor.standing import standing


def health(
    ctx: typer.Context,
    bad: Annotated[bool, typer.Option("--bad", help="Only feeds that fail or are silent.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Show how each feed is doing, and why the next poll is when it is.

    The exit code is 1 when a feed fails.
    """
    session = session_of(ctx)
    now = session.now()
    form = form_of(json_=json, csv_=csv)
    failed = Counter(one.feed_id for one in session.reader.entries.failures())
    rows = [
        _row(feed, now) | {"set_aside": failed[feed["id"]]}
        for feed in session.reader.feeds.details()
        if feed["configured"]
    ]
    shown = [row for row in rows if row["state"] not in ("well", "off")] if bad else rows
    emit(shown, columns(now), form, names=list(shown[0]) if shown else None)
    counts = {
        state: sum(row["state"] == state for row in rows)
        for state in ("failing", "throttled", "silent", "overdue", "new", "off")
    }
    if form == "table":
        words = [f"{n} {state}" for state, n in counts.items() if n]
        note(f"{several(len(rows), 'feed')}" + (f": {', '.join(words)}" if words else ", all well"))
        if failed:
            note(f"{several(failed.total(), 'entry')} could not be understood: `monitor doctor` names them")
    if counts["failing"]:
        raise typer.Exit(1)


def columns(now: datetime) -> Sequence[Column]:
    """The table's columns."""
    return (
        Column(head="Feed", field="id"),
        Column(head="State", field="state"),
        Column(head="Last good", field="ok_at", show=lambda t: ago(t, now)),
        Column(head="Next", field="next_poll_at", show=lambda t: ago(t, now)),
        Column(head="Why", field="next_poll_why", wrap=True, rank=1),
        Column(head="Trouble", field="error", wrap=True),
        Column(head="Rhythm", field="rhythm", show=lambda s: f"every {span(s)}", rank=3),
        Column(head="New", field="entries", right=True, rank=2),
        Column(head="Gaps", field="gaps", right=True, rank=4, show=lambda n: str(n) if n else ""),
        Column(head="304s", field="not_modified_share", right=True, rank=3, show=lambda s: f"{s:.0%}"),
        Column(head="Bytes", field="bytes", right=True, rank=5, show=size),
    )


def _row(feed: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    polls = feed["polls"]
    return {
        "id": feed["id"],
        "name": feed["name"],
        "url": feed["url"],
        "state": standing(feed, now),
        "polled_at": feed["polled_at"],
        "ok_at": feed["ok_at"],
        "next_poll_at": feed["next_poll_at"] if feed["enabled"] else None,
        "next_poll_why": feed["next_poll_why"],
        "interval": feed["interval"],
        "failures": feed["failures"],
        "error_kind": feed["error_kind"],
        "error": feed["error"],
        "rhythm": feed["rhythm"],
        "silent_since": feed["silent_since"],
        "new_entry_at": feed["new_entry_at"],
        "entries": feed["entries"],
        "gaps": feed["gaps"],
        "gap_at": feed["gap_at"],
        "polls": polls,
        "failed": feed["failed"],
        "not_modified": feed["not_modified"],
        "not_modified_share": feed["not_modified"] / polls if polls else None,
        "bytes": feed["bytes"],
    }
