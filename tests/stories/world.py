"""An invented world of news: outlets, events, and a classifier by keywords whose vectors are bags of words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from monitor.stories.match import Matcher, MatchSettings
from monitor.stories.weights import Lens, load
from monitor.stories.words import load_table, words
from monitor.types import Classification, Status, StoryMember

START = datetime(2024, 2, 26, 8, 0, tzinfo=UTC)
SIZE = 256
TAGGED = {
    "funding": r"rais|funding|round|invest|valuation",
    "acquisition": r"acquir|buys|takeover",
    "model-launch": r"model|gpt|llama|opus",
    "product-launch": r"launches|app\b|assistant",
    "partnership": r"partner|signs|deal with",
}
RUMOUR = re.compile(r"talks|reportedly|sources|considering", re.IGNORECASE)


class KeywordClassifier:
    """A Classifier without a model: deterministic, instant."""

    def __init__(self, model_id: str = "keywords-1") -> None:
        self.model_id = model_id
        self.seen = 0

    def classify(self, texts: Sequence[tuple[str, str]]) -> list[Classification]:
        self.seen += len(texts)
        return [self._one(title, summary) for title, summary in texts]

    def _one(self, title: str, summary: str) -> Classification:
        text = f"{title}. {summary}"
        found = {tag: 0.95 if re.search(pattern, text, re.IGNORECASE) else 0.02 for tag, pattern in TAGGED.items()}
        tags = tuple(tag for tag, value in found.items() if value > 0.5)
        status = (Status.RUMOURED if RUMOUR.search(text) else Status.CONFIRMED) if tags else None
        return Classification(
            model_id=self.model_id, scores=found, tags=tags, status=status, status_score=0.9, vector=vector(text)
        )


def vector(text: str) -> bytes:
    """Unit bag of words, as the archive keeps vectors."""
    values = np.zeros(SIZE, np.float32)
    for word in set(words(text)):
        values[int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big") % SIZE] += 1
    length = float(np.linalg.norm(values))
    return (values / length if length else values).astype("<f2").tobytes()


def member(
    number: int, title: str, summary: str = "", *, hours: float = 0.0, publisher: str = "", language: str = "en"
) -> StoryMember:
    """An entry as the matcher gets it."""
    at = START + timedelta(hours=hours, minutes=number % 60)
    return StoryMember(
        entry_id=number,
        story_id=0,
        title=title,
        summary=summary,
        publisher=publisher or f"outlet{number}.example",
        published_at=at,
        first_seen_at=at,
        classification=KeywordClassifier().classify([(title, summary)])[0],
        language=language,
    )


def matcher(settings: MatchSettings | None = None, *, model_id: str = "keywords-1") -> Matcher:
    """With the weights that ship, and a lens through which the keyword classifier's vectors are seen as they are."""
    lens = Lens(model_id=model_id, mean=np.zeros(SIZE, np.float32), matrix=np.eye(SIZE, dtype=np.float32))
    return Matcher(replace(load(), lens=lens), load_table(), settings)


def place(members: Sequence[StoryMember], held: Matcher | None = None) -> list[int]:
    """Matches one by one, in the order given; a story key for each."""
    held = held or matcher()
    keys = []
    for each in members:
        one = held.sketch(each)
        found = held.decide(one).key
        keys.append(-each.entry_id if found is None else found)
        held.add(one, keys[-1])
    return keys


#: one deal, as different desks tell it
DEAL = (
    ("Larkspur AI raises $640 million at $4 billion valuation", "The Lyon maker of translation models was "
    "backed by Halden Ventures."),
    ("French AI start-up Larkspur secures $640m from Halden Ventures", "Larkspur, which builds translation "
    "models, is now worth $4bn."),
    ("Halden Ventures leads $640 million round in Larkspur AI", "The round values the Lyon company at $4 billion."),
    ("Larkspur AI raises $640M Series C led by Halden", "Translation models from Lyon attract fresh money."),
    ("AI translation company Larkspur lands $640 million Series C", "Halden Ventures led the funding round, "
    "which values Larkspur at $4 billion."),
    ("Larkspur AI hits $4 billion valuation with $640 million raise", "Its investors include Halden Ventures."),
)  # fmt: skip
