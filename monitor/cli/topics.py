"""`topics list / add / test / remove`: tags of a person's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.filters import moment
from monitor.cli.output import Column, emit, form_of, note, say
from monitor.cli.progress import progress
from monitor.cli.session import Session, session_of
from monitor.cli.words import day, listed, score, several
from monitor.errors import ArchiveMissing, ArchiveNew, NotFound, UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.cli.progress import Advance
    from monitor.types import TopicSpec

TAKE_UP = "a running monitor takes it up on SIGHUP"
#: entries that get their vector together, where the archive has none
BATCH = 128
MONTH = timedelta(days=30)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")]
Description = Annotated[str, typer.Option(help="What it is about, in a sentence or two.")]
KeywordOptions = Annotated[
    list[str] | None, typer.Option("--keyword", help="A word or phrase that means it; again for more.")
]
Examples = Annotated[list[str] | None, typer.Option("--example", help="A title that belongs to it; again for more.")]
Threshold = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, help="Score from which an entry has it; default: found out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

TABLE = (
    Column(head="Topic", field="name"),
    Column(head="30 days", field="entries", right=True),
    Column(head="Threshold", field="threshold", right=True, show=score, rank=2),
    Column(head="Examples", field="examples", right=True, show=lambda texts: str(len(texts)), rank=3),
    Column(head="Keywords", field="keywords", show=listed, rank=1, wrap=True),
    Column(head="Description", field="description", wrap=True),
)
HITS = (
    Column(head="Score", field="score", right=True, show=score),
    Column(head="Date", field="published_at", show=day),
    Column(head="Title", field="title", wrap=True),
    Column(head="Publisher", field="publisher_name", rank=1),
    Column(head="Tags", field="tags", show=listed, rank=2),
)


def list_(ctx: typer.Context, json: Json = False) -> None:
    """List the topics of feeds.yaml, and how many entries of the last 30 days have each."""
    session = session_of(ctx)
    specs = session.config.topics
    counts: dict[str, int] = {}
    heads: dict[str, Any] = {}
    try:
        if specs:
            teaching = session.reader.teaching
            counts = teaching.topic_counts(session.now() - MONTH)
            heads = {head.name: head for head in reversed(teaching.heads("topic"))}
    except (ArchiveMissing, ArchiveNew):
        note("no archive yet: nothing has been counted")
    rows = [_row(spec, counts.get(spec.name, 0), heads.get(spec.name)) for spec in specs]
    form = form_of(json_=json)
    emit(rows, TABLE, form)
    if not rows:
        if form == "table":
            note("no topics; `monitor topics add NAME --description ...` makes one")
        raise typer.Exit(1)


def _row(spec: TopicSpec, count: int, head: Any) -> dict[str, Any]:
    learned = head.body.get("threshold") if head is not None else None
    return {
        "name": spec.name,
        "entries": count,
        "threshold": spec.threshold if spec.threshold is not None else learned,
        "examples": list(spec.examples),
        "keywords": list(spec.keywords),
        "description": spec.description,
        "fitted_at": head.at if head is not None else None,
        "figures": dict(head.figures) if head is not None else {},
    }


def add(
    ctx: typer.Context,
    name: Name,
    description: Description = "",
    keyword: KeywordOptions = None,
    example: Examples = None,
    threshold: Threshold = None,
) -> None:
    """Add a topic to feeds.yaml.

    It is found by its description and its examples, and wherever one of its keywords stands. New entries get it from
    now on; `monitor reclassify --since 30d` gives it to what is in the archive.
    """
    from monitor.config.edit import add_topic, own_file

    session = session_of(ctx)
    path = own_file(session.config.source)
    spec = _spec(name, description, keyword, example, threshold)
    add_topic(path, spec)
    say(f"{name} added to {path}; {TAKE_UP}")
    say(f"`monitor topics test {name}` shows what it would have matched, `monitor reclassify --since 30d` matches it")


def remove(ctx: typer.Context, name: Name) -> None:
    """Remove a topic from feeds.yaml; entries keep it until they are read again."""
    from monitor.config.edit import own_file, remove_topic

    path = own_file(session_of(ctx).config.source)
    remove_topic(path, name)
    say(f"{name} is out of {path}; {TAKE_UP}")


def test(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A topic of feeds.yaml.")] = None,
    description: Description = "",
    keyword: KeywordOptions = None,
    example: Examples = None,
    threshold: Threshold = None,
    since: Annotated[str, typer.Option(metavar="WHEN", help="Entries seen since: 30d, 2024-02, 2024-02-26.")] = "30d",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the best first.")] = 30,
    json: Json = False,
) -> None:
    """Show what a topic would have matched last month; stores nothing.

    Without a name, or with options beside it, what the options say is tried: a topic that need not stand in feeds.yaml.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    begin = moment(since, session.now(), "--since")
    assert begin is not None
    spec = _asked(session, name, description, keyword, example, threshold)

    async def work(app: App) -> dict[str, Any]:
        with progress("topic") as advance:
            return _tried(app, spec, begin, advance)

    found = session.run(work)
    found["matches"] = sorted(found["matches"], key=lambda row: -row["score"])
    shown = found["matches"][:limit]
    if form == "json":
        from monitor.cli.output import print_json

        print_json({**found, "matches": shown, "matched": len(found["matches"])})
    else:
        emit(shown, HITS)
        share = 100 * len(found["matches"]) / max(1, found["entries"])
        entries = several(found["entries"], "entry")
        taken = f"{len(found['matches'])} of {entries} since {day(begin)} ({share:.1f} %)"
        note(f"{taken}, threshold {found['threshold']:.2f}")
        if why := found["figures"].get("why"):
            note(f"{spec.name}: {why}")
    if not shown:
        raise typer.Exit(1)


