"""`classify`: tags and facts of texts, or of the entries that wait."""

from __future__ import annotations

import json as codec
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import console, form_of, print_json_lines, say
from monitor.cli.progress import progress
from monitor.cli.session import Session, session_of
from monitor.cli.textfiles import lines_of, refuse_path
from monitor.errors import ArchiveError, DataError, UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.classify.taught import OwnHead
    from monitor.protocols import Classifier
    from monitor.types import Classification

#: texts that are read before the first answer of a file comes
BATCH = 64

Texts = Iterator[tuple[str, str]]


def classify(
    ctx: typer.Context,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT", help="A title in quotes, each one a text; what follows a line break is its summary."
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A text a line: plain, or JSON with title and summary; `-` is stdin."),
    ] = None,
    pending: Annotated[bool, typer.Option("--pending", help="Classify the archive's entries that wait.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one document a line.")] = False,
) -> None:
    """Tags and facts of a text.

    Words without quotes are taken as one text; a single word that names a file is refused, since --file reads those.
    With --pending the archive's entries that wait are classified, matched to stories and their facts stored; so are
    those that could not be understood before and were set aside.
    """
    session = session_of(ctx)
    refuse_path(text or ())
    if sum((bool(text), file is not None, pending)) != 1:
        raise UsageError("give one of TEXT, --file FILE or --pending")
    form = form_of(json_=json)
    if pending:
        session.run(_pending)
        return
    texts = _of_file(file) if file is not None else _of_words(text or ())
    answers = _answers(classifier_of(session), texts)
    if form == "json":
        print_json_lines(_row(title, summary, read) for (title, summary), read in answers)
        return
    for (title, _), read in answers:
        _show(title, read)


async def _pending(app: App) -> None:
    with progress("classify") as advance:
        words = await app.understand_all(advance, everything=True)
    say(words or "no entry waits")


def classifier_of(session: Session) -> Classifier:
    """The model that settings.classify names, with the head that the archive, if there is one, has in use."""
    from monitor.classifiers import head_in, taught, with_foreign

    def own() -> OwnHead | None:
        try:
            return head_in(session.reader)
        except ArchiveError:
            return None

    return with_foreign(session.config, taught(session.config.settings, own))


def _of_words(words: Sequence[str]) -> Texts:
    if not any(" " in word for word in words):
        words = (" ".join(words),)
    for word in words:
        title, _, summary = word.strip().partition("\n")
        yield title.strip(), summary.strip()


def _of_file(path: Path) -> Texts:
    """Raises NotFound, DataError with the line's number."""
    for number, line in enumerate(lines_of(path), 1):
        text = line.strip()
        if not text:
            continue
        if not text.startswith("{"):
            yield text, ""
            continue
        try:
            row = codec.loads(text)
            yield str(row["title"]), str(row.get("summary") or "")
        except (ValueError, KeyError) as error:
            raise DataError(f"{path}:{number}: not a JSON object with a title ({error})") from None


def _answers(classifier: Classifier, texts: Texts) -> Iterator[tuple[tuple[str, str], Classification]]:
    while batch := list(islice(texts, BATCH)):
        yield from zip(batch, classifier.classify(batch), strict=True)


def _row(title: str, summary: str, read: Classification) -> dict[str, Any]:
    return {
        "title": title,
        "summary": summary,
        "tags": list(read.tags),
        "possible": list(read.possible),
        "scores": dict(read.scores),
        "status": read.status,
        "rumoured": read.status_score,
        "facts": [
            {
                "role": s.role,
                "text": s.text,
                "field": s.field,
                "start": s.start,
                "end": s.end,
                "score": round(s.score, 4),
            }
            for s in read.spans
        ],
        "model_id": read.model_id,
    }


def _show(title: str, read: Classification) -> None:
    from rich.text import Text

    out = console()
    out.print(Text(title, style="bold"))
    order = sorted(read.scores.items(), key=lambda pair: -pair[1])
    shown = [f"{tag} {score:.2f}" for tag, score in order if tag in read.tags]
    status = f" · {read.status}" if read.status else ""
    out.print(f"  {', '.join(shown) or 'no tag'}{status}")
    near = [f"{tag} {score:.2f}" for tag, score in order if tag not in read.tags][:2]
    if near:
        out.print(Text(f"  next: {', '.join(near)}", style="dim"))
    for span in read.spans:
        out.print(Text(f"  {span.role:<10} {span.text}"))
