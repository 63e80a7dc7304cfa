"""`digest`: preview, send, list, resend and back-test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.filters import moment
from monitor.cli.output import Column, emit, form_of, note, print_json, put, say, table
from monitor.cli.session import session_of
from monitor.cli.words import listed, minute, several
from monitor.errors import CannotCreate, NotFound, Unavailable

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.config import Config
    from monitor.deliver import Backtest, DeliverReport
    from monitor.types import Digest, DigestSpec

LIST_COLUMNS = (
    Column(head="Due", field="due_at", show=minute),
    Column(head="Digest", field="name"),
    Column(head="Key", field="key"),
    Column(head="Stories", field="story_count", right=True),
    Column(head="Deliveries", field="states", show=lambda s: listed(f"{n} {state}" for state, n in s.items())),
)
STORY_COLUMNS = (
    Column(head="", field="change"),
    Column(head="Due", field="due_at", show=minute, rank=1),
    Column(head="Story", field="id", right=True),
    Column(head="Title", field="title", wrap=True),
    Column(head="Tags", field="tags", show=listed, rank=2),
    Column(head="Score", field="score", right=True, show=lambda s: f"{s:.1f}", rank=3),
)


def preview(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A digest of feeds.yaml; default: the first.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Also what is no news, such as first polls, since then: 2d.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the HTML to a file.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the points of each story, and what they were given for.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, as a webhook gets it.")] = False,
) -> None:
    """Show what a digest would hold now; sends and stores nothing.

    The exit code is 1 when it would hold no story.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    begin = moment(since, session.now(), "--since")
    spec = digest_spec(session.config, name)
    kind: Any = "webhook" if form == "json" else "file"
    found = session.run(lambda app: app.deliverer.preview(spec.name, begin, kind=kind))
    parts = found.rendered.parts
    if html is not None:
        _write(html, parts[0].html)
        note(f"wrote {html}")
    if explain:
        _explain(found.digest, form)
    elif form == "json":
        print_json([part.payload for part in parts] if len(parts) != 1 else parts[0].payload)
    elif html is None:
        for part in parts:
            say(part.markdown if markdown else part.text)
    for story, why in found.rendered.left_out:
        note(f"story {story} cannot be shown: {why}")
    if not found.digest.stories:
        if since is None and form == "table":
            note("nothing new; `--since 2d` also shows what stood in the feeds when they were first polled")
        raise typer.Exit(1)


def _explain(digest: Digest, form: str) -> None:
    """Each story with its place, its points and the words behind them."""
    rows = list(_explained(digest))
    if form == "json":
        print_json(rows)
        return
    section = None
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            say(f"\n{section}")
        say(f"{row['score']:6.1f}  {row['title']}  (story {row['id']}{'' if row['shown'] else ', listed only'})")
        for part in row["points"]:
            say(f"{part['points']:+14.1f}  {part['for']}" + (f": {part['why']}" if part["why"] else ""))


def _explained(digest: Digest) -> Iterator[dict[str, Any]]:
    for section in digest.sections:
        for place, ranked in enumerate((*section.stories, *section.more)):
            notes = dict(ranked.notes)
            yield {
                "section": section.title,
                "id": ranked.story.id,
                "title": ranked.story.title,
                "shown": place < len(section.stories),
                "pinned": ranked.story.pinned,
                "score": ranked.score,
                "points": [{"for": n, "points": p, "why": notes.get(n, "")} for n, p in ranked.reasons],
            }


def digest_spec(config: Config, name: str | None) -> DigestSpec:
    """The digest of that name, or the first. Raises NotFound."""
    if name is None:
        if not config.digests:
            raise NotFound(f"{config.source.path} defines no digest: see docs/configuration.md")
        return config.digests[0]
    spec = config.digest(name)
    if spec is None:
        known = listed(d.name for d in config.digests) or "none"
        raise NotFound(f"digest {name!r} is not in {config.source.path} (there: {known})")
    return spec


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror or error}; name another file") from error


def send(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A digest of feeds.yaml.")],
    to: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Only to this address or Slack room; nothing counts as sent.")
    ] = None,
) -> None:
    """Send a digest now.

    To its recipients, as if it were due now; what they have had is not in it. With --to to one address, with all of the
    look-back.
    """

    async def now(app: App) -> DeliverReport:
        with app.by_hand():
            return await app.deliverer.send_now(name, to)

    report = session_of(ctx).run(now)
    if not report.made:
        note(f"{name} has nothing to say now")
    report_on(report)


