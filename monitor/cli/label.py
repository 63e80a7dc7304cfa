"""`label`: a quick loop in the terminal over entries that the model is unsure of, and some others."""

from __future__ import annotations

import json as codec
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.filters import moment
from monitor.cli.output import console, note, say
from monitor.cli.session import Session, session_of
from monitor.cli.words import several
from monitor.errors import CannotCreate, NotFound, NothingFound, UsageError

if TYPE_CHECKING:
    from monitor.archive import Archive
    from monitor.types import Classification, Entry

#: entries that questions are chosen from
CHOICE = 5000


def label(
    ctx: typer.Context,
    entry: Annotated[
        list[int] | None, typer.Argument(metavar="ENTRY", help="Entries to label with --tag or --none, unasked.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="The entries have this tag; again for more.")] = None,
    none: Annotated[bool, typer.Option("--none", help="The entries have no tag.")] = False,
    rumoured: Annotated[bool, typer.Option("--rumoured", help="Their event is not confirmed.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Take the entries' labels back.")] = False,
    since: Annotated[str, typer.Option(metavar="WHEN", help="Ask about entries seen since then.")] = "30d",
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all labels as JSON lines, and end.")
    ] = None,
) -> None:
    """Say what entries are about, for training.

    Asks about entries that the model is unsure of, and some others, until you quit. Each answer is stored at once. With
    entries and --tag, --none or --forget nothing is asked.
    """
    session = session_of(ctx)
    if export is not None:
        _export(session.reader, export)
        return
    if entry:
        if (bool(tag) + none + forget) != 1:
            raise UsageError("say what the entries are: --tag TAG, --none or --forget")
        _label_named(session, entry, () if none or forget else tuple(tag or ()), rumoured=rumoured, forget=forget)
        return
    if tag or none or rumoured or forget:
        raise UsageError("--tag, --none, --rumoured and --forget need entries: monitor label 17 --tag funding")
    begin = moment(since, session.now(), "--since")
    stored = _ask(session, session.archive.teaching.unlabelled(since=begin, limit=CHOICE))
    count = len(session.archive.teaching.labels())
    say(f"{several(stored, 'label')} stored, {count} in all; `monitor train` learns from them")


def _label_named(
    session: Session, numbers: Sequence[int], tags: tuple[str, ...], *, rumoured: bool, forget: bool
) -> None:
    from monitor.types import Status, Tag

    known = [each.value for each in Tag]
    if wrong := [each for each in tags if each not in known]:
        raise UsageError(f"--tag {wrong[0]}: there are {', '.join(known)}")
    archive = session.archive
    found = archive.entries.many(numbers)
    if missing := [number for number in numbers if number not in found and not forget]:
        raise NotFound(f"there is no entry {missing[0]}: `monitor show STORY` shows the numbers of entries")
    status = (Status.RUMOURED if rumoured else Status.CONFIRMED) if tags else None
    for number in numbers:
        if forget:
            archive.teaching.unlabel(number)
        else:
            archive.teaching.label(found[number], tags, session.now(), status=status)
    say(f"{several(len(numbers), 'label')} {'taken back' if forget else 'stored'}")


def _ask(session: Session, choice: Sequence[tuple[Entry, Classification]]) -> int:
    """The loop over stdin; how many labels it stored. End of input quits."""
    from monitor.classifiers import thresholds
    from monitor.classify.asking import HELP, in_order, read_answer

    if not choice:
        raise NothingFound(
            "no entry waits for a label: `monitor classify --pending` reads what came, --since looks back"
        )
    seed = int(session.now().timestamp()) // 86400
    questions = in_order(choice, thresholds(session.config.settings), seed)
    past: list[tuple[Entry, Classification]] = []
    again: list[tuple[Entry, Classification]] = []
    stored, shown = 0, False
    while (question := again.pop() if again else next(questions, None)) is not None:
        entry, read = question
        if not shown:
            note(HELP)
            shown = True
        _show(entry, read)
        answer = read_answer(line, read) if (line := _typed()) is not None else None
        if line is None or (answer and answer.kind == "quit"):
            break
        if answer is None:
            note(f"not understood. {HELP}")
            again.append(question)
        elif answer.kind == "back":
            again += [question, past.pop()] if past else [question]
        else:
            past.append(question)
            if answer.kind == "label":
                session.archive.teaching.label(entry, answer.tags, session.now(), status=answer.status)
                stored += 1
    return stored


def _typed() -> str | None:
    """A line of stdin; None at its end."""
    if sys.stdin.isatty():
        sys.stderr.write("> ")
        sys.stderr.flush()
    line = sys.stdin.readline()
    return line if line else None


def _show(entry: Entry, read: Classification) -> None:
    from rich.text import Text

    out = console()
    out.print()
    out.print(Text(entry.title, style="bold"))
    if entry.summary:
        out.print(Text(entry.summary[:400]))
    order = sorted(read.scores.items(), key=lambda pair: -pair[1])[:3]
    status = f", {read.status}" if read.status else ""
    says = f"{', '.join(read.tags) or 'no tag'}{status}"
    scores = " ".join(f"{tag} {score:.2f}" for tag, score in order)
    out.print(Text(f"{entry.publisher_name} · the model says: {says} ({scores})", style="dim"))


def _export(archive: Archive, path: Path) -> None:
    labels = archive.teaching.labels()
    if path.exists():
        raise UsageError(f"{path} is there already: name another file")
    rows = [
        {
            "id": each.entry_id,
            "title": each.title,
            "summary": each.summary,
            "tags": list(each.tags),
            "status": each.status,
        }
        for each in labels
    ]
    try:
        text = "".join(codec.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror or error}; name another file") from error
    say(f"{several(len(rows), 'label')} written to {path}")
