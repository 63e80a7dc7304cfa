"""`train` and `reclassify`: the tags learn from a person's own labels, and the archive is read again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.filters import moment
from monitor.cli.output import Column, emit, form_of, note, print_json, say
from monitor.cli.progress import progress
from monitor.cli.session import Session, nobody_runs, session_of
from monitor.cli.words import listed, several
from monitor.errors import NothingFound

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.classify.heads import Trained
    from monitor.reclassify import ReclassifyReport

CHANGES = (
    Column(head="Entry", field="entry_id", right=True),
    Column(head="Title", field="title", wrap=True),
    Column(head="Before", field="before", show=listed, rank=1),
    Column(head="Now", field="after", show=listed),
    Column(head="Status", field="status", rank=2),
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def train(
    ctx: typer.Context,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to what was in use before the last training.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how good it would be; keep nothing.")] = False,
    json: Json = False,
) -> None:
    """Train the tags on your own labels.

    The model's last layer learns in seconds. What it learned is kept, in the archive, only if it is better on labels
    that were held out: each label once. The exit code is 1 when it is not better.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    if undo:
        _undo(session)
        return
    labels = session.archive.teaching.labels()
    from monitor.classify.heads import FEWEST, key_of

    if len(labels) < FEWEST:
        raise NothingFound(f"{several(len(labels), 'label')} are too few to learn from: `monitor label` until {FEWEST}")
    key = key_of([(each.entry_id, each.tags) for each in labels])
    trained, base = session.run(lambda app: _trained(app, session))
    kept = trained.better and not dry_run
    if kept:
        session.archive.teaching.use(
            "tags", "tags", key=key, base=base, body=trained.head.body(), figures=trained.figures, now=session.now()
        )
    if form == "json":
        print_json({**trained.figures, "better": trained.better, "kept": kept})
    else:
        _say_figures(trained.figures)
        say(_verdict(trained, dry_run=dry_run))
    if not trained.better:
        raise typer.Exit(1)


async def _trained(app: App, session: Session) -> tuple[Trained, str]:
    from monitor.classify.heads import shipped_head, train_head
    from monitor.classify.weights import SETTINGS, SHIPPED, read_checked, read_manifest, read_settings
    from monitor.rooms import model_folder

    folder = model_folder(app.settings) or SHIPPED
    settings = read_settings(folder, read_checked(folder, SETTINGS, read_manifest(folder)))
    labels = session.archive.teaching.labels()
    with progress("read") as advance:
        features = app.encoder.features([(each.title, each.summary) for each in labels])
        advance(len(labels), len(labels))
    start = shipped_head(folder, settings)
    titles, tags = [each.title for each in labels], [each.tags for each in labels]
    return train_head(features, titles, tags, start, settings.thresholds), settings.model_id


def _say_figures(figures: Mapping[str, Any]) -> None:
    say(f"{several(int(figures['labels']), 'label')}, each held out once")
    say(f"micro F1   {figures['f1_before']:.3f} as shipped, {figures['f1_after']:.3f} trained")
    say(f"log loss   {figures['loss_before']:.4f} as shipped, {figures['loss_after']:.4f} trained")


def _verdict(trained: Trained, *, dry_run: bool) -> str:
    if not trained.better:
        return "not better: nothing is changed. More labels, or labels of another kind, may help"
    if dry_run:
        return "better: `monitor train` keeps it"
    return (
        "better: in use from now on. `monitor reclassify` reads the archive with it, `monitor train --undo` goes back"
    )


def _undo(session: Session) -> None:
    done = session.archive.teaching.undo("tags", "tags")
    if done is None:
        raise NothingFound("nothing to undo: the tags are as shipped")
    gone, before = done
    now = f"that of {before.at:%Y-%m-%d %H:%M} UTC is in use" if before else "the tags are as shipped"
    say(
        f"what was learned on {gone.at:%Y-%m-%d %H:%M} UTC is gone; {now}. `monitor reclassify` reads the archive again"
    )


def reclassify(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Entries seen since then; default: the whole archive.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Show at most so many changed entries.")] = 20,
    json: Json = False,
) -> None:
    """Read the archive again with the present model and say what changed.

    Tags, status, facts and topics are stored anew. Nothing is announced by it: what has its first tag only now is found
    in the archive, and in no digest. Entries that wait for their first reading are left to the daemon, which must not
    be running meanwhile.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    begin = moment(since, session.now(), "--since")
    with nullcontext() if dry_run else nobody_runs(session):
        report = session.run(lambda app: _reclassified(app, begin, apply=not dry_run))
    if form == "json":
        print_json(_as_document(report, limit))
        return
    emit([_row(change) for change in report.changes[:limit]], CHANGES)
    if len(report.changes) > limit > 0:
        note(f"the first {limit} of {len(report.changes)}; --limit shows more")
    _summary(report)


async def _reclassified(app: App, begin: datetime | None, *, apply: bool) -> ReclassifyReport:
    app.bookkeeper.refresh()
    with progress("reclassify") as advance:
        return app.reclassifier.run(since=begin, apply=apply, on_progress=advance)


def _row(change: Any) -> dict[str, Any]:
    return {name: getattr(change, name) for name in ("entry_id", "title", "before", "after", "status")}


def _as_document(report: ReclassifyReport, limit: int) -> dict[str, Any]:
    return {
        "entries": report.entries,
        "pending": report.pending,
        "other_model": report.other_model,
        "added": dict(report.added),
        "removed": dict(report.removed),
        "changed": len(report.changes),
        "changes": [_row(change) for change in report.changes[:limit]],
        "new_stories": report.new_stories,
        "applied": report.applied,
    }


def _summary(report: ReclassifyReport) -> None:
    would = "" if report.applied else "would be "
    say(f"{several(report.entries, 'entry')} read, {report.other_model} of them by another model before")
    for words, counts in (("given", report.added), ("taken away", report.removed)):
        if counts:
            told = ", ".join(f"{tag} {count}" for tag, count in counts.most_common())
            say(f"{would}{words}: {told}")
    if not report.changes:
        say("no tag and no status changed")
    if report.new_stories:
        say(f"{report.new_stories} new stories, none of them announced; `monitor stories rebuild` matches anew")
    if report.pending:
        note(f"{several(report.pending, 'entry')} wait for their first reading")