def report_on(report: DeliverReport) -> None:
    """Says what was made and what became of it. Raises Unavailable where something did not go out."""
    for key, stories, deliveries in report.made:
        say(
            f"{key}: {several(stories, 'story')}, "
            + (several(deliveries, "delivery") if deliveries else "nothing to send")
        )
    for delivery in report.sends.sent:
        say(f"sent to {delivery.recipient} over {delivery.channel}: {delivery.receipt or delivery.part.subject}")
    for key, story, why in report.left_out:
        note(f"{key}: story {story} cannot be shown: {why}")
    troubles = [*report.sends.retried, *report.sends.failed, *report.sends.uncertain]
    for delivery, verdict in troubles:
        note(f"{delivery.channel} to {delivery.recipient}: {verdict.state}: {verdict.error}")
    for channel, why in report.sends.switched_off.items():
        note(f"channel {channel} is switched off: {why}")
    for words in report.error_lines:
        note(words)
    if troubles or report.errors:
        raise Unavailable("not everything went out: `monitor outbox list` shows what waits")


def list_(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this digest.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the digests that were made."""
    form = form_of(json_=json, csv_=csv)
    rows = session_of(ctx).reader.deliveries.digests(name=name, limit=limit)
    emit(rows, LIST_COLUMNS, form, names=list(rows[0]) if rows else None)
    if form == "table" and not rows:
        note("no digest was made yet; `monitor digest preview --since 2d` shows what one would hold")


def resend(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The digest's key, as `monitor digest list` shows it.")],
) -> None:
    """Send a digest's deliveries again.

    All of them, also those that arrived, with the same Message-IDs.
    """

    async def again(app: App) -> DeliverReport:
        with app.by_hand():
            return await app.deliverer.resend(key)

    report_on(session_of(ctx).run(again))


def backtest(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A digest of feeds.yaml.")],
    since: Annotated[str, typer.Option(metavar="WHEN", help="From then until now.")] = "30d",
    against: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="A changed feeds.yaml whose definition is tried.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a digest would have sent in a past time.

    With --with the definition of another feeds.yaml is tried, and the difference from the present one is shown.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    begin = moment(since, session.now(), "--since")
    assert begin is not None
    spec = digest_spec(_other(against) if against is not None else session.config, name)
    found = session.run(lambda app: app.deliverer.backtest(spec, begin))
    if form == "json":
        print_json(_backtest_rows(found))
        return
    rows = [_story_row(digest, ranked) for digest in found.digests for ranked in digest.stories]
    put(table(rows, STORY_COLUMNS[1:]))
    note(f"{several(len(found.digests), 'digest')} with {several(len(rows), 'story')} since {minute(begin)}")
    if against is not None:
        changes = [("+", s) for s in found.added] + [("-", s) for s in found.removed]
        put(table([{"change": c, "id": s.id, "title": s.title, "tags": s.tags} for c, s in changes], _CHANGES))
        note(f"{len(found.added)} added, {len(found.removed)} removed against the present definition")


_CHANGES = tuple(c for c in STORY_COLUMNS if c.field in ("change", "id", "title", "tags"))


def _other(path: Path) -> Config:
    import os

    from monitor.config import load_config

    return load_config(path, os.environ)


def _story_row(digest: Digest, ranked: Any) -> dict[str, Any]:
    story = ranked.story
    row = {"due_at": digest.due_at, "id": story.id, "title": story.title, "tags": story.tags, "score": ranked.score}
    return {**row, "reasons": dict(ranked.reasons)}


def _backtest_rows(found: Backtest) -> dict[str, Any]:
    def brief(story: Any) -> dict[str, Any]:
        return {"id": story.id, "title": story.title, "tags": list(story.tags)}

    return {
        "digests": [
            {"key": d.key, "due_at": d.due_at, "stories": [_story_row(d, r) for r in d.stories]} for d in found.digests
        ],
        "added": [brief(s) for s in found.added],
        "removed": [brief(s) for s in found.removed],
    }