def _spec(
    name: str, description: str, keyword: list[str] | None, example: list[str] | None, threshold: float | None
) -> TopicSpec:
    from monitor.config.scalars import slug
    from monitor.types import Tag, TopicSpec

    try:
        name = slug(name)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    if name in {tag.value for tag in Tag}:
        raise UsageError(f"{name} is a built-in tag; choose another name")
    if not (description.strip() or keyword or example):
        raise UsageError(f"{name}: give --description, --keyword or --example, or nothing can match it")
    return TopicSpec(
        name=name,
        description=" ".join(description.split()),
        keywords=tuple(keyword or ()),
        examples=tuple(example or ()),
        threshold=threshold,
    )


def _asked(
    session: Session,
    name: str | None,
    description: str,
    keyword: list[str] | None,
    example: list[str] | None,
    threshold: float | None,
) -> TopicSpec:
    """The topic of that name with what the options say in place of its own; or one of the options alone."""
    from dataclasses import replace

    known = {spec.name: spec for spec in session.config.topics}
    if name is None or (name not in known and (description or keyword or example)):
        return _spec(name or "test", description, keyword, example, threshold)
    if name not in known:
        there = f" (there {'is' if len(known) == 1 else 'are'}: {', '.join(sorted(known))})" if known else ""
        raise NotFound(f"no topic is called '{name}'{there}; give --description to try one out")
    spec = known[name]
    return replace(
        spec,
        description=description or spec.description,
        keywords=tuple(keyword or spec.keywords),
        examples=tuple(example or spec.examples),
        threshold=spec.threshold if threshold is None else threshold,
    )


def _tried(app: App, spec: TopicSpec, begin: Any, advance: Advance) -> dict[str, Any]:
    """Matches in entries seen since then; those without a vector get one from the model."""
    from monitor.interests import text_of
    from monitor.types import encoder_of

    topics, fitted = app.interests.try_out(spec)
    base = encoder_of(app.encoder.model_id)
    total, done, matches = app.archive.entries.count(since=begin), 0, []
    for page in app.archive.entries.each(since=begin, batch=BATCH):
        bare = [entry for entry, read in page if read is None or not read.vector or encoder_of(read.model_id) != base]
        fresh = app.encoder.classify([(entry.title, entry.summary) for entry in bare]) if fitted.head else []
        anew = {entry.id: found for entry, found in zip(bare, fresh, strict=False)}
        for entry, read in page:
            taken = topics.matched(text_of(entry, anew.get(entry.id, read)))
            if taken:
                shown = ("title", "url", "publisher", "publisher_name", "published_at", "story_id")
                tags = list(read.tags) if read else []
                row = {"entry_id": entry.id, "score": taken[spec.name], "tags": tags}
                matches.append(row | {name: getattr(entry, name) for name in shown})
        done += len(page)
        advance(done, total)
    return {
        "topic": spec.name,
        "since": begin,
        "entries": done,
        "threshold": topics.topics[0].threshold,
        "figures": dict(fitted.figures),
        "matches": matches,
    }
