"""The pair decision's view: what two entries have in common, as numbers. Pure.

Every number is symmetrical in the two entries and bounded. `Weigher` says how much a word tells: rare in the news at
large and rare among the last days' entries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

from monitor.stories.sketch import SAME_SUM, Sketch


class Weigher(dict[str, float]):
    """Word to what it tells, worked out once; and sums over an entry's words. Cleared when the window changes."""

    def __init__(self, measure: Callable[[str], float]) -> None:
        super().__init__()
        self._measure = measure
        self._sums: dict[int, tuple[float, float]] = {}

    def __missing__(self, word: str) -> float:
        value = self[word] = self._measure(word)
        return value

    def sums(self, one: Sketch) -> tuple[float, float]:
        """Over the title's words, and over all of them."""
        found = self._sums.get(one.entry_id)
        if found is None:
            found = self._sums[one.entry_id] = _mass(one.title_words, self), _mass(one.words, self)
        return found

    def clear(self) -> None:
        """Nothing is known any more."""
        super().clear()
        self._sums.clear()


FEATURES: Final = (
    "cosine",
    "title_shared", "title_cover_less", "title_cover_more", "title_cosine",
    "shared", "cover_less", "cover_more", "word_cosine", "rarest", "second", "third",
    "in_text_less", "in_text_more",
    "names_shared", "names_cover_less", "names_cover_more", "names_apart", "rarest_name",
    "companies_shared", "companies_apart",
    "sums_shared", "sums_apart", "title_sums_shared",
    "versions_shared", "versions_apart",
    "numbers_shared", "kinds_shared", "kinds_apart",
    "same_form", "talk",
    "hours", "untimed", "same_publisher", "same_language",
    "length_less", "length_more", "lead_less",
    "tags_alike", "tags_apart", "event_less", "event_more", "parts_shared", "parts_apart",
)  # fmt: skip

#: features that may be missing (nan): no lens for the model's vectors, no tags, no facts, no company finder
MISSING: Final = math.nan


def features(a: Sketch, b: Sketch, cosine: float, weight: Weigher) -> list[float]:
    """The numbers of FEATURES for a pair. cosine: of the vectors as the lens shows them; nan without a lens."""
    t_shared = _mass(a.title_words & b.title_words, weight)
    (t_a, w_a), (t_b, w_b) = weight.sums(a), weight.sums(b)
    shared_words = a.words & b.words
    values = sorted(map(weight.__getitem__, shared_words), reverse=True)
    shared = sum(values)
    in_a = _part(_mass(b.title_words & a.words, weight), t_b)
    in_b = _part(_mass(a.title_words & b.words, weight), t_a)
    top = [*values[:3], 0.0, 0.0, 0.0]
    return [
        cosine,
        t_shared, *_covers(t_shared, t_a, t_b), _part(t_shared, math.sqrt(t_a * t_b)),
        shared, *_covers(shared, w_a, w_b), _part(shared, math.sqrt(w_a * w_b)), top[0], top[1], top[2],
        min(in_a, in_b), max(in_a, in_b),
        *_names(a, b, weight),
        *_companies(a, b),
        *_sums(a, b),
        *_versions(a, b),
        float(len(a.numbers & b.numbers)),
        float(len(a.kinds & b.kinds)), float(min(len(a.kinds - b.kinds), len(b.kinds - a.kinds))),
        float(a.form == b.form), float((a.form == "talk") + (b.form == "talk")),
        gap(a, b), float((not a.timed) + (not b.timed)),
        float(a.publisher == b.publisher), float(a.language == b.language),
        float(min(len(a.title_words), len(b.title_words))), float(max(len(a.title_words), len(b.title_words))),
        float(min(len(a.words) - len(a.title_words), len(b.words) - len(b.title_words))),
        *_tags(a, b),
        *_parts(a, b),
    ]  # fmt: skip


def gap(a: Sketch, b: Sketch) -> float:
    """Hours between two entries; a day without a time counts from its nearest hour, as it may be any."""
    hours = abs(a.hour - b.hour)
    if a.timed and b.timed:
        return hours
    if not a.timed and not b.timed:
        return hours / 2
    day, other = (a, b) if not a.timed else (b, a)
    return max(day.hour - other.hour, other.hour - day.hour - 24.0, 0.0)


def _mass(found: Iterable[str], weight: Weigher) -> float:
    return sum(map(weight.__getitem__, found))


def _part(some: float, whole: float) -> float:
    return some / whole if whole > 0 else 0.0


def _covers(shared: float, a: float, b: float) -> tuple[float, float]:
    """The part of each side that is shared, the lesser first."""
    one, two = _part(shared, a), _part(shared, b)
    return (one, two) if one < two else (two, one)


def _names(a: Sketch, b: Sketch, weight: Weigher) -> tuple[float, float, float, float, float]:
    both = a.names & b.names
    shared = _mass(both, weight)
    less, more = _covers(_mass(a.title_names & b.names, weight) + _mass(b.title_names & a.names, weight),
                         2 * _mass(a.title_names, weight), 2 * _mass(b.title_names, weight))  # fmt: skip
    # names in the title of one that the other does not speak of at all, and the other way round
    alone = min(_mass(a.title_names - b.words, weight), _mass(b.title_names - a.words, weight))
    return shared, less, more, alone, max(map(weight.__getitem__, both), default=0.0)


def _companies(a: Sketch, b: Sketch) -> tuple[float, float]:
    if not a.companies and not b.companies:
        return MISSING, MISSING
    return (
        float(len(a.companies & b.companies)),
        float(min(len(a.companies - b.companies), len(b.companies - a.companies))),
    )


def _sums(a: Sketch, b: Sketch) -> tuple[float, float, float]:
    shared = sum(1 for one in a.sums if any(same_sum(one, two) for two in b.sums))
    title = sum(1 for one in a.title_sums if any(same_sum(one, two) for two in b.title_sums))
    apart = float(bool(a.sums) and bool(b.sums) and not shared)
    return float(shared), apart, float(title)


def same_sum(one: tuple[str, float], two: tuple[str, float]) -> bool:
    """The same sum, in the same currency as far as both say it."""
    if one[0] and two[0] and one[0] != two[0]:
        return False
    less, more = sorted((one[1], two[1]))
    return more <= less * SAME_SUM


def _versions(a: Sketch, b: Sketch) -> tuple[float, float]:
    shared = apart = 0
    for family in a.versions.keys() & b.versions.keys():
        if a.versions[family] & b.versions[family]:
            shared += 1
        else:
            apart += 1
    return float(shared), float(apart)


def _tags(a: Sketch, b: Sketch) -> tuple[float, float, float, float]:
    """How far the two are about the same of the five kinds; missing where nothing classified them."""
    if not a.scores or not b.scores:
        return MISSING, MISSING, MISSING, MISSING
    tags = a.scores.keys() & b.scores.keys()
    alike = max((min(a.scores[tag], b.scores[tag]) for tag in tags), default=0.0)
    apart = max((abs(a.scores[tag] - b.scores[tag]) for tag in tags), default=0.0)
    one, two = sorted((max(a.scores.values()), max(b.scores.values())))
    return alike, apart, one, two


def _parts(a: Sketch, b: Sketch) -> tuple[float, float]:
    """In how many roles the facts name the same, and in how many others; missing where one has no facts."""
    if not a.parts or not b.parts:
        return MISSING, MISSING
    roles = a.parts.keys() & b.parts.keys()
    shared = sum(1 for role in roles if a.parts[role] & b.parts[role])
    return float(shared), float(len(roles) - shared)
