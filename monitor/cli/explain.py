"""`explain`: why a story or link was treated as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import console, form_of, print_json
from monitor.cli.session import Session, session_of
from monitor.cli.words import minute, several
from monitor.errors import ModelError, NotFound

if TYPE_CHECKING:
    from monitor.archive.aside import Failure
    from monitor.types import Classification, Entry, Story


def explain(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="URL-or-STORY", help="A story's number or an entry's link.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Why a story or link was treated as it was.

    Why it was kept, tagged and matched as it was, and in which digest it went out, or why not.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    story, entries = _found(session, what)
    limits, trouble = _limits(session)
    decisions = _decisions(session, story)
    whole = _story_part(session, story) if story is not None else None
    failed = {one.entry_id: one for one in session.reader.entries.failures([e.id for e, _ in entries])}
    parts = [_entry_part(e, c, limits.of(c), decisions.get(e.id), failed.get(e.id)) for e, c in entries]
    if form == "json":
        print_json({"story": whole, "entries": parts, "thresholds": limits.in_use or None})
        return
    if whole is not None:
        _print_story(whole)
    for number, part in enumerate(parts):
        if whole is not None or number:
            console().print()
        _print_entry(part)
    if trouble:
        console().print(f"\nthresholds are not known: {trouble}", style="dim")


Pairs = list[tuple["Entry", "Classification | None"]]


def _found(session: Session, what: str) -> tuple[Story | None, Pairs]:
    archive = session.reader
    if what.isdecimal():
        story = archive.stories.get(int(what))
        if story is None:
            raise NotFound(f"there is no story {what}: `monitor search` shows the numbers of stories")
        return story, archive.entries.of_story(story.id)
    entries = archive.entries.by_url(what)
    if not entries:
        raise NotFound(f"{what}: no entry of the archive has that link; no feed brought it, or it was pruned")
    numbers = [entry.story_id for entry in entries if entry.story_id is not None]
    story = archive.stories.get(numbers[0]) if numbers else None
    pairs = [archive.entries.understood(entry.id) for entry in entries]
    return story, [pair for pair in pairs if pair is not None]


Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """tag to its threshold and the lower end of "possible", of the models that are in use."""

    #: the encoder's id, and what holds for what it read, with or without a head of one's own
    encoder: str = ""
    built_in: Thresholds = field(default_factory=dict)
    #: the id and the limits of another model in front of it
    other: str = ""
    foreign: Thresholds = field(default_factory=dict)

    @property
    def in_use(self) -> Thresholds:
        return self.foreign or self.built_in

    def of(self, read: Classification | None) -> Thresholds:
        """Those by which the entry got its tags; none where a model read it that is no longer in use."""
        from monitor.types import encoder_of

        if read is None or encoder_of(read.model_id) != self.encoder:
            return {}
        return self.foreign if read.model_id == self.other else self.built_in


def _limits(session: Session) -> tuple[Limits, str]:
    """The limits; and why they are not known."""
    from monitor.classifiers import model_folder
    from monitor.classify.weights import SETTINGS, SHIPPED, read_checked, read_manifest, read_settings

    try:
        folder = model_folder(session.config.settings) or SHIPPED
        settings = read_settings(folder, read_checked(folder, SETTINGS, read_manifest(folder)))
    except ModelError as error:
        return Limits(), str(error)
    built_in = {t: {"tag": settings.thresholds[t], "possible": settings.possible[t]} for t in settings.tags}
    classifier = session.config.classifier
    if classifier.model == "built-in":
        return Limits(encoder=settings.model_id, built_in=built_in), ""
    from monitor.classify.foreign import POSSIBLE, THRESHOLD, ForeignSpec

    return Limits(
        encoder=settings.model_id,
        built_in=built_in,
        other=f"{settings.model_id}+{ForeignSpec(name=classifier.model, revision=classifier.revision).key}",
        foreign={tag: {"tag": THRESHOLD, "possible": POSSIBLE} for tag in settings.tags},
    ), ""


def _decisions(session: Session, story: Story | None) -> dict[int, Mapping[str, Any]]:
    """The last decision on each entry."""
    if story is None:
        return {}
    return {row["entry_id"]: row for row in session.reader.stories.decisions(story.id)}


def _story_part(session: Session, story: Story) -> dict[str, Any]:
    sent = session.reader.deliveries.sent_in(story.id)
    return {
        "id": story.id,
        "title": story.title,
        "tags": story.tags,
        "possible": story.possible,
        "topics": story.topics,
        "status": story.status,
        "entry_count": story.entry_count,
        "independent": story.independent,
        "news_at": story.news_at,
        "pinned": story.pinned,
        "muted": story.muted,
        "sent": sent,
        "not_sent": _not_sent(session, story, {row["name"] for row in sent}),
    }


def _not_sent(session: Session, story: Story, had_it: set[str]) -> list[dict[str, str]]:
    """For each digest of feeds.yaml that has not had the story: why."""
    from monitor.digest.select import why_not

    rows = []
    for digest in session.config.digests:
        if digest.name in had_it:
            continue
        why = why_not(story, digest.selection)
        if why is None and story.news_at is None:
            why = "nothing of it is news: its entries came with a first poll, were old, or were part of a flood"
        if why is None:
            why = "it qualifies; no due time has come since it arrived, or its words or companies are not asked for"
        rows.append({"digest": digest.name, "why": why})
    return rows


def _entry_part(
    entry: Entry,
    read: Classification | None,
    thresholds: Mapping[str, Any],
    decision: Mapping[str, Any] | None,
    failure: Failure | None = None,
) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "url": entry.url,
        "feed_id": entry.feed_id,
        "publisher": entry.publisher,
        "published_at": entry.published_at,
        "first_seen_at": entry.first_seen_at,
        "revision": entry.revision,
        "news": entry.announce,
        "why_no_news": "" if entry.announce else _why_no_news(entry),
        "model_id": read.model_id if read else None,
        "tags": _tag_reasons(read, thresholds) if read else None,
        "status": read.status if read else None,
        "story_id": entry.story_id,
        "set_aside": None
        if failure is None
        else {"error": failure.error, "tries": failure.tries, "at": failure.at, "retry_at": failure.retry_at},
        "decision": None
        if decision is None
        else {k: decision[k] for k in ("score", "reason", "numbers", "at", "by_hand")},
    }


def _why_no_news(entry: Entry) -> str:
    age = entry.first_seen_at - entry.published_at
    if age.total_seconds() > 48 * 3600:
        return f"published {age.days} days before it was first seen"
    return "it came with its feed's first poll, or with a flood"


def _tag_reasons(read: Classification, thresholds: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All tags, the likeliest first."""
    rows = []
    for tag, score in sorted(read.scores.items(), key=lambda pair: -pair[1]):
        given = "yes" if tag in read.tags else "possible" if tag in read.possible else "no"
        limit = thresholds.get(tag, {})
        rows.append(
            {
                "tag": tag,
                "score": score,
                "given": given,
                "threshold": limit.get("tag"),
                "possible": limit.get("possible"),
            }
        )
    return rows


