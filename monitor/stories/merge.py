"""A story's entries to the story: title and lead of the best, tags by vote, who tells it, when it was news. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from monitor.language import language_of
from monitor.stories.leads import LEAD, first_sentences, lead_of
from monitor.stories.publishers import Telling, count_independent, is_aggregator, is_release
from monitor.stories.sketch import form
from monitor.types import Classification, Development, DevelopmentKind, Entry, LedgerRecord, Status, Story, Tag

#: a tag is the story's if so many of its entries have it (of more than two)
TAG_SHARE: Final = 0.18
#: an entry in which a tag is only possible is half a voice for it
HALF: Final = 0.5
__all__ = [
    "LEAD", "Part", "best_part", "first_sentences", "lead_of", "merge_story", "publishers_of", "status_of", "vote",
]  # fmt: skip

PRIMARY: Final = 3
#: order of a story's tags
TAGS: Final = tuple(tag.value for tag in Tag)
PARTY_FIELDS: Final = ("developer", "recipient", "acquirer", "target", "partner", "investor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An entry of a story with what was read from it."""

    entry: Entry
    read: Classification
    #: scores of the person's topics that it matches
    topics: Mapping[str, float] = field(default_factory=dict)
    #: its feed's category
    category: str = ""


def merge_story(
    parts: Sequence[Part],
    *,
    previous: Story | None = None,
    records: Sequence[LedgerRecord] = (),
    developments: Sequence[Development] = (),
) -> Story:
    """The story of these entries (at least one, any order). What a person set (pinned, muted) stays as it was.

    `previous` keeps its id and its topics: those of its older entries are not read again.
    """
    ordered = sorted(parts, key=lambda part: (part.entry.published_at, part.entry.id))
    tags, possible = vote(ordered)
    best = best_part(ordered, tags)
    entries = [part.entry for part in ordered]
    news = [entry.first_seen_at for entry in entries if entry.announce]
    topics = dict.fromkeys([*(previous.topics if previous else ()), *(t for part in ordered for t in part.topics)])
    return Story(
        id=previous.id if previous else 0,
        title=best.entry.title,
        lead=lead_of(best, ordered),
        url=best.entry.url,
        first_seen_at=min(entry.first_seen_at for entry in entries),
        last_seen_at=max(entry.first_seen_at for entry in entries),
        news_at=max(news) if news else None,
        published_at=entries[0].published_at,
        tags=tags,
        possible=possible,
        topics=tuple(topics),
        scores=_scores(ordered),
        status=status_of(ordered, tags, developments),
        entry_count=len(entries),
        publishers=publishers_of(ordered),
        independent=count_independent([_telling(entry) for entry in entries]),
        language=_language(best.entry),
        authority=max(entry.authority for entry in entries),
        pinned=previous.pinned if previous else False,
        muted=previous.muted if previous else False,
        companies=_companies(records),
        records=tuple(records),
        developments=tuple(developments),
        feed_ids=tuple(dict.fromkeys(entry.feed_id for entry in entries)),
        categories=tuple(dict.fromkeys(part.category for part in ordered if part.category)),
        usd=_usd(records),
    )


