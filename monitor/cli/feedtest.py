"""`feeds test`: every stage for one document, and nothing stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, console, form_of, print_json, put, table
from monitor.cli.session import Session, session_of
from monitor.cli.words import ago, listed, minute, several, size, span
from monitor.errors import DataError, FeedError, ModelError, NotFound

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.collect import DryRun
    from monitor.types import Classification, FeedSpec

COLUMNS = (
    Column(head="Published", field="published_at", show=minute),
    Column(head="Title", field="title", wrap=True),
    Column(head="Publisher", field="publisher", rank=2),
    Column(head="News", field="announce", show=lambda yes: "yes" if yes else "no", rank=1),
    Column(head="Tags", field="tags", show=listed),
    Column(head="Possible", field="possible", show=listed, rank=3),
)


def test(
    ctx: typer.Context,
    document: Annotated[
        str, typer.Argument(metavar="URL-or-FILE", help="A feed's address or id, or a saved document.")
    ],
    limit: Annotated[int, typer.Option(min=1, help="At most so many entries.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every stage for one document and store nothing.

    Fetched, parsed, recognised (as if it were polled for the second time, with nothing known) and classified.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    spec = _spec(session, document)
    run = session.run(lambda app: _run(app, spec, document))
    if run.error is not None:
        raise FeedError(f"{document}: {run.error}", kind=run.error.kind)
    rows, trouble = _rows(session, run, limit)
    if form == "json":
        print_json(_document(run, rows, trouble))
        return
    _stages(run, session)
    put(table(rows, COLUMNS))
    if trouble:
        console(stderr=True).print(f"not classified: {trouble}")


def _spec(session: Session, document: str) -> FeedSpec:
    """The feed of feeds.yaml with that id or address, else one made up for it."""
    from monitor.types import FeedSpec

    for feed in session.config.feeds:
        if document in (feed.id, feed.url):
            return feed
    url = document if document.startswith(("http://", "https://")) else Path(document).absolute().as_uri()
    return FeedSpec(id="test", url=url, name=document)


async def _run(app: App, spec: FeedSpec, document: str) -> DryRun:
    if spec.url.startswith(("http://", "https://")):
        return await app.dry_run(await app.fetch(spec), spec)
    try:
        body = Path(document).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{document}: no such file, and no feed of that id") from None
    except OSError as error:
        raise DataError(f"{document}: {error.strerror or error}") from error
    return await app.dry_run(body, spec)


def _rows(session: Session, run: DryRun, limit: int) -> tuple[list[dict[str, Any]], str]:
    """The entries with what the model reads in them, and why it does not."""
    from monitor.classify import load_classifier
    from monitor.rooms import model_folder

    assert run.decision is not None
    drafts = run.decision.drafts[:limit]
    found: list[Classification | None] = [None] * len(drafts)
    trouble = ""
    settings = session.config.settings
    try:
        classifier = load_classifier(model_folder(settings), settings.classify.threads)
        found = [*classifier.classify([(draft.title, draft.summary) for draft in drafts])]
    except ModelError as error:
        trouble = str(error)
    return [_row(draft, read) for draft, read in zip(drafts, found, strict=True)], trouble


def _row(draft: Any, read: Classification | None) -> dict[str, Any]:
    return {
        "title": draft.title,
        "summary": draft.summary,
        "url": draft.url,
        "guid": draft.guid,
        "author": draft.author,
        "published_at": draft.published_at,
        "publisher": draft.publisher,
        "publisher_name": draft.publisher_name,
        "language": draft.language,
        "announce": draft.announce,
        "tags": list(read.tags) if read else None,
        "possible": list(read.possible) if read else None,
        "scores": dict(read.scores) if read else None,
        "status": read.status if read else None,
        "facts": [{"role": s.role, "text": s.text, "field": s.field} for s in read.spans] if read else None,
    }


def _document(run: DryRun, rows: list[dict[str, Any]], trouble: str) -> dict[str, Any]:
    assert run.fetched is not None and run.parsed is not None and run.state is not None and run.decision is not None
    fetched, parsed = run.fetched, run.parsed
    return {
        "fetched": {
            "url": fetched.url,
            "status": fetched.status,
            "content_type": fetched.content_type,
            "bytes": len(fetched.body),
            "wire_bytes": fetched.wire_bytes,
            "etag": fetched.etag,
            "last_modified": fetched.last_modified,
            "permanent_url": fetched.permanent_url,
            "truncated": fetched.truncated,
            "seconds": round(fetched.seconds, 3),
        },
        "parsed": {
            "title": parsed.title,
            "link": parsed.link,
            "language": parsed.language,
            "reader": parsed.reader,
            "entries": len(parsed.entries),
            "truncated": parsed.truncated,
            "warnings": list(parsed.warnings),
        },
        "schedule": {"next_poll_at": run.state.next_poll_at, "why": run.state.next_poll_why},
        "events": list(run.decision.events),
        "entries": rows,
        "not_classified": trouble or None,
    }


def _stages(run: DryRun, session: Session) -> None:
    assert run.fetched is not None and run.parsed is not None and run.state is not None and run.decision is not None
    fetched, parsed, state = run.fetched, run.parsed, run.state
    out = console()
    wire = f", {size(fetched.wire_bytes)} on the wire" if fetched.wire_bytes else ""
    kind = f", {fetched.content_type}" if fetched.content_type else ""
    out.print(f"fetched   {size(len(fetched.body))}{wire}{kind}, {fetched.seconds:.2f} s")
    if fetched.permanent_url:
        out.print(f"          moved for good to {fetched.permanent_url}", soft_wrap=True)
    out.print(f"parsed    {parsed.title or '(no title)'}: {several(len(parsed.entries), 'entry')}, by {parsed.reader}")
    for words in parsed.warnings:
        out.print(f"          {words}")
    out.print(f"identity  {several(len(run.decision.drafts), 'distinct entry', 'distinct entries')}")
    for words in run.decision.events:
        out.print(f"          {words}")
    rhythm = f", one every {span(state.rhythm)}" if state.rhythm else ""
    out.print(f"schedule  next poll {ago(state.next_poll_at, session.now())}: {state.next_poll_why}{rhythm}\n")
