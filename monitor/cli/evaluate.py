"""`evaluate`: the classifier and the matcher against labelled files (one JSON object a line)."""

from __future__ import annotations

import json as codec
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.filters import choice
from monitor.cli.output import Column, emit, form_of, print_json, put, say, table
from monitor.cli.progress import progress
from monitor.cli.session import Session, session_of
from monitor.cli.textfiles import lines_of
from monitor.cli.words import listed, score, several
from monitor.errors import DataError, NothingFound

if TYPE_CHECKING:
    from monitor.types import Classification

BATCH = 256
File = Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines: title, summary, and what should be found.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Row = dict[str, Any]


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


_DRIFT = (
    Column(head="Entries", field="entries", right=True),
    Column(head="Tagged", field="tagged", right=True, show=_percent),
    Column(head="Possible", field="possible", right=True, show=_percent, rank=2),
    Column(head="Confidence", field="confidence", right=True, show=score),
    Column(head="Model", field="models", show=listed, rank=3),
    Column(head="Odd", field="odd", show="; ".join, wrap=True),
)


def tags(ctx: typer.Context, file: File, json: Json = False) -> None:
    """Precision, recall and F1 of the tags on a labelled file.

    Each line needs title, summary and tags; status and unsure (tags that are not scored) where it has them.
    """
    from monitor.classify.evaluate import evaluate_tags

    rows = _rows(file, "tags")
    report = evaluate_tags(rows, _read(session_of(ctx), rows))
    if form_of(json_=json) == "json":
        print_json(report)
        return
    _print(report, "tag")
    say(f"status right: {report['status_accuracy']:.3f}")
    say("calibration error: " + ", ".join(f"{tag} {error:.3f}" for tag, error in report["ece"].items()))


def facts(ctx: typer.Context, file: File, json: Json = False) -> None:
    """Precision, recall and F1 of the facts on a labelled file.

    Each line needs title, summary and facts ({role: [words]}); unsure_facts ([[role, words]]) are not scored.
    """
    from monitor.classify.evaluate import evaluate_facts

    rows = _rows(file, "facts")
    report = evaluate_facts(rows, _read(session_of(ctx), rows))
    if form_of(json_=json) == "json":
        print_json(report)
        return
    _print(report, "role")


def stories(ctx: typer.Context, file: File, json: Json = False) -> None:
    """Pairwise and B-cubed scores of the matching on a labelled file.

    Each line needs id, title, summary, published and story; unsure (ids) are pairs that are not scored.
    """
    from monitor.ledger.companies import CompanyIndex
    from monitor.rooms import new_matcher
    from monitor.stories.evaluate import evaluate_stories

    rows = _rows(file, "story")
    companies = CompanyIndex.load()
    matcher = new_matcher(lambda text: frozenset(name for _, _, name in companies.find(text)))
    report = evaluate_stories(rows, _read(session_of(ctx), rows), matcher)
    if form_of(json_=json) == "json":
        print_json(report)
        return
    lines = [{"name": name, **report[name]} for name in ("pairwise", "bcubed")]
    put(table(lines, [Column(head="", field="name"), *_FIGURES]))
    say(f"{several(report['n'], 'entry')} in {several(report['stories'], 'story')}")


def drift(
    ctx: typer.Context,
    weeks: Annotated[int, typer.Option(min=2, max=520, help="How far back.")] = 8,
    by: Annotated[str, typer.Option(help="week, or feed: the last two weeks against those before.")] = "week",
    json: Json = False,
) -> None:
    """Tag rates and confidence by week or feed, from the archive.

    What differs from before by more than chance is named. Rates alone are news; rates with confidence are a reason to
    look at entries (`monitor label`).
    """
    from monitor.classify.drift import by_feed, by_week

    session = session_of(ctx)
    now = session.now()
    choice(by, ("week", "feed"), "--by")
    readings = session.reader.teaching.readings(now - timedelta(weeks=weeks))
    rows = by_week(readings) if by == "week" else by_feed(readings, now - timedelta(weeks=2))
    if by == "feed":
        names = session.reader.teaching.feed_names()
        rows = [{**row, "name": names.get(row["feed"], row["feed"])} for row in rows]
    emit(rows, (Column(head=by.capitalize(), field=by), *_DRIFT), form_of(json_=json))
    if not rows:
        raise NothingFound(f"no entry was read in the last {weeks} weeks; --weeks looks back further")


def _rows(path: Path, needed: str) -> list[Row]:
    """Raises NotFound, DataError with the line's number."""
    rows = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        try:
            row = codec.loads(line)
        except ValueError:
            raise DataError(f"{path}:{number}: not JSON; one object a line is needed") from None
        if not isinstance(row, dict) or "title" not in row or needed not in row:
            raise DataError(f"{path}:{number}: an object with title and {needed} is needed")
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: holds no line to measure on")
    return rows


def _read(session: Session, rows: Sequence[Row]) -> list[Classification]:
    from monitor.cli.classify import classifier_of

    classifier = classifier_of(session)
    found: list[Classification] = []
    with progress("classify", len(rows)) as advance:
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            found += classifier.classify([(row["title"], row.get("summary") or "") for row in batch])
            advance(len(found), None)
    return found


_FIGURES = tuple(
    Column(head=head, field=field, right=True, show=lambda value: f"{value:.3f}")
    for head, field in (("Precision", "precision"), ("Recall", "recall"), ("F1", "f1"))
)


def _print(report: Mapping[str, Any], what: str) -> None:
    lines = [{"name": name, **figures} for name, figures in report["per"].items()]
    lines.append({"name": "all", **report["micro"]})
    columns = [
        Column(head=what.capitalize(), field="name"),
        *_FIGURES,
        Column(head="In the file", field="support", right=True),
    ]
    put(table(lines, columns))
    say(several(report["n"], "entry"))
