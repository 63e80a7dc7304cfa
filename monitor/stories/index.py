"""The window's entries, searchable by rare words and by vector. Its cost depends on the window, not on the archive."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from monitor.stories.pairs import Weigher
from monitor.stories.sketch import Sketch
from monitor.stories.words import WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: how many texts of news at large count as much as the window's own
PRIOR: Final = 1000.0
#: rare words of an entry that are looked up, and the newest entries that are looked at for each
LOOKED_UP: Final = 14
LISTED: Final = 300
#: weights may lag behind the window by this part of it
STALE: Final = 0.02


class Window:
    """Sketches of the last days by entry id, with an inverted index and a matrix of vectors.

    Not thread-safe: one serial writer owns it.
    """

    def __init__(self, table: WordTable) -> None:
        self.table = table
        self._sketches: dict[int, Sketch] = {}
        #: word -> entries in the order of their coming (a dict keeps it, and lets one go at once)
        self._listed: dict[str, dict[int, None]] = defaultdict(dict)
        self.weight = Weigher(self._measure)
        self._weighed_at = 0
        self._rows: list[int] = []
        self._row_of: dict[int, int] = {}
        self._seen = np.zeros((0, 0), np.float32)

    def __len__(self) -> int:
        return len(self._sketches)

    def __contains__(self, entry_id: int) -> bool:
        return entry_id in self._sketches

    def __getitem__(self, entry_id: int) -> Sketch:
        return self._sketches[entry_id]

    def add(self, one: Sketch) -> None:
        """Takes an entry in; one that is known is replaced."""
        if one.entry_id in self._sketches:
            self.discard(one.entry_id)
        self._sketches[one.entry_id] = one
        for word in one.words:
            self._listed[word][one.entry_id] = None
        self._append(one)

    def discard(self, entry_id: int) -> None:
        """Lets an entry go."""
        gone = self._sketches.pop(entry_id, None)
        if gone is None:
            return
        for word in gone.words:
            listed = self._listed[word]
            del listed[entry_id]
            if not listed:
                del self._listed[word]
        self._remove(entry_id)

    def older_than(self, hour: float) -> list[int]:
        """Entries published before that hour of the epoch."""
        return [entry_id for entry_id, one in self._sketches.items() if one.hour < hour]

    def _measure(self, word: str) -> float:
        """How much a word tells: the logarithm of how rarely it stands in the news and in the window, together."""
        listed = self._listed.get(word)
        expected = PRIOR * self.table.share(word) + (len(listed) if listed else 0)
        return max(0.0, math.log((PRIOR + len(self._sketches)) / (expected + 0.5)))

    def refresh(self) -> None:
        """Weights are taken anew once the window has changed enough to matter."""
        size = len(self._sketches)
        if abs(size - self._weighed_at) > STALE * size:
            self.weight.clear()
            self._weighed_at = size

    def by_words(self, one: Sketch, limit: int) -> list[int]:
        """Entries that share its rarest words, most in common first."""
        ranked = sorted(((self.weight[word], word) for word in one.words if word in self._listed), reverse=True)
        found: dict[int, float] = defaultdict(float)
        for value, word in ranked[:LOOKED_UP]:
            listed = self._listed[word]
            newest = list(listed)[-LISTED:] if len(listed) <= 4 * LISTED else _last(listed, LISTED)
            for entry_id in newest:
                found[entry_id] += value
        found.pop(one.entry_id, None)
        return sorted(found, key=lambda entry_id: (-found[entry_id], entry_id))[:limit]

    def by_vector(self, one: Sketch, limit: int) -> list[int]:
        """Entries with the nearest vectors."""
        if not self._rows:
            return []
        # not by BLAS: its threads wait for each other on a busy machine, and the product is small
        cosines = np.einsum("ij,j->i", self._seen[: len(self._rows)], one.seen)
        take = min(limit + 1, len(cosines))
        best = np.argpartition(-cosines, take - 1)[:take]
        return [self._rows[row] for row in best if self._rows[row] != one.entry_id][:limit]

    def cosines(self, one: Sketch, others: Sequence[int]) -> NDArray[np.float32]:
        """Cosine of an entry's vector with others'."""
        rows = [self._row_of[entry_id] for entry_id in others]
        found: NDArray[np.float32] = np.einsum("ij,j->i", self._seen[rows], one.seen)
        return found

    def _append(self, one: Sketch) -> None:
        row = len(self._rows)
        if not row:
            self._seen = np.zeros((256, len(one.seen)), np.float32)
        elif row == len(self._seen):
            self._seen = np.concatenate([self._seen, np.zeros_like(self._seen)])
        self._seen[row] = one.seen
        self._rows.append(one.entry_id)
        self._row_of[one.entry_id] = row

    def _remove(self, entry_id: int) -> None:
        """The last row takes the place of the one that goes."""
        row, last = self._row_of.pop(entry_id), len(self._rows) - 1
        mover = self._rows.pop()
        if row != last:
            self._seen[row] = self._seen[last]
            self._rows[row], self._row_of[mover] = mover, row


def _last(listed: dict[int, None], count: int) -> list[int]:
    """The newest keys of a long dict, without a copy of it all."""
    newest = []
    for entry_id in reversed(listed):
        newest.append(entry_id)
        if len(newest) == count:
            break
    return newest
