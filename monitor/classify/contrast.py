"""Batches for the story vector: entries of the same days, some of them about one event, others that only look so."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

TELLINGS: Final = 4
WORD: Final = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An entry with the story that it belongs to."""

    id: str
    title: str
    summary: str
    story: str
    window: str
    #: ISO, day or second
    published: str = ""
    #: ids whose pairing with this entry is not to be learnt from
    unsure: frozenset[str] = frozenset()


def to_telling(record: Mapping[str, Any]) -> Telling:
    """One object of a stories file."""
    window = str(record.get("window", ""))
    return Telling(
        id=str(record["id"]),
        title=record["title"],
        summary=record.get("summary") or "",
        story=f"{window}/{record['story']}",
        window=window,
        published=str(record.get("published", "")),
        unsure=frozenset(map(str, record.get("unsure") or ())),
    )


def story_batches(tellings: Sequence[Telling], size: int, chance: random.Random) -> Iterator[list[Telling]]:
    """One pass over all stories of two or more tellings, each batch of one window, filled up with near misses."""
    by_window: dict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        by_window[telling.window].append(telling)
    made = []
    for members in by_window.values():
        made += list(_window_batches(members, size, chance))
    chance.shuffle(made)
    yield from made


def _window_batches(members: Sequence[Telling], size: int, chance: random.Random) -> Iterator[list[Telling]]:
    stories: dict[str, list[Telling]] = defaultdict(list)
    for member in members:
        stories[member.story].append(member)
    several = [tellings for tellings in stories.values() if len(tellings) > 1]
    neighbours = _Neighbours(members)
    chance.shuffle(several)
    batch: dict[str, Telling] = {}
    for tellings in several:
        for telling in chance.sample(tellings, min(TELLINGS, len(tellings))):
            batch[telling.id] = telling
        for near in neighbours.nearest(chance.choice(tellings), chance):
            batch.setdefault(near.id, near)
        if len(batch) >= size:
            yield list(batch.values())
            batch = {}
    if len(batch) > 2:
        yield list(batch.values())


class _Neighbours:
    """Entries of one window that share rare words with an entry but not its story."""

    def __init__(self, members: Sequence[Telling]) -> None:
        self._members = members
        self._words = [frozenset(WORD.findall(f"{m.title} {m.summary}".lower())) for m in members]
        counts = Counter(word for words in self._words for word in words)
        self._rarity = {word: math.log(len(members) / count) for word, count in counts.items()}

    def nearest(self, telling: Telling, chance: random.Random, take: int = 2, among: int = 6) -> list[Telling]:
        own = frozenset(WORD.findall(f"{telling.title} {telling.summary}".lower()))
        scored = [
            (sum(self._rarity[word] for word in own & words) / math.sqrt(len(words) + 5), number)
            for number, words in enumerate(self._words)
            if self._members[number].story != telling.story
        ]
        best = [self._members[number] for _score, number in sorted(scored, reverse=True)[:among]]
        return chance.sample(best, min(take, len(best)))
