"""`stories`: what belongs together, decided by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.output import say
from monitor.cli.session import session_of
from monitor.cli.words import several
from monitor.errors import UsageError


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
    session.archive.stories.merge(into, others, session.now())
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
    new = session.archive.stories.split(story, entries, session.now())
    say(f"{several(len(entries), 'entry')} left story {story} for story {new}: monitor show {new}")


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
