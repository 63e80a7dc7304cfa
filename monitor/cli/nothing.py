"""What a question that nothing answers says: why that may be, where the archive knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from monitor.cli.output import Form, note
from monitor.cli.words import several

if TYPE_CHECKING:
    from monitor.cli.session import Session

NOTHING_YET = "nothing has been collected yet: start `monitor run`, or `monitor poll` for one round"


def nothing_matched(session: Session, form: Form, words: str = "nothing matched") -> NoReturn:
    """Ends the command with 1. An archive without entries, or with entries that nobody has read yet, is told of."""
    if session.reader.is_empty():
        note(NOTHING_YET)
    elif form == "table":
        waiting = session.reader.entries.pending_count()
        more = f"; {several(waiting, 'entry')} wait to be read: `monitor classify --pending`" if waiting else ""
        note(f"{words}{more}")
    raise typer.Exit(1)
