"""A story as the matcher holds it: its entries of the window, and what they say together. Join features are here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from monitor.stories.pairs import MISSING, Weigher
from monitor.stories.sketch import Sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

JOIN_FEATURES: Final = (
    "best", "mean", "best_three", "best_half", "least", "share_likely", "size", "mean_logit", "second_story",
    "centre", "core_words", "title_words", "core_names", "word_cosine", "since_first", "since_last", "same_publisher",
)  # fmt: skip
#: a chance is kept away from 0 and 1 by this before its logit is taken
SOFT: Final = 0.003


class Group:
    """Entries of one story. Not thread-safe."""

    __slots__ = ("_total", "key", "members", "names", "publishers", "words")

    def __init__(self, key: int) -> None:
        self.key = key
        self.members: dict[int, Sketch] = {}
        self.words: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.publishers: Counter[str] = Counter()
        self._total: NDArray[np.float32] | None = None

    def add(self, one: Sketch) -> None:
        """One more entry."""
        self.members[one.entry_id] = one
        self.words.update(one.words)
        self.names.update(one.title_names)
        self.publishers[one.publisher] += 1
        self._total = one.seen.copy() if self._total is None else self._total + one.seen

    def discard(self, entry_id: int) -> None:
        """One entry less."""
        gone = self.members.pop(entry_id)
        self.words -= Counter(gone.words)
        self.names -= Counter(gone.title_names)
        self.publishers -= Counter([gone.publisher])
        assert self._total is not None
        self._total = self._total - gone.seen

    @property
    def first(self) -> float:
        """Hour of the earliest entry in the window."""
        return min(one.hour for one in self.members.values())

    @property
    def last(self) -> float:
        """Hour of the latest entry."""
        return max(one.hour for one in self.members.values())

    def centre_cosine(self, one: Sketch) -> float:
        """Cosine of an entry's vector with the mean of the story's."""
        assert self._total is not None
        length = float(np.linalg.norm(self._total))
        return float(self._total @ one.seen) / length if length > 0 else 0.0


def join_features(one: Sketch, group: Group, chances: Sequence[float], second: float, weight: Weigher) -> list[float]:
    """The numbers of JOIN_FEATURES.

    chances: of pairs with members looked at; second: best chance with another story.
    """
    ranked = sorted(chances, reverse=True)
    looked, half = len(ranked), (len(ranked) + 1) // 2
    size = len(group.members)
    core = [word for word, count in group.words.items() if 2 * count >= size]
    names = [word for word, count in group.names.items() if 2 * count >= size]
    return [
        ranked[0],
        sum(ranked) / looked,
        sum(ranked[:3]) / min(3, looked),
        sum(ranked[:half]) / half,
        ranked[-1],
        sum(chance > 0.5 for chance in ranked) / looked,
        float(size),
        sum(math.log((chance + SOFT) / (1 - chance + SOFT)) for chance in ranked) / looked,
        second,
        MISSING if one.blurred else group.centre_cosine(one),
        _covered(core, one.words, weight),
        _covered(one.title_words, group.words, weight),
        _covered(names, one.words, weight),
        _word_cosine(one, group, weight),
        one.hour - group.first,
        one.hour - group.last,
        float(group.publishers[one.publisher] > 0),
    ]


def _covered(wanted: Sequence[str] | frozenset[str], found: frozenset[str] | Counter[str], weight: Weigher) -> float:
    """The part, by weight, of what is wanted that is found."""
    whole = sum(map(weight.__getitem__, wanted))
    return sum(weight[word] for word in wanted if word in found) / whole if whole > 0 else 0.0


def _word_cosine(one: Sketch, group: Group, weight: Weigher) -> float:
    size = len(group.members)
    own = sum(weight[word] ** 2 for word in one.words)
    theirs = sum((count / size * weight[word]) ** 2 for word, count in group.words.items())
    both = sum(group.words[word] / size * weight[word] ** 2 for word in one.words if word in group.words)
    return both / math.sqrt(own * theirs) if own * theirs > 0 else 0.0
