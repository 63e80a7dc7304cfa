"""A topic's head, fitted in seconds against the archive.

A description has few words, and the encoder's vectors were made to tell events apart and not subjects: neither alone
says well what a topic is (docs/classifier.md has the figures). So the archive helps. The entries that are nearest to
the description by words and by vector together, with a person's examples and the entries that have a keyword, stand
for the topic; many others, chosen at random, stand against it; and a logistic head over words and vector learns the
difference. It then knows words that the description does not have.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.logistic import logistic
from monitor.classify.topics import THRESHOLD, Keywords, TopicHead, TopicText, WordsOf, count_words, floats
from monitor.types import TopicSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: (title, summary) pairs to packed vectors
VectorsOf = Callable[[Sequence[tuple[str, str]]], Sequence[bytes]]

#: with fewer entries to measure against, only keywords count
FEWEST: Final = 200
#: entries that stand for the topic: a share of the archive's, within these ends
NEAREST_SHARE: Final = 0.0025
NEAREST: Final = (12, 15)
AGAINST: Final = 2000
KEYWORD_HITS: Final = 60
VOCABULARY: Final = 800
#: an example counts as so many entries that only lie near the description
EXAMPLE: Final = 6.0
#: what likeness to the examples adds to nearness to the description
LIKENESS: Final = 0.7
#: what likeness to the description's vector adds to words in common with it
ABOUT: Final = 2.0
#: no topic takes a larger share of the archive by its head
LARGEST_SHARE: Final = 0.05
#: weight of words and of the vector beside the prior, which is 1
SCALE: Final = 3.0
MASS: Final = 500.0


class Background:
    """Entries of the archive: their words, how common each is, their vectors."""

    def __init__(self, texts: Sequence[TopicText], words_of: WordsOf) -> None:
        self.texts = tuple(text for text in texts if text.vector)
        self.words_of = words_of
        self.counts = [count_words(text, words_of) for text in self.texts]
        self.stands_in: Counter[str] = Counter(word for counts in self.counts for word in counts)
        self._length = sum(sum(counts.values()) for counts in self.counts) / max(1, len(self.counts))

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def vectors(self) -> Floats:
        """(entry, number)"""
        return rows_of([text.vector for text in self.texts])

    def rarity(self, word: str) -> float:
        """The logarithm of how rarely a word stands in an entry."""
        seen = self.stands_in[word]
        return math.log(1 + (len(self) - seen + 0.5) / (seen + 0.5))

    @cached_property
    def usual(self) -> float:
        """The root mean square of the rarities of an entry's words."""
        squares = [self.rarity(word) ** 2 for counts in self.counts for word in counts]
        return math.sqrt(sum(squares) / max(1, len(squares)))

    def overlap(self, query: Mapping[str, float]) -> Floats:
        """Each entry's weighted words in common with a query (BM25)."""
        import numpy as np

        weights = {word: weight * self.rarity(word) for word, weight in query.items() if self.stands_in[word]}
        found = np.zeros(len(self), dtype=np.float32)
        for number, counts in enumerate(self.counts):
            room = 1.2 * (0.25 + 0.75 * sum(counts.values()) / self._length)
            found[number] = sum(
                weight * counts[word] * 2.2 / (counts[word] + room)
                for word, weight in weights.items()
                if word in counts
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A topic's head (None: nothing to fit it on), and the numbers of its making."""

    head: TopicHead | None
    figures: Mapping[str, Any]


def rows_of(vectors: Sequence[bytes]) -> Floats:
    """Packed vectors as rows."""
    import numpy as np

    return np.array([floats(vector) for vector in vectors], dtype=np.float32)


def fit_topic(spec: TopicSpec, background: Background, vectors_of: VectorsOf) -> Fitted:
    """The topic's head. A topic of nothing but keywords needs none; a small archive gives none."""
    import numpy as np

    if not (spec.description or spec.examples):
        return Fitted(head=None, figures={"why": "keywords decide alone"})
    if len(background) < FEWEST:
        why = f"{len(background)} entries are too few to measure a description against; keywords decide alone"
        return Fitted(head=None, figures={"why": why})
    told = [spec.description] * bool(spec.description) + list(spec.examples)
    vectors = rows_of(vectors_of([(text, "") for text in told]))
    own = vectors[1:] if spec.description else vectors
    seed = _seed(spec, background, vectors[:1] if spec.description else None, own)
    if seed is None:
        return Fitted(head=None, figures={"why": "nothing in the archive is near it yet; keywords decide alone"})
    sides = _sides(spec, background, seed)
    counts = [count_words(TopicText(title=text, summary=""), background.words_of) for text in spec.examples]
    vocabulary = _vocabulary(background, [*sides.near, *sides.hits], counts)
    table = np.vstack(
        [
            np.hstack([_table(background, [background.counts[n] for n in sides.all], vocabulary), sides.vectors]),
            np.hstack([_table(background, counts, vocabulary), own]),
        ]
    )
    weights = logistic(np.asarray(SCALE * table, dtype=np.float32), *_wanted(sides, len(own))) * np.float32(SCALE)
    weights[-1] /= SCALE
    figures = {"entries": len(background), "nearest": len(sides.near), "keyword_hits": len(sides.hits)}
    return _calibrated(_head(background, vocabulary, weights), background, figures)


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Entries (by number) that stand for the topic, by nearness or by a keyword, and against it."""

    near: list[int]
    hits: list[int]
    against: list[int]
    #: of all three, in this order
    vectors: Floats

    @property
    def all(self) -> list[int]:
        return [*self.near, *self.hits, *self.against]


def _sides(spec: TopicSpec, background: Background, seed: Floats) -> _Sides:
    import numpy as np

    lowest, highest = NEAREST
    nearest = max(lowest, min(highest, round(NEAREST_SHARE * len(background))))
    order = [int(number) for number in np.argsort(-seed, kind="stable")]
    near = order[:nearest]
    keywords = Keywords(words=spec.keywords)
    found = [n for n, text in enumerate(background.texts) if keywords.score(text.title, "")]
    nearby, named = set(near), set(found)
    hits = [n for n in found if n not in nearby][:KEYWORD_HITS]
    far = [n for n in order[6 * nearest :] if n not in named]
    against = [far[n] for n in np.random.default_rng(0).permutation(len(far))[:AGAINST]]
    return _Sides(near, hits, against, background.vectors[[*near, *hits, *against]])


def _wanted(sides: _Sides, examples: int) -> tuple[Floats, Floats]:
    """What each row should be, and what it counts: both sides weigh the same, an example more than what is near."""
    import numpy as np

    told = len(sides.near) + len(sides.hits)
    share = EXAMPLE * examples / (EXAMPLE * examples + told)
    right = [1.0] * told + [0.0] * len(sides.against) + [1.0] * examples
    worth = (
        [MASS * (1 - share) / told] * told
        + [MASS / max(1, len(sides.against))] * len(sides.against)
        + [MASS * share / max(1, examples)] * examples
    )
    return np.array(right, dtype=np.float32), np.array(worth, dtype=np.float32)


def _seed(spec: TopicSpec, background: Background, about: Floats | None, own: Floats) -> Floats | None:
    """How near each entry is to what was told, before anything is learned; None: no word of it stands anywhere."""
    import numpy as np

    query = dict.fromkeys(background.words_of(spec.description), 1.0)
    for example in () if spec.description else spec.examples:
        query.update({word: query.get(word, 0.0) + 0.5 for word in set(background.words_of(example))})
    overlap = background.overlap(query)
    if not overlap.any():
        return None
    seed = _standard(overlap)
    if about is not None:
        seed = seed + ABOUT * _standard(background.vectors @ about[0])
    if len(own):
        likeness = background.vectors @ own.T
        seed = seed + LIKENESS * (_standard(likeness.max(axis=1)) + _standard(likeness.mean(axis=1)))
    return np.asarray(seed, dtype=np.float32)


def _standard(values: Floats) -> Floats:
    spread = float(values.std())
    standard: Floats = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return standard


def _vocabulary(background: Background, chosen: Sequence[int], examples: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Words of at least two of the entries that stand for the topic, or of an example; not those seen once or twice."""
    seen: Counter[str] = Counter(word for number in chosen for word in background.counts[number])
    for counts in examples:
        seen.update(dict.fromkeys(counts, 2))
    words = [word for word, times in seen.most_common() if times >= 2 and background.stands_in[word] >= 3]
    return {word: number for number, word in enumerate(words[:VOCABULARY])}


def _table(background: Background, counted: Sequence[Mapping[str, int]], vocabulary: Mapping[str, int]) -> Floats:
    """(text, word): how much a text says each word, as `TopicHead.score` reads it."""
    import numpy as np

    table = np.zeros((len(counted), len(vocabulary)), dtype=np.float32)
    for row, counts in enumerate(counted):
        room = background.usual * math.sqrt(max(1, len(counts)))
        for word, times in counts.items():
            column = vocabulary.get(word)
            if column is not None:
                table[row, column] = background.rarity(word) * (1 + math.log(times)) / room
    return table


def _head(background: Background, vocabulary: Mapping[str, int], weights: Floats) -> TopicHead:
    """The head in the measure of `TopicHead.score`: each word's rarity goes into its weight."""
    usual = background.usual
    words = {
        word: float(weights[column]) * background.rarity(word) / usual
        for word, column in vocabulary.items()
        if abs(float(weights[column])) > 1e-3
    }
    numbers = tuple(float(value) for value in weights[len(vocabulary) : -1])
    return TopicHead(words=words, vector=numbers, bias=float(weights[-1]), threshold=THRESHOLD)


def _calibrated(head: TopicHead, background: Background, figures: Mapping[str, Any]) -> Fitted:
    """The threshold raised where too much of the archive would be taken."""
    vectors = background.vectors.tolist()
    scores = sorted(
        (head.score(counts, vector) for counts, vector in zip(background.counts, vectors, strict=True)), reverse=True
    )
    threshold = max(THRESHOLD, math.ceil(scores[int(LARGEST_SHARE * len(scores))] * 1e4) / 1e4)
    taken = sum(score >= threshold for score in scores) / len(scores)
    return Fitted(head=replace(head, threshold=threshold), figures={**figures, "share": round(taken, 4)})
