"""A batch that ends the program, or the run, each time it is read: after a few tries its entries go one by one.

Before a batch is read, it is noted in the archive where it begins. A note that is met again at the same entry means
that nothing came of it: the program was killed (an entry that a library dies of, or that fills the memory) or the run
ended with an error that is no entry's own. Then the entries are read one by one, and the one at which it happens again
is set aside. What was read to its end is noted as done, whatever came of it: an entry that only fails, each time it is
tried, ends nothing. Another version or model begins anew. A batch costs two writes of one line in a small table.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, Protocol

from monitor.errors import ArchiveError
from monitor.types import Entry

#: the archive's note of the batch that is being read
NOTE: Final = "understanding"
#: tries of a batch as a whole, and of one entry alone
WHOLE: Final = 2
ALONE: Final = 2


class Notes(Protocol):
    """Small notes that outlive the program: `archive.keep`."""

    def get(self, key: str) -> str | None: ...
    def put(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The batch from entry `first` to entry `last`, begun for the `tries`-th time; `alone`: only its first entry.

    tries 0: it was read to its end. reader: the version and model that read it.
    """

    first: int
    revision: int
    last: int
    tries: int = 1
    alone: bool = False
    reader: str = ""

    @property
    def hopeless(self) -> bool:
        """Its entry has been read alone often enough."""
        return self.alone and self.tries > ALONE

    def part(self, batch: Sequence[Entry]) -> Sequence[Entry]:
        """What is read of it at once."""
        return batch[:1] if self.alone else batch


def next_attempt(before: Attempt | None, batch: Sequence[Entry], reader: str = "") -> Attempt:
    """How to read a batch (in order of arrival) after what became of the last one. Pure."""
    head, last = batch[0], batch[-1].id
    fresh = Attempt(first=head.id, revision=head.revision, last=last, reader=reader)
    if before is None or before.reader != reader:
        return fresh
    same = (before.first, before.revision) == (head.id, head.revision)
    if before.alone and before.first <= head.id <= before.last:
        return replace(fresh, last=before.last, tries=before.tries + 1 if same else 1, alone=True)
    if not same:
        return fresh
    if before.tries < WHOLE:
        return replace(fresh, tries=before.tries + 1)
    return replace(fresh, last=max(last, before.last), alone=True)


class Caution:
    """Keeps the note."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._before: str = ""

    def begin(self, batch: Sequence[Entry], reader: str) -> Attempt:
        """A batch is about to be read by that version and model. Raises ArchiveError."""
        self._before = self._notes.get(NOTE) or ""
        attempt = next_attempt(_attempt(self._before), batch, reader)
        self._notes.put(NOTE, _words(attempt))
        return attempt

    def done(self, attempt: Attempt) -> None:
        """It was read to its end, or its entry was set aside: met again, it is a first try."""
        with contextlib.suppress(ArchiveError):
            self._notes.put(NOTE, _words(replace(attempt, tries=0)))

    def forgive(self) -> None:
        """The last batch was not read, and that was nobody's fault in it: it does not count."""
        with contextlib.suppress(ArchiveError):
            self._notes.put(NOTE, self._before)


class Memory(dict[str, str]):
    """Notes that are gone with the program."""

    def put(self, key: str, value: str) -> None:
        self[key] = value


def _words(attempt: Attempt) -> str:
    return json.dumps(asdict(attempt))


def _attempt(note: str) -> Attempt | None:
    try:
        return Attempt(**json.loads(note)) if note else None
    except (ValueError, TypeError):
        return None


__all__ = ["ALONE", "NOTE", "WHOLE", "Attempt", "Caution", "Memory", "Notes", "next_attempt"]
