"""A batch with something in it that cannot be stomached: its halves, down to the guilty entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.errors import ModelError, MonitorError
from monitor.protocols import Classifier
from monitor.types import Entry
from monitor.understand.parts import Member

#: the guilty and what they did
Failed = list[tuple[Entry, Exception]]


class Sieve:
    """Reads and stores batches; what one entry does to either stops no other.

    Reading and storing are halved each by itself: where a story's part fails, nothing is read a second time.
    """

    def __init__(self, classifier: Classifier, store: Callable[[Sequence[Member]], None]) -> None:
        """store: keeps what was read, all or nothing."""
        self._classifier = classifier
        self._store = store

    def sift(self, batch: Sequence[Entry]) -> Failed:
        """Those that could not be understood; all others are stored.

        What is no entry's fault is raised: MonitorError (the archive, the model), MemoryError, OSError.
        """
        failed: Failed = []
        entries = sorted(batch, key=lambda entry: (entry.published_at, entry.id))
        members = self._read(entries, failed)
        if members:
            self._keep(members, failed)
        return failed

    def _read(self, entries: Sequence[Entry], failed: Failed) -> list[Member]:
        try:
            read = self._classifier.classify([(entry.title, entry.summary) for entry in entries])
            return list(zip(entries, read, strict=True))
        except ModelError as error:
            if not self._model_works():
                raise
            trouble: Exception = error
        except (MonitorError, MemoryError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  whatever one entry does, the others go on
            trouble = error
        if len(entries) == 1:
            failed.append((entries[0], trouble))
            return []
        half = len(entries) // 2
        return [*self._read(entries[:half], failed), *self._read(entries[half:], failed)]

    def _keep(self, members: Sequence[Member], failed: Failed) -> None:
        try:
            self._store(members)
        except (MonitorError, MemoryError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  likewise
            if len(members) == 1:
                failed.append((members[0][0], error))
                return
            half = len(members) // 2
            self._keep(members[:half], failed)
            self._keep(members[half:], failed)

    def _model_works(self) -> bool:
        """Whether it reads the plainest text: then it was the text's fault."""
        try:
            self._classifier.classify([("News", "")])
        except Exception:  # noqa: BLE001  whatever it is, nothing can be read
            return False
        return True


def words_of(error: Exception) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())[:500]


__all__ = ["Failed", "Sieve", "words_of"]
