"""Topics of a person's own: what an entry's words and vector say about them.

A topic that was fitted is a small linear head (`topicfit.py`) over an entry's words and the vector that the encoder
gave it, so that scoring costs microseconds. Keywords are a person's own rule and need no head: who names a word
means it. Standard library only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from struct import unpack
from typing import Any, Final

from monitor.types import TopicSpec

#: a text to its words, stemmed, without those that say nothing
WordsOf = Callable[[str], Iterable[str]]

#: score from which an entry without a keyword has a topic, unless the topic says its own or the archive asks for more
THRESHOLD: Final = 0.5
#: an entry with a keyword in its title, in its summary
IN_TITLE: Final = 1.0
IN_SUMMARY: Final = 0.95
SUREST: Final = 0.9999
SUMMARY_CHARACTERS: Final = 600
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicText:
    """What a topic reads of an entry. vector: unit, little-endian float16, or empty."""

    title: str
    summary: str
    vector: bytes = b""


def count_words(text: TopicText, words_of: WordsOf) -> Counter[str]:
    """The words of an entry; those of the title count twice."""
    found = Counter(words_of(text.title))
    found.update(dict(found))
    found.update(words_of(text.summary[:SUMMARY_CHARACTERS]))
    return found


def floats(vector: bytes) -> tuple[float, ...]:
    """The numbers of a packed vector."""
    return unpack(f"<{len(vector) // 2}e", vector)


@dataclass(frozen=True, kw_only=True)
class Keywords:
    """Words and phrases, found at word borders with case ignored; Chinese and Japanese ones anywhere."""

    words: tuple[str, ...]

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = []
        for word in sorted({" ".join(w.split()) for w in self.words if w.strip()}, key=len, reverse=True):
            literal = re.escape(word).replace(r"\ ", r"\s+")
            left = "" if _CJK.match(word[0]) else r"(?<!\w)"
            right = "" if _CJK.match(word[-1]) else r"(?!\w)"
            parts.append(f"{left}{literal}{right}")
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def score(self, title: str, summary: str) -> float:
        """0 where no keyword is found."""
        if self._pattern is None:
            return 0.0
        if self._pattern.search(title):
            return IN_TITLE
        return IN_SUMMARY if self._pattern.search(summary) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicHead:
    """What was fitted for one topic: weights of words and of the vector's numbers."""

    #: word to weight, for an entry with one word that says it once
    words: Mapping[str, float]
    vector: tuple[float, ...]
    bias: float
    threshold: float

    def score(self, counts: Mapping[str, int], vector: Sequence[float]) -> float:
        """A probability-like score; an entry without a vector has only its words."""
        room = math.sqrt(max(1, len(counts)))
        value = self.bias + sum(
            weight * (1 + math.log(counts[word])) / room for word, weight in self.words.items() if word in counts
        )
        if len(vector) == len(self.vector):
            value += sum(a * b for a, b in zip(self.vector, vector, strict=True))
        # never quite as sure as a keyword, so that a threshold of 1 means keywords alone
        return min(SUREST, 1 / (1 + math.exp(-max(-30.0, min(30.0, value)))))

    def body(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {
            "words": {word: round(weight, 5) for word, weight in self.words.items()},
            "vector": [round(value, 5) for value in self.vector],
            "bias": round(self.bias, 5),
            "threshold": round(self.threshold, 4),
        }


def head_of(body: Mapping[str, Any]) -> TopicHead | None:
    """A head from its JSON; None: nothing could be fitted, keywords decide alone."""
    if not body.get("vector") and not body.get("words"):
        return None
    return TopicHead(
        words=dict(body["words"]),
        vector=tuple(body["vector"]),
        bias=float(body["bias"]),
        threshold=float(body["threshold"]),
    )


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic, ready to score."""

    spec: TopicSpec
    head: TopicHead | None

    @cached_property
    def keywords(self) -> Keywords:
        return Keywords(words=self.spec.keywords)

    @property
    def threshold(self) -> float:
        if self.spec.threshold is not None:
            return self.spec.threshold
        return self.head.threshold if self.head else THRESHOLD

    def is_named(self, text: TopicText) -> bool:
        """A keyword of it stands in the title or the summary: then the entry has it, whatever the threshold."""
        return self.keywords.score(text.title, text.summary) > 0

    def score(self, text: TopicText, counts: Mapping[str, int], vector: Sequence[float]) -> float:
        """The higher of what the keywords and the head say."""
        told = self.keywords.score(text.title, text.summary)
        return max(told, self.head.score(counts, vector)) if self.head else told


class Topics:
    """All topics of a configuration over entries."""

    def __init__(self, topics: Sequence[Topic], words_of: WordsOf) -> None:
        self.topics = tuple(topics)
        self._words_of = words_of

    def scores(self, text: TopicText) -> dict[str, float]:
        """Every topic's score."""
        if not self.topics:
            return {}
        counts, vector = count_words(text, self._words_of), floats(text.vector)
        return {topic.spec.name: round(topic.score(text, counts, vector), 4) for topic in self.topics}

    def matched(self, text: TopicText) -> dict[str, float]:
        """Those that the entry has: name to score."""
        topics = {topic.spec.name: topic for topic in self.topics}
        scores = self.scores(text).items()
        return {n: score for n, score in scores if score >= topics[n].threshold or topics[n].is_named(text)}