def vote(parts: Sequence[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tags of the story, and those that are possible.

    Of one or two entries each one's tags count. Of more, a tag needs one entry that has it, half a voice besides (an
    entry in which it is possible) and a fair share of those that have any tag: an outlier among thirty does not make
    it, and an entry that is only a headline speaks against none.
    """
    votes = Counter(tag for part in parts for tag in set(part.read.tags))
    speaking = sum(1 for part in parts if part.read.tags)
    halves = Counter(tag for part in parts for tag in set(part.read.possible) - set(part.read.tags))
    need = 1.0 if speaking <= 2 else max(1.0 + HALF, TAG_SHARE * speaking)
    chosen = {tag for tag, count in votes.items() if count + HALF * halves[tag] >= need}
    if votes and not chosen:
        most = max(votes.values())
        chosen = {tag for tag, count in votes.items() if count == most}
    maybe = {tag for part in parts for tag in (*part.read.tags, *part.read.possible)} - chosen
    return _in_order(chosen), _in_order(maybe)


def _in_order(tags: set[str]) -> tuple[str, ...]:
    return tuple(sorted(tags, key=lambda tag: (TAGS.index(tag) if tag in TAGS else len(TAGS), tag)))


def best_part(parts: Sequence[Part], tags: Sequence[str]) -> Part:
    """The entry that speaks for the story: about the story's event; a report rather than a round-up or a comment;
    then the primary source, then authority, then the language in which most tell it, then the earliest."""
    tongue = {part.entry.id: _language(part.entry) for part in parts}
    language = Counter(tongue.values()).most_common(1)[0][0]

    def rank(part: Part) -> tuple[bool, bool, bool, int, bool, float, int]:
        entry = part.entry
        about = not tags or bool(set(tags) & set(part.read.tags))
        pointing = is_aggregator(_telling(entry)) or is_release(entry.publisher)
        plain = form(entry.title) == "report"
        foreign = tongue[entry.id] != language
        return not about, not plain, pointing, -entry.authority, foreign, entry.published_at.timestamp(), entry.id

    return min(parts, key=rank)


def _language(entry: Entry) -> str:
    """By the title's own words: many feeds declare none, or one for all they point to."""
    return language_of(entry.title, entry.language)


def status_of(parts: Sequence[Part], tags: Sequence[str], developments: Sequence[Development]) -> Status | None:
    """Confirmed if a primary source says so, or at least as many entries as call it a rumour, or the newest ones do.

    A denial makes a story rumoured until something is announced after it.
    """
    if not tags:
        return None
    last = max(developments, key=lambda step: step.at, default=None)
    if last is not None and last.kind is DevelopmentKind.DENIED:
        return Status.RUMOURED
    said = [part for part in parts if part.read.status is not None and set(part.read.tags) & set(tags)]
    if not said:
        return None
    sure = [part for part in said if part.read.status is Status.CONFIRMED]
    if any(part.entry.authority >= PRIMARY for part in sure) or 2 * len(sure) >= len(said):
        return Status.CONFIRMED
    newest = said[-max(2, len(said) // 3) :]
    turned = len(said) > 2 and all(part.read.status is Status.CONFIRMED for part in newest)
    return Status.CONFIRMED if turned else Status.RUMOURED


def _scores(parts: Sequence[Part]) -> dict[str, float]:
    highest: dict[str, float] = {}
    for part in parts:
        for name, value in part.read.scores.items():
            highest[name] = max(value, highest.get(name, 0.0))
    return highest


def publishers_of(parts: Sequence[Part]) -> tuple[tuple[str, str, str | None], ...]:
    """Each publisher once with its best entry: aggregators last, then by authority, then by time."""
    ranked = sorted(
        parts,
        key=lambda p: (is_aggregator(_telling(p.entry)), -p.entry.authority, p.entry.published_at, p.entry.id),
    )
    found: dict[str, tuple[str, str, str | None]] = {}
    for part in ranked:
        entry = part.entry
        found.setdefault(entry.publisher, (entry.publisher, entry.publisher_name, entry.url))
    return tuple(found.values())


def _telling(entry: Entry) -> Telling:
    return Telling(publisher=entry.publisher, title=entry.title, summary=entry.summary, authority=entry.authority)


def _companies(records: Sequence[LedgerRecord]) -> tuple[str, ...]:
    """Who takes part, by the ledger."""
    names = (fact.value for name in PARTY_FIELDS for record in records for fact in record.values(name))
    return tuple(dict.fromkeys(names))


def _usd(records: Sequence[LedgerRecord]) -> Decimal | None:
    """The highest leading amount."""
    leading = [record.values("amount")[:1] for record in records]
    sums = [fact.usd for facts in leading for fact in facts if fact.usd is not None]
    return max(sums, default=None)
