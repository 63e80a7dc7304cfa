"""A person's topics over the archive: fitted when they are new or changed, kept there, scored for each batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from monitor.classify.topicfit import FEWEST, Background, Fitted, fit_topic
from monitor.classify.topics import Topic, Topics, TopicText, head_of
from monitor.protocols import Classifier, Clock, Log
from monitor.stories.words import STOP, fold, stem, tokens
from monitor.types import Classification, Entry, TopicSpec, encoder_of

if TYPE_CHECKING:
    from monitor.archive.teaching import Head

#: entries that topics are measured against
MEASURED: Final = 6000
#: of those that have no vector so many get one
READ_ANEW: Final = 1500
#: what is common changes: a topic is fitted again after so long, or when the archive has doubled
FRESH: Final = timedelta(days=30)
LOOK_AGAIN: Final = timedelta(hours=6)
#: while a description waits for enough entries
LOOK_SOON: Final = timedelta(minutes=10)
FORMAT: Final = 1


class TopicStore(Protocol):
    """What it asks of the archive."""

    def head(self, kind: str, name: str) -> Head | None: ...

    def recent(self, limit: int = ...) -> list[tuple[str, str, str, bytes]]: ...

    def use(
        self,
        kind: str,
        name: str,
        *,
        key: str,
        base: str,
        body: Mapping[str, Any],
        figures: Mapping[str, Any],
        now: datetime,
        keep: int = ...,
    ) -> int: ...


def words_of(text: str) -> list[str]:
    """The words of a text, stemmed, without those that say nothing."""
    return [stem(word.lower()) for word in tokens(fold(text)) if word.lower() not in STOP]


def key_of(spec: TopicSpec, base: str) -> str:
    """Of what a topic says and the encoder whose vectors it reads."""
    told = [FORMAT, base, spec.description, sorted(spec.keywords), list(spec.examples)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


class Interests:
    """The topics. `__call__` is the Understander's `topics`; called from the thread that understands."""

    def __init__(
        self, specs: Sequence[TopicSpec], store: TopicStore, classifier: Classifier, clock: Clock, log: Log
    ) -> None:
        self._specs = tuple(specs)
        self._store = store
        self._classifier = classifier
        self._clock = clock
        self._log = log
        self._topics: Topics | None = None
        self._base = ""
        self._looked_at: datetime | None = None
        self._background: Background | None = None

    def __call__(self, members: Sequence[tuple[Entry, Classification]]) -> list[Mapping[str, float]]:
        """For each entry the topics that it has, with their scores. Raises ModelError, ArchiveError."""
        if not self._specs or not members:
            return [{} for _ in members]
        topics = self._ready(encoder_of(members[0][1].model_id))
        return [topics.matched(text_of(entry, read)) for entry, read in members]

    def ready(self) -> Topics:
        """All topics, fitted. Raises ModelError, ArchiveError."""
        return self._ready(encoder_of(self._classifier.model_id))

    def try_out(self, spec: TopicSpec) -> tuple[Topics, Fitted]:
        """A topic that need not stand anywhere, fitted now; nothing is stored."""
        fitted = fit_topic(spec, self._measured(encoder_of(self._classifier.model_id)), self._vectors)
        self._background = None
        return Topics([Topic(spec=spec, head=fitted.head)], words_of), fitted

    def _ready(self, base: str) -> Topics:
        now = self._clock.now()
        waits = self._topics is not None and any(
            topic.head is None and (topic.spec.description or topic.spec.examples) for topic in self._topics.topics
        )
        pause = LOOK_SOON if waits else LOOK_AGAIN
        looked = self._looked_at is not None and abs(now - self._looked_at) < pause
        if self._topics is None or self._base != base or not looked:
            self._topics = Topics([self._topic(spec, base, now) for spec in self._specs], words_of)
            self._base, self._looked_at, self._background = base, now, None
        return self._topics

    def _topic(self, spec: TopicSpec, base: str, now: datetime) -> Topic:
        key = key_of(spec, base)
        kept = self._store.head("topic", spec.name)
        if kept is None or kept.key != key or self._stale(kept, base, now):
            fitted = fit_topic(spec, self._measured(base), self._vectors)
            body = fitted.head.body() if fitted.head else {}
            self._store.use("topic", spec.name, key=key, base=base, body=body, figures=fitted.figures, now=now, keep=1)
            self._log.info("topic fitted", topic=spec.name, **fitted.figures)
            return Topic(spec=spec, head=fitted.head)
        return Topic(spec=spec, head=head_of(kept.body))

    def _stale(self, kept: Head, base: str, now: datetime) -> bool:
        """Fitted long ago, or on much less than the archive has now."""
        if abs(now - kept.at) > FRESH:
            return True
        measured = int(kept.figures.get("entries") or 0)
        if measured >= MEASURED // 2 or kept.figures.get("why") == "keywords decide alone":
            return False
        return len(self._measured(base)) >= max(FEWEST, 2 * measured)

    def _measured(self, base: str) -> Background:
        """What the archive read last, with vectors of this encoder; some get theirs now."""
        if self._background is None:
            rows = self._store.recent(MEASURED)
            texts = [
                TopicText(title=title, summary=summary, vector=vector)
                for title, summary, model_id, vector in rows
                if vector and encoder_of(model_id) == base
            ]
            bare = [(row[0], row[1]) for row in rows if not row[3] or encoder_of(row[2]) != base]
            if bare and len(texts) < READ_ANEW:
                bare = bare[:: max(1, len(bare) // READ_ANEW)][:READ_ANEW]
                texts += [
                    TopicText(title=title, summary=summary, vector=vector)
                    for (title, summary), vector in zip(bare, self._vectors(bare), strict=True)
                ]
            self._background = Background(texts, words_of)
        return self._background

    def _vectors(self, texts: Sequence[tuple[str, str]]) -> list[bytes]:
        return [found.vector for found in self._classifier.classify(texts)]


def text_of(entry: Entry, read: Classification | None) -> TopicText:
    """What a topic reads of an entry."""
    return TopicText(title=entry.title, summary=entry.summary, vector=read.vector if read else b"")
