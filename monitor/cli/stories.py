"""`stories`: what belongs together, decided by hand."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.filters import moment
from monitor.cli.output import Column, emit, form_of, print_json, say
from monitor.cli.progress import progress
from monitor.cli.session import nobody_runs, session_of
from monitor.cli.words import several
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.understand import RebuildReport


MOVES = (
    Column(head="Entry", field="entry_id", right=True),
    Column(head="From story", field="from", right=True),
    Column(head="To story", field="to", right=True, show=lambda number: str(number or "a new one")),
)


def merge(
    ctx: typer.Context,
    into: Annotated[int, typer.Argument(metavar="STORY", help="The story that stays.")],
    others: Annotated[list[int], typer.Argument(metavar="OTHER", help="The stories that go into it.")],
) -> None:
    """Join stories into one.

    All their entries stay together from then on, whatever the matching finds.
    """
    if into in others:
        raise UsageError(f"story {into} cannot go into itself")
    session = session_of(ctx)

    async def work(app: App) -> None:
        app.archive.stories.merge(into, others, session.now())
        await _retold(app, into)

    session.run(work)
    say(f"story {into} now holds {several(len(others), 'other story', 'other stories')}: monitor show {into}")


def split(
    ctx: typer.Context,
    story: Annotated[int, typer.Argument(metavar="STORY", help="The story that holds too much.")],
    entries: Annotated[list[int], typer.Argument(metavar="ENTRY", help="The entries (see `monitor show`) that leave.")],
) -> None:
    """Move entries out of a story into one of their own.

    They stay apart from then on, whatever the matching finds.
    """
    session = session_of(ctx)

    async def work(app: App) -> int:
        created = app.archive.stories.split(story, entries, session.now())
        await _retold(app, story, created)
        return created

    new = session.run(work)
    say(f"{several(len(entries), 'entry')} left story {story} for story {new}: monitor show {new}")


async def _retold(app: App, *story_ids: int) -> None:
    """What the ledger has of them is read anew from the entries that they have now."""
    app.bookkeeper.refresh()
    await asyncio.to_thread(app.understander.retell, story_ids)


def pin(
    ctx: typer.Context,
    story: Annotated[int, typer.Argument(metavar="STORY")],
    off: Annotated[bool, typer.Option("--off", help="Take the pin away.")] = False,
) -> None:
    """Put a story first in every digest that takes it."""
    session_of(ctx).archive.stories.set_pinned(story, not off)
    say(f"story {story} is {'no longer pinned' if off else 'pinned'}")


def mute(
    ctx: typer.Context,
    story: Annotated[int, typer.Argument(metavar="STORY")],
    off: Annotated[bool, typer.Option("--off", help="Let it in again.")] = False,
) -> None:
    """Keep a story out of every digest."""
    session_of(ctx).archive.stories.set_muted(story, not off)
    say(f"story {story} is {'no longer muted' if off else 'muted'}")


def rebuild(
    ctx: typer.Context,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="Only entries that arrived since then.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Match the archive's entries again and say what changed.

    Entries that a person placed stay where they are. Nothing of it is announced. The daemon must not be running
    meanwhile.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    begin = moment(since, session.now(), "--since")

    async def work(app: App) -> RebuildReport:
        app.bookkeeper.refresh()
        with progress("match") as advance:
            return await asyncio.to_thread(
                app.understander.rebuild, since=begin, apply=not dry_run, on_progress=advance
            )

    with nullcontext() if dry_run else nobody_runs(session):
        report = session.run(work)
    moves = [{"entry_id": e, "from": old, "to": new} for e, old, new in report.moves]
    if form == "json":
        counts = {name: getattr(report, name) for name in ("entries", "stories_before", "stories_after", "applied")}
        print_json({**counts, "kept_by_hand": report.kept_by_hand, "moves": moves})
        return
    emit(moves, MOVES)
    changed = "changed" if report.applied else "would change" if moves else "nothing to change"
    say(
        f"{several(report.entries, 'entry')} matched: {report.stories_before} stories before, {report.stories_after} "
        f"after; {several(len(moves), 'entry')} in another story; {changed}"
    )
