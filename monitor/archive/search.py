"""`monitor search`: entries by words and filters, one line per story."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.entities import canonical_names
from monitor.archive.heads import Head, story_heads
from monitor.archive.marks import key_of, words
from monitor.archive.matching import Matches, span_of
from monitor.archive.selecting import language
from monitor.archive.sql import chunks
from monitor.archive.tables import classifications, entries, feeds, stories
from monitor.query import Query, parse_query, terms
from monitor.text import cjk_pieces, shorten
from monitor.types import Status

Sort = Literal["newest", "best", "amount"]
#: the newest matches among which the best are chosen: ranking all of a common word would cost a second
WINDOW: Final = 800
#: entries met that do not fit before a filter that no mark narrows gives up
_MOST: Final = 20_000
#: entries looked at at once
_FIRST: Final = 50_000
_NEXT: Final = 2000
_LEAD: Final = 500
#: characters of a summary by which entries are ranked
_RANKED: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A found entry, and what its story adds. One per story, unless entries were asked for.

    title, url and publisher are the story's own, as digests show it; the found entry's where entries were asked for or
    it is in no story.
    """

    entry_id: int
    story_id: int | None
    title: str
    #: the found entry's, which may be another than the story's best
    entry_title: str
    entry_url: str | None
    #: some words around the first found word
    snippet: str
    url: str | None
    feed_id: str
    publisher: str
    publisher_name: str
    published_at: datetime
    first_seen_at: datetime
    language: str
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    status: Status | None = None
    companies: tuple[str, ...] = ()
    usd: Decimal | None = None
    entry_count: int = 1
    independent: int = 1
    score: float = 0.0


class Search:
    """Full-text search over the archive."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(
        self,
        query: str | Query,
        *,
        now: datetime | None = None,
        sort: Sort = "newest",
        limit: int = 20,
        before_id: int | None = None,
        by_story: bool = True,
    ) -> list[Hit]:
        """Entries that fit, one per story (its newest that was found), at most `limit`.

        query: words of the query language, or one read by `parse_query` (see its `problems`); any text is valid.
        now: what ages such as `since:7d` count from. sort: newest arrival first; best: by words and corroboration
        among the newest WINDOW; amount: highest sum among them. before_id: for the next page of `newest`, the least
        entry_id of the last one. by_story: False gives every entry.
        """
        wanted = parse_query(query, now) if isinstance(query, str) else query
        with self._database.read() as connection:
            wanted = _with_feeds(connection, canonical_names(connection, wanted))
            matches = Matches(self._database, connection, wanted, span_of(connection))
            if sort == "newest":
                found = _page(connection, matches, wanted, limit, before_id, by_story)
            else:
                rows = _rows(connection, matches.newest(WINDOW, before_id), _needed(wanted))
                fitting = [row for row in rows if _fits(row, wanted)]
                ordered = _ranked(fitting, wanted) if sort == "best" else _by_amount(fitting)
                best = _one_per_story(ordered, limit) if by_story else ordered[:limit]
                scores = {row.id: score for row, score in best}
                # on PostgreSQL one may have been pruned since it was found
                found = [(row, scores[row.id]) for row in _rows(connection, list(scores))]
            told = [row.story_id for row, _ in found if by_story and row.story_id is not None]
            heads = story_heads(connection, told)
        looked_for = [w for term in terms(wanted.words) for w in words(term.text)]
        return [_hit(row, score, looked_for, heads.get(row.story_id)) for row, score in found]


def _with_feeds(connection: Connection, query: Query) -> Query:
    """Categories are the feeds' matter: they become a list of feeds."""
    if not query.categories:
        return query
    found = set(
        connection.scalars(sa.select(feeds.c.id).where(feeds.c.category.in_([c.lower() for c in query.categories])))
    )
    both = found & set(query.feeds) if query.feeds else found
    return replace(query, feeds=tuple(sorted(both)) or ("\N{EMPTY SET}",), categories=())


_ENTRY = (
    "id",
    "story_id",
    "title",
    "url",
    "feed_id",
    "publisher",
    "publisher_name",
    "published_at",
    "first_seen_at",
    "language",
)
_STORY = ("tags", "topics", "status", "companies", "usd", "entry_count", "independent", "scores")


def _needed(query: Query) -> tuple[str, ...]:
    """The columns of stories by which rows are chosen; the others cost more to read than the choice."""
    more = ("companies",) if query.companies else ()
    return ("usd", "independent", *more, *(("scores",) if query.min_score > 0 else ()))


def _rows(connection: Connection, ids: Sequence[int], of_story: Sequence[str] = _STORY) -> list[Any]:
    """Entries with their stories, in the order of the ids."""
    lead = sa.func.substr(entries.c.summary, 1, _LEAD if of_story == _STORY else _RANKED).label("summary")
    columns = [entries.c[name] for name in _ENTRY] + [lead]
    told = [stories.c[name].label(f"s_{name}") for name in of_story]
    query = sa.select(*columns, *told).join_from(entries, stories, stories.c.id == entries.c.story_id, isouter=True)
    if "scores" in of_story:
        own = [classifications.c[name].label(f"c_{name}") for name in ("tags", "status", "scores")]
        alone = sa.and_(classifications.c.entry_id == entries.c.id, entries.c.story_id.is_(None))
        query = query.add_columns(*own).outerjoin(classifications, alone)
    found: dict[int, Any] = {}
    for part in chunks(ids, 1000):
        found.update((row.id, row) for row in connection.execute(query.where(entries.c.id.in_(part))))
    return [found[number] for number in ids if number in found]


