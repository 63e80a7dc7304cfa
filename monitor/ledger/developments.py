"""The steps of a story from its entries' own words: rumour, in talks, announced, closed, denied, amount changed. Pure.

The model says confirmed or rumoured; which step it is the words say, in six languages. A step is a development only if
the story was not there yet: a rumour after the announcement is none, nor a second announcement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.ledger import cues
from monitor.money import format_amount
from monitor.types import (
    Amount,
    Classification,
    Development,
    DevelopmentKind,
    Entry,
    Fact,
    LedgerRecord,
    Status,
    Story,
    Tag,
)  # fmt: skip

_DEALS = frozenset({Tag.FUNDING.value, Tag.ACQUISITION.value, Tag.PARTNERSHIP.value})
_TAGS = frozenset(tag.value for tag in Tag)
#: an amount that moved less than this is the same, told more exactly
_MOVED = Decimal("0.05")
#: and so much around a sum that was told as "about" or "more than"
_VAGUE = Decimal("0.15")
_LINE = 240
#: within so long two wordings of a rumour are one
_SAME_NEWS = timedelta(hours=20)
#: what was announced does not close sooner
_TO_CLOSE = timedelta(hours=48)
#: characters around an amount in which a word speaks of it
_AROUND = 60
_LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)

_ORDER = {
    DevelopmentKind.RUMOUR: 0,
    DevelopmentKind.IN_TALKS: 1,
    DevelopmentKind.ANNOUNCED: 2,
    DevelopmentKind.CLOSED: 3,
}


def words_status(text: str) -> Status | None:
    """What the words alone say of how sure an event is; None if they say nothing."""
    if cues.TALKS.search(text) or cues.RUMOUR.search(text):
        return Status.RUMOURED
    return Status.CONFIRMED if cues.ANNOUNCED.search(text) else None


def step_of(entry: Entry, classification: Classification) -> tuple[DevelopmentKind, str]:
    """The step that an entry tells, with the sentence that says so (the title where the title does)."""
    deal = bool(_DEALS & set(classification.tags))
    denied = cues.DENIED if deal else cues.DENIED_LAUNCH
    sentences = [entry.title, *_sentences(entry.summary)][:4]
    rumoured = classification.status is Status.RUMOURED
    # the title speaks for the entry: its summary is asked only for what the title leaves open
    for sentence in sentences:
        if denied.search(sentence) and not cues.NOT_DENIED.search(sentence) and (sentence is entry.title or rumoured):
            return DevelopmentKind.DENIED, sentence
    if deal and not rumoured:
        for sentence in sentences[:2]:
            if (
                cues.CLOSED.search(sentence)
                and not cues.NOT_CLOSED.search(sentence)
                and not cues.TALKS.search(sentence)
            ):
                return DevelopmentKind.CLOSED, sentence
    if rumoured or (classification.status is None and words_status(entry.title) is Status.RUMOURED):
        for sentence in sentences if deal else ():
            if cues.TALKS.search(sentence):
                return DevelopmentKind.IN_TALKS, sentence
        told = next((s for s in sentences if cues.RUMOUR.search(s)), entry.title)
        return DevelopmentKind.RUMOUR, told
    return DevelopmentKind.ANNOUNCED, next((s for s in sentences[:2] if cues.ANNOUNCED.search(s)), entry.title)


def development_of(
    previous: Story | None, entry: Entry, classification: Classification, records: Sequence[LedgerRecord]
) -> Development | None:
    """The step that this entry adds to its story; None if it says nothing new.

    `previous` is the story before this entry joined (None: it begins one; its first step is no follow-up), `records`
    the story's records with this entry. An entry without one of the five tags begins and moves nothing.
    """
    tags = _TAGS & set(classification.tags)
    if not tags or (previous is not None and previous.tags and not tags & set(previous.tags)):
        return None
    kind, sentence = step_of(entry, classification)
    if previous is None:
        return _development(kind, entry, sentence, follow_up=False)
    seen = _steps(previous)
    if kind is DevelopmentKind.DENIED:
        repeated = _last(previous) is DevelopmentKind.DENIED or sentence is not entry.title
        return None if repeated else _development(kind, entry, sentence)
    if _last(previous) is DevelopmentKind.DENIED:
        # after a denial only a fact is news again, not the next rumour
        moved = kind in (DevelopmentKind.ANNOUNCED, DevelopmentKind.CLOSED) and _is_sure(entry)
        return _development(kind, entry, sentence) if moved else None
    reached = max((_ORDER[step] for step in seen if step in _ORDER), default=-1)
    for step in dict.fromkeys((kind, DevelopmentKind.ANNOUNCED)):
        if _ORDER[step] > reached and _ORDER[step] <= _ORDER[kind] and _is_news(step, previous, entry, tags, reached):
            return _development(step, entry, sentence if step is kind else entry.title)
    change = _amount_change(previous, entry, records)
    return _development(DevelopmentKind.AMOUNT_CHANGED, entry, change) if change else None


def _is_news(kind: DevelopmentKind, previous: Story, entry: Entry, tags: frozenset[str], reached: int) -> bool:
    """Whether a step that the story had not reached is one, and not another outlet's wording of the same.

    The title must say so. Talks a few hours after the first rumour are the same rumour; a round that was raised is
    closed; a purchase closes days after it was announced, if not, the words only mean that it was announced.
    """
    waited = entry.published_at - max((d.at for d in previous.developments), default=_LONG_AGO)
    if kind is DevelopmentKind.IN_TALKS:
        told = cues.TALKS.search(previous.title) is not None
        return not told and waited >= _SAME_NEWS and cues.TALKS.search(entry.title) is not None
    if kind is DevelopmentKind.ANNOUNCED or reached < _ORDER[DevelopmentKind.ANNOUNCED]:
        return _is_sure(entry)
    if cues.NOT_CLOSED.search(entry.title) or cues.UNSURE.search(entry.title):
        return False
    if Tag.ACQUISITION.value in tags:
        return waited >= _TO_CLOSE and cues.CLOSED.search(entry.title) is not None
    return cues.DEBUT.search(entry.title) is not None or (
        waited >= _TO_CLOSE and cues.CLOSED.search(entry.title) is not None
    )


def _is_sure(entry: Entry) -> bool:
    """Whether a title says that it is so."""
    return cues.SURE.search(entry.title) is not None and cues.UNSURE.search(entry.title) is None


def _steps(story: Story) -> set[DevelopmentKind]:
    """The steps that a story has been through; of one without any, what its status says."""
    seen = {development.kind for development in story.developments}
    if not seen - {DevelopmentKind.AMOUNT_CHANGED, DevelopmentKind.DENIED}:
        seen.add(DevelopmentKind.RUMOUR if story.status is Status.RUMOURED else DevelopmentKind.ANNOUNCED)
    return seen


def _last(story: Story) -> DevelopmentKind | None:
    ordered = sorted(story.developments, key=lambda d: d.at)
    return ordered[-1].kind if ordered else None


def _amount_change(previous: Story, entry: Entry, records: Sequence[LedgerRecord]) -> str | None:
    """The entry's sentence on an amount that it moves; None if it repeats or only rounds what was known."""
    before = {record.kind: record for record in previous.records}
    for record in records:
        old = before.get(record.kind)
        if old is None or record.kind not in _DEALS:
            continue
        for field in ("amount", "valuation"):
            known = [fact for fact in old.values(field) if fact.amount is not None and fact.amount.value is not None]
            if not known:
                continue
            for fact in record.values(field):
                sentence = _told_by(fact, entry)
                if sentence and _differs(fact, known) and cues.CHANGED.search(_near(sentence, fact)):
                    return sentence
    return None


