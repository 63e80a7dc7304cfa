"""What a person decides about stories. It stands: the matcher moves none of these entries again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.marking import mark_entries, write_publishers
from monitor.archive.sql import chunks, insert_into
from monitor.archive.tables import (
    classifications,
    decisions,
    developments,
    digest_stories,
    entries,
    entry_topics,
    facts,
    feeds,
    records,
    stories,
)
from monitor.errors import NotFound, UsageError

#: the largest number that a row can have
MOST_ID: Final = 2**63 - 1


def targets(connection: Connection, story_ids: Sequence[int]) -> dict[int, int]:
    """Each id to the story that it means today; unknown ids are left out."""
    found: dict[int, int] = {}
    # people type any number; no row has one of more than 64 bits
    for part in chunks(sorted(number for number in set(story_ids) if abs(number) <= MOST_ID), 5000):
        query = sa.select(stories.c.id, stories.c.merged_into).where(stories.c.id.in_(part))
        found.update((row.id, row.merged_into or row.id) for row in connection.execute(query))
    return found


def set_flag(connection: Connection, story_id: int, name: str, value: bool) -> None:
    """Pinned or muted."""
    target = _existing(connection, story_id)
    connection.execute(sa.update(stories).where(stories.c.id == target).values({name: value}))


def merge(database: Database, connection: Connection, into: int, others: Sequence[int], now: datetime) -> None:
    """Entries, steps, records and what was sent go over; the empty stories lead to the full one."""
    target = _existing(connection, into)
    gone = sorted({_existing(connection, other) for other in others} - {target})
    if not gone:
        return
    moved = list(connection.scalars(sa.select(entries.c.id).where(entries.c.story_id.in_(gone))))
    news = connection.scalar(sa.select(sa.func.max(stories.c.news_at)).where(stories.c.id.in_([target, *gone])))
    _place(connection, moved, target, now, f"merged by hand from {', '.join(map(str, gone))}")
    # what stood in the full story before stays in it, too
    connection.execute(sa.update(entries).where(entries.c.story_id == target).values(placed_by_hand=True))
    _move_developments(connection, gone, target)
    _move_records(connection, gone, target)
    _move_sent(database, connection, gone, target)
    connection.execute(sa.update(stories).where(stories.c.merged_into.in_(gone)).values(merged_into=target))
    _move_head(connection, gone, target)
    left = {"merged_into": target, "entry_count": 0, "news_at": None, "independent": 0, "usd": None}
    connection.execute(sa.update(stories).where(stories.c.id.in_(gone)).values(left))
    refresh(database, connection, [target], keep_empty=True)
    # an entry that was understood late was news later than it came
    late = sa.and_(stories.c.id == target, stories.c.news_at < news)
    connection.execute(sa.update(stories).where(late).values(news_at=news))


def split(database: Database, connection: Connection, story_id: int, entry_ids: Sequence[int], now: datetime) -> int:
    """These entries into a new story; its title and lead are those of its best entry."""
    source = _existing(connection, story_id)
    own = set(connection.scalars(sa.select(entries.c.id).where(entries.c.story_id == source)))
    moved = sorted(set(entry_ids))
    if strangers := [number for number in moved if number not in own]:
        raise NotFound(f"story {story_id} has no entry {strangers[0]}: `monitor show {story_id}` lists its entries")
    if not moved or len(moved) == len(own):
        raise UsageError(f"story {story_id} has {len(own)} entries: name some of them, not all, to split them off")
    head = connection.execute(sa.select(stories).where(stories.c.id == source)).mappings().one()
    values = {name: value for name, value in head.items() if name not in ("id", "pinned", "usd")} | {"pinned": False}
    created = int(connection.execute(sa.insert(stories).values(values).returning(stories.c.id)).scalar_one())
    _place(connection, moved, created, now, f"split by hand from {source}")
    # who takes some out vouches for the rest, too: matching anew must not draw it after them
    _place(connection, sorted(own - set(moved)), source, now, f"stayed by hand when {created} was split off")
    connection.execute(sa.update(developments).where(developments.c.entry_id.in_(moved)).values(story_id=created))
    refresh(database, connection, [source, created])
    return created


def _existing(connection: Connection, story_id: int) -> int:
    target = targets(connection, [story_id]).get(story_id)
    if target is None:
        raise NotFound(f"there is no story {story_id}: `monitor search` shows the numbers of stories")
    return target


def _place(connection: Connection, entry_ids: Sequence[int], story_id: int, now: datetime, reason: str) -> None:
    for part in chunks(entry_ids, 5000):
        values = {"story_id": story_id, "placed_by_hand": True}
        connection.execute(sa.update(entries).where(entries.c.id.in_(part)).values(values))
    common = {"story_id": story_id, "score": 1.0, "reason": reason, "numbers": {}, "at": now, "by_hand": True}
    if entry_ids:
        connection.execute(sa.insert(decisions), [{"entry_id": number, **common} for number in entry_ids])


def _move_developments(connection: Connection, gone: Sequence[int], target: int) -> None:
    connection.execute(sa.update(developments).where(developments.c.story_id.in_(gone)).values(story_id=target))


def _move_records(connection: Connection, gone: Sequence[int], target: int) -> None:
    """Records of a kind that the full story lacks go over; the others are read anew from the entries."""
    own = sa.select(records.c.kind, records.c.id).where(records.c.story_id == target).order_by(records.c.number.desc())
    taken = {row.kind: row.id for row in connection.execute(own)}
    query = sa.select(records.c.id, records.c.kind, records.c.story_id).where(records.c.story_id.in_(gone))
    numbers: dict[str, int] = defaultdict(int)
    for row in connection.execute(query.order_by(records.c.story_id, records.c.kind, records.c.number)).all():
        if row.kind in taken:
            # what a person set stands, behind what a person set in the full story
            by_hand = sa.update(facts).where(facts.c.record_id == row.id, facts.c.by_hand)
            connection.execute(by_hand.values(record_id=taken[row.kind], position=facts.c.position + 1000))
            connection.execute(sa.delete(records).where(records.c.id == row.id))
            continue
        values = {"story_id": target, "number": 100 + numbers[row.kind]}
        numbers[row.kind] += 1
        connection.execute(sa.update(records).where(records.c.id == row.id).values(values))
    for kind, count in numbers.items():
        for number in range(count):
            same = sa.and_(records.c.story_id == target, records.c.kind == kind, records.c.number == 100 + number)
            connection.execute(sa.update(records).where(same).values(number=number))


def _move_head(connection: Connection, gone: Sequence[int], target: int) -> None:
    """A pin goes along, and the companies that take part."""
    query = sa.select(stories.c.id, stories.c.pinned, stories.c.companies).where(stories.c.id.in_([target, *gone]))
    heads = sorted(connection.execute(query).all(), key=lambda head: (head.id != target, head.id))
    values = {
        "pinned": any(head.pinned for head in heads),
        "companies": list(dict.fromkeys(name for head in heads for name in head.companies)),
    }
    connection.execute(sa.update(stories).where(stories.c.id == target).values(values))


def _move_sent(database: Database, connection: Connection, gone: Sequence[int], target: int) -> None:
    """Who has had one of the merged stories has had the whole."""
    sent = connection.execute(sa.select(digest_stories).where(digest_stories.c.story_id.in_(gone))).mappings().all()
    _sent_too(database, connection, [{**row, "story_id": target} for row in sent])


def pass_on(database: Database, connection: Connection, heirs: Sequence[tuple[int, int]]) -> None:
    """Of (former story, story): who has had the former has had the other with all its steps.

    Matching anew announces nothing. To be called once the steps of the stories are stored.
    """
    for former, story_id in heirs:
        sent = connection.execute(sa.select(digest_stories).where(digest_stories.c.story_id == former)).mappings().all()
        if sent:
            newest = sa.select(sa.func.max(developments.c.id)).where(developments.c.story_id == story_id)
            step = connection.execute(newest).scalar() or 0
            _sent_too(database, connection, [{**row, "story_id": story_id, "development_id": step} for row in sent])


def _sent_too(database: Database, connection: Connection, values: Sequence[dict[str, Any]]) -> None:
    """Stores what went out; of two stories in one digest the later step counts."""
    if not values:
        return
    statement = insert_into(database, digest_stories)
    c, new = digest_stories.c, statement.excluded.development_id
    later = sa.case((new > c.development_id, new), else_=c.development_id)
    keys = ["digest_id", "channel", "recipient", "story_id"]
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_={"development_id": later}), list(values)
    )


def refresh(database: Database, connection: Connection, story_ids: Sequence[int], *, keep_empty: bool = False) -> None:
    """A story's columns counted again from its entries; one without entries is removed.

    keep_empty: unless it has records, since its entries were pruned and the ledger stays.
    """
    for story_id in story_ids:
        members = _members(connection, story_id)
        told = sa.select(sa.func.count(), sa.func.max(records.c.usd)).where(records.c.story_id == story_id)
        count, highest = connection.execute(told).one()
        if not members and not (keep_empty and count):
            connection.execute(sa.delete(stories).where(stories.c.id == story_id))
            continue
        values: dict[str, Any] = {"usd": highest}
        if members:
            values |= _counted(members) | {"topics": _topics(connection, story_id)}
            write_publishers(connection, {story_id: [p[0] for p in values["publishers"]]})
        connection.execute(sa.update(stories).where(stories.c.id == story_id).values(values))
    mark_entries(database, connection, story_ids)


def _members(connection: Connection, story_id: int) -> Sequence[Any]:
    labels = [classifications.c[name] for name in ("scores", "tags", "possible", "status", "status_score")]
    query = (
        sa.select(entries, feeds.c.authority, feeds.c.category, *labels)
        .join_from(entries, feeds, feeds.c.id == entries.c.feed_id)
        .outerjoin(classifications, classifications.c.entry_id == entries.c.id)
        .where(entries.c.story_id == story_id)
    )
    # the best first: primary source, then the earliest
    return connection.execute(query.order_by(feeds.c.authority.desc(), entries.c.published_at, entries.c.id)).all()


def _topics(connection: Connection, story_id: int) -> list[str]:
    query = sa.select(entry_topics.c.topic).join(entries, entries.c.id == entry_topics.c.entry_id)
    return sorted(set(connection.scalars(query.where(entries.c.story_id == story_id))))


def _counted(members: Sequence[Any]) -> dict[str, Any]:
    best = members[0]
    scores: dict[str, float] = {}
    for row in members:
        for tag, score in (row.scores or {}).items():
            scores[tag] = max(score, scores.get(tag, 0.0))
    tags = sorted({tag for row in members for tag in row.tags or ()}, key=lambda t: -scores.get(t, 0.0))
    possible = sorted({tag for row in members for tag in row.possible or ()} - set(tags))
    publishers: dict[str, list[Any]] = {}
    for row in members:
        publishers.setdefault(row.publisher, [row.publisher, row.publisher_name, row.url])
    statuses = [row.status for row in members if row.status]
    return {
        "title": best.title,
        "lead": best.summary[:400],
        "url": best.url,
        "first_seen_at": min(row.first_seen_at for row in members),
        "last_seen_at": max(row.first_seen_at for row in members),
        "news_at": max((row.first_seen_at for row in members if row.announce), default=None),
        "published_at": min(row.published_at for row in members),
        "tags": tags,
        "possible": possible,
        "scores": scores,
        "status": "confirmed" if "confirmed" in statuses else statuses[0] if statuses else None,
        "entry_count": len(members),
        "publishers": list(publishers.values()),
        "independent": len(publishers),
        "language": best.language,
        "authority": best.authority,
        "feed_ids": sorted({row.feed_id for row in members}),
        "categories": sorted({row.category for row in members}),
    }
