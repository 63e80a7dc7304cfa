"""`show`: one story with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, console, form_of, print_json, put, table
from monitor.cli.session import Session, session_of
from monitor.cli.words import listed, minute, money, several
from monitor.errors import NotFound

if TYPE_CHECKING:
    from monitor.types import Classification, Entry, Fact, LedgerRecord, Story

ENTRY_COLUMNS = [
    Column(head="Entry", field="id", right=True),
    Column(head="Published", field="published_at", show=minute),
    Column(head="Publisher", field="publisher_name"),
    Column(head="Title", field="title", wrap=True),
    Column(head="Tags", field="tags", show=listed, rank=1),
    Column(head="Feed", field="feed_id", rank=2),
]


def show(
    ctx: typer.Context,
    story: Annotated[int, typer.Argument(metavar="STORY", help="The story's number, as `monitor search` shows it.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One story with its entries, facts and evidence."""
    session = session_of(ctx)
    found = story_of(session, story)
    entries = session.reader.entries.of_story(found.id)
    if form_of(json_=json) == "json":
        print_json({**_plain(found), "entries": [_entry_row(e, c) for e, c in entries]})
        return
    _head(found)
    for record in found.records:
        _record(record)
    if found.developments:
        out = console()
        out.print("\nDevelopments", style="bold")
        for step in found.developments:
            out.print(f"  {minute(step.at)}  {step.kind}: {step.line}")
    put("")
    put(table([_entry_row(e, c) for e, c in entries], ENTRY_COLUMNS))


def story_of(session: Session, number: int) -> Story:
    """The story of that number. Raises NotFound."""
    found = session.reader.stories.get(number)
    if found is None:
        raise NotFound(f"there is no story {number}: `monitor search` shows the numbers of stories")
    return found


def _plain(story: Story) -> dict[str, Any]:
    from monitor.cli.output import as_json

    plain: dict[str, Any] = as_json(story)
    plain["publishers"] = [{"domain": d, "name": n, "url": u} for d, n, u in story.publishers]
    return plain


def _entry_row(entry: Entry, classification: Classification | None) -> dict[str, Any]:
    return {
        "id": entry.id,
        "feed_id": entry.feed_id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "author": entry.author,
        "publisher": entry.publisher,
        "publisher_name": entry.publisher_name,
        "language": entry.language,
        "published_at": entry.published_at,
        "first_seen_at": entry.first_seen_at,
        "announce": entry.announce,
        "revision": entry.revision,
        "story_id": entry.story_id,
        "tags": list(classification.tags) if classification else None,
        "scores": {t: round(s, 4) for t, s in classification.scores.items()} if classification else None,
    }


def _head(story: Story) -> None:
    out = console()
    flags = [word for word, on in (("pinned", story.pinned), ("muted", story.muted)) if on]
    facts = [f"story {story.id}", listed(story.tags) or "no tag", story.status or "", *flags]
    out.print(" · ".join(f for f in facts if f), style="dim")
    out.print(story.title, style="bold")
    if story.lead:
        out.print(story.lead)
    if story.url:
        out.print(story.url, style="dim", soft_wrap=True)
    if story.possible:
        out.print(f"possible: {listed(story.possible)}")
    count = several(story.entry_count, "entry")
    out.print(
        f"{count} by {several(len(story.publishers), 'publisher')}, {story.independent} independent; "
        f"seen {minute(story.first_seen_at)} to {minute(story.last_seen_at)} UTC",
        style="dim",
    )


def _record(record: LedgerRecord) -> None:
    out = console()
    out.print(f"\n{record.kind} ({record.status}, {record.announced_at:%Y-%m-%d})", style="bold")
    rows = [
        {
            "field": fact.field,
            "value": _value(fact),
            "quote": f"“{fact.evidence[0].quote}”" if fact.evidence else "by hand" if fact.by_hand else "",
            "publishers": listed(dict.fromkeys(e.publisher for e in fact.evidence)),
        }
        for fact in record.facts
    ]
    columns = [
        Column(head="Fact", field="field"),
        Column(head="Value", field="value", wrap=True),
        Column(head="Evidence", field="quote", wrap=True),
        Column(head="Said by", field="publishers", wrap=True, rank=1),
    ]
    put(table(rows, columns))


def _value(fact: Fact) -> str:
    if fact.amount is not None and fact.amount.value is not None:
        own = money(fact.amount.value, fact.amount.currency)
        return own if fact.usd is None or fact.amount.currency == "USD" else f"{own} ({money(fact.usd)})"
    return fact.value