def _page(
    connection: Connection, matches: Matches, query: Query, limit: int, before_id: int | None, by_story: bool
) -> list[tuple[Any, float]]:
    found: list[tuple[Any, float]] = []
    stories_seen: set[int] = set()
    size, misfits = min(max(2 * limit, 20), _FIRST), 0
    while len(found) < limit and misfits < _MOST:
        ids = matches.newest(size, before_id)
        for row in _rows(connection, ids):
            if not _fits(row, query):
                misfits += 1
            elif not by_story or row.story_id not in stories_seen:
                if row.story_id is not None:
                    stories_seen.add(row.story_id)
                found.append((row, 0.0))
        if len(ids) < size:
            break
        before_id, size = ids[-1], min(4 * size, _NEXT)
    return found[:limit]


def _fits(row: Any, query: Query) -> bool:
    """The filters exactly: marks only narrow down (months, powers of ten), and some filters have none."""
    if query.since is not None and row.published_at < query.since:
        return False
    if query.until is not None and row.published_at > query.until:
        return False
    usd = row.s_usd
    if query.min_amount is not None and (usd is None or usd < query.min_amount):
        return False
    if query.max_amount is not None and (usd is None or usd > query.max_amount):
        return False
    if query.min_publishers > (row.s_independent or 1):
        return False
    if query.languages and language(row.language) not in {language(code) for code in query.languages}:
        return False
    if query.feeds and row.feed_id not in query.feeds:
        return False
    if query.min_score > 0:
        scores = row.s_scores or row.c_scores or {}
        asked = [tag for tag in query.tags if tag in scores] or list(scores)
        if max((scores[tag] for tag in asked), default=0.0) < query.min_score:
            return False
    if not query.companies:
        return True
    return not {key_of(c) for c in row.s_companies or ()}.isdisjoint(key_of(c) for c in query.companies)


def _one_per_story(rows: Sequence[tuple[Any, float]], limit: int) -> list[tuple[Any, float]]:
    seen: set[int] = set()
    found = []
    for row, score in rows:
        if row.story_id is None or row.story_id not in seen:
            found.append((row, score))
            if row.story_id is not None:
                seen.add(row.story_id)
        if len(found) == limit:
            break
    return found


def _by_amount(rows: Sequence[Any]) -> list[tuple[Any, float]]:
    return sorted(((row, float(row.s_usd or 0)) for row in rows), key=lambda pair: (-pair[1], -pair[0].id))


def _ranked(rows: Sequence[Any], query: Query) -> list[tuple[Any, float]]:
    """Best first: rare words before common ones, the title before the summary, then corroboration, then recency.

    Scored here and not by the database, so that both databases give the same order, and at a cost that does not grow
    with how common a word is.
    """
    wanted = list(dict.fromkeys(w for term in terms(query.words) for w in words(cjk_pieces(term.text))))
    texts = [(words(cjk_pieces(row.title)), words(cjk_pieces(row.summary))) for row in rows]
    weight = {}
    for word in wanted:
        having = sum(1 for title, summary in texts if word in title or word in summary)
        weight[word] = math.log(1 + (len(rows) - having + 0.5) / (having + 0.5)) + 0.1
    newest = max((row.published_at for row in rows), default=None)
    scored = []
    for row, (title, summary) in zip(rows, texts, strict=True):
        in_title, in_summary = 2.0 / (1 + len(title) / 20), 1.0 / (2 + len(summary) / 40)
        score = sum(weight[w] * (in_title * (w in title) + in_summary * min(summary.count(w), 3)) for w in wanted)
        age = (newest - row.published_at).days if newest else 0
        score += 0.25 * math.log(row.s_independent or 1) + 0.3 / (1 + max(age, 0) / 30)
        scored.append((row, round(score, 6)))
    return sorted(scored, key=lambda pair: (-pair[1], -pair[0].id))


def _hit(row: Any, score: float, looked_for: Sequence[str], head: Head | None) -> Hit:
    status = row.s_status or row.c_status
    named: Any = head if head is not None and head.publisher is not None else row
    return Hit(
        entry_id=row.id,
        story_id=row.story_id,
        title=head.title if head is not None else row.title,
        entry_title=row.title,
        entry_url=row.url,
        snippet=_snippet(row.summary, looked_for),
        url=head.url if head is not None else row.url,
        feed_id=row.feed_id,
        publisher=named.publisher,
        publisher_name=named.publisher_name,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        language=row.language,
        tags=tuple(row.s_tags or row.c_tags or ()),
        topics=tuple(row.s_topics or ()),
        status=Status(status) if status else None,
        companies=tuple(row.s_companies or ()),
        usd=row.s_usd,
        entry_count=row.s_entry_count or 1,
        independent=row.s_independent or 1,
        score=score,
    )


def _snippet(text: str, looked_for: Sequence[str], length: int = 200) -> str:
    low = text.lower()
    places = [at for at in (low.find(word) for word in looked_for) if at >= 0]
    start = min(places, default=0)
    if start <= length // 2:
        return shorten(text, length)
    start = text.rfind(" ", 0, start - length // 4) + 1
    return "… " + shorten(text[start:], length)
