"""`search`: full-text query over the archive, one line per story."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from monitor.cli.filters import choice, usd, window
from monitor.cli.nothing import nothing_matched
from monitor.cli.output import Column, emit, form_of, note
from monitor.cli.session import session_of
from monitor.cli.words import day, listed, money
from monitor.errors import UsageError
from monitor.query import Query, parse_query

COLUMNS = (
    Column(head="Story", field="story_id", right=True),
    Column(head="Date", field="published_at", show=day),
    Column(head="Title", field="title", wrap=True),
    Column(head="Tags", field="tags", show=listed, rank=2),
    Column(head="Sum", field="usd", right=True, show=money, rank=1),
    Column(head="Publisher", field="publisher_name", rank=3),
    Column(head="Said by", field="independent", right=True, rank=4),
)
SORTS = ("newest", "best", "amount")


def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="QUERY", help='Words, "phrases", -not, OR, begin*, tag:funding.')
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="With this tag or topic.")] = None,
    company: Annotated[list[str] | None, typer.Option(help="With this company, by any of its names.")] = None,
    publisher: Annotated[list[str] | None, typer.Option(help="From this publisher's domain.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="In this language: en, fr, ...")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="From this feed.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Published since: 30d, yesterday, 2024-02, 2024-02-26.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Published until.")] = None,
    min_amount: Annotated[str | None, typer.Option(metavar="USD", help="A deal of at least so much: 100m.")] = None,
    sort: Annotated[str, typer.Option(help="newest, best or amount.")] = "newest",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    entries: Annotated[bool, typer.Option("--entries", help="Every entry instead of one per story.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Search the archive's stories.

    All words must be found in an entry's title or summary; several values of one option mean any of them. A story
    stands under its own title, as in digests; with --entries each entry under its own. The exit code is 1 when nothing
    matched.
    """
    session = session_of(ctx)
    form = form_of(json_=json, csv_=csv)
    order = choice(sort, SORTS, "--sort")
    begin, end = window(since, until, session.now())
    asked = parse_query(" ".join(query or ()), session.now())
    wanted = replace(
        asked,
        tags=(*asked.tags, *(tag or ())),
        companies=(*asked.companies, *(company or ())),
        publishers=(*asked.publishers, *(publisher or ())),
        languages=(*asked.languages, *(language or ())),
        feeds=(*asked.feeds, *(feed or ())),
        since=begin or asked.since,
        until=end or asked.until,
        min_amount=usd(min_amount, "--min-amount") if min_amount is not None else asked.min_amount,
    )
    _refuse_nonsense(wanted)
    hits = session.reader.search.search(wanted, now=session.now(), sort=order, limit=limit, by_story=not entries)
    rows = [{name: getattr(hit, name) for name in hit.__slots__} for hit in hits]
    emit(rows, COLUMNS, form, names=list(rows[0]) if rows else [c.field for c in COLUMNS])
    if not rows:
        nothing_matched(session, form)
    if form == "table" and len(rows) == limit:
        note(f"the first {limit}; --limit shows more")


def _refuse_nonsense(query: Query) -> None:
    if query.problems:
        raise UsageError("; ".join(query.problems))
    if query.is_empty:
        raise UsageError("nothing to search for: give words, or a filter such as --tag funding")