def _told_by(fact: Fact, entry: Entry) -> str | None:
    """The sentence of this entry that the fact was read from."""
    for evidence in fact.evidence:
        if evidence.entry_id == entry.id:
            text = entry.title if evidence.field == "title" else entry.summary
            return text if evidence.field == "title" else _sentence_at(text, evidence.start)
    return None


def _near(sentence: str, fact: Fact) -> str:
    """The words around the amount of a fact: what changes elsewhere in a sentence changes no amount."""
    words = next((e.quote for e in fact.evidence if e.quote in sentence), "")
    at = sentence.find(words)
    return sentence[max(0, at - _AROUND) : at + len(words) + _AROUND] if words else sentence


def _differs(fact: Fact, known: Sequence[Fact]) -> bool:
    if fact.amount is None or fact.amount.value is None:
        return False
    for other in known:
        mine, theirs = (
            (fact.usd, other.usd)
            if fact.usd and other.usd
            else (fact.amount.value, other.amount.value if other.amount else None)
        )
        if theirs is None or format_amount(fact.amount) == other.value or _within(fact.amount, other.amount):
            return False
        if max(mine, theirs) == 0 or abs(mine - theirs) / max(mine, theirs) <= _MOVED:
            return False
    return True


def _within(new: Amount, old: Amount | None) -> bool:
    """Whether an exact sum only tells what a vague one left open: $15.8 billion after "more than $15 billion"."""
    if old is None or not old.approximate or new.value is None or old.value is None or new.currency != old.currency:
        return False
    low, high = old.low or old.value, old.high or old.value
    return low * (1 - _VAGUE) <= new.value <= high * (1 + _VAGUE)


def _development(kind: DevelopmentKind, entry: Entry, line: str, *, follow_up: bool = True) -> Development:
    words = re.sub(r"\s+", " ", line).strip()
    if len(words) > _LINE:
        words = words[: _LINE - 1].rsplit(" ", 1)[0] + "…"
    return Development(kind=kind, at=entry.published_at, entry_id=entry.id, line=words, follow_up=follow_up)


def _sentences(text: str) -> list[str]:
    """Sentences of a summary; an initial or "Inc." ends none."""
    parts = re.split(
        r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!Inc\.)(?<!Corp\.)(?<!Ltd\.)(?<!Mr\.)(?<!U\.S\.)\s+(?=[A-ZÀ-Þ\"“‘'])|"
        r"(?<=[。！？])",
        text,
    )
    return [part.strip() for part in parts if part and part.strip()]


def _sentence_at(text: str, position: int) -> str:
    reached = 0
    for sentence in _sentences(text):
        start = text.find(sentence, reached)
        reached = start + len(sentence)
        if start <= position < reached:
            return sentence
    return text