def _print_story(part: Mapping[str, Any]) -> None:
    out = console()
    out.print(f"story {part['id']}: {part['title']}", style="bold")
    out.print(f"kept: {', '.join(part['tags']) or 'no tag'}" + (f"; {part['status']}" if part["status"] else ""))
    for row in part["sent"]:
        step = f", development {row['development_id']}" if row["development_id"] else ""
        way = f"to {row['recipient']} over {row['channel']}{step}"
        # the outbox forgets its texts after a while, not what went to whom
        state = row["state"] or "settled long ago"
        out.print(f"sent: {row['name']} of {minute(row['due_at'])} {way}: {state}")
    for row in part["not_sent"]:
        out.print(f"not in {row['digest']}: {row['why']}")


def _print_entry(part: Mapping[str, Any]) -> None:
    out = console()
    out.print(f"entry {part['id']}: {part['title']}", style="bold")
    out.print(f"  from {part['feed_id']}, publisher {part['publisher']}, published {minute(part['published_at'])}")
    news = "news" if part["news"] else f"no news: {part['why_no_news']}"
    out.print(f"  first seen {minute(part['first_seen_at'])}, {news}")
    if failure := part["set_aside"]:
        again = f"{several(failure['tries'], 'try', 'tries')}, the next at {minute(failure['retry_at'])} or by"
        out.print(f"  set aside: {failure['error']} ({again} `monitor classify --pending`)")
    if part["tags"] is None:
        if not failure:
            out.print("  not classified yet: it waits for the model")
        return
    for row in part["tags"]:
        if row["given"] == "no" and row["score"] < 0.05:
            continue
        limit = "" if row["threshold"] is None else f" (threshold {row['threshold']:.2f})"
        out.print(f"  {row['tag']:<15} {row['score']:.2f} {row['given']}{limit}")
    decision = part["decision"]
    if decision is not None:
        hand = " by hand" if decision["by_hand"] else ""
        numbers = ", ".join(f"{name} {value:.2f}" for name, value in (decision["numbers"] or {}).items())
        out.print(f"  matched{hand}: {decision['reason']} ({decision['score']:.2f})")
        if numbers:
            out.print(f"    {numbers}", style="dim", soft_wrap=True)
    elif part["story_id"] is None:
        out.print("  in no story: it has no tag")
