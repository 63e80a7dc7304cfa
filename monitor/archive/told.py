"""What went to whom: the reason why nothing comes twice, and what a follow-up answers to."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from monitor.archive.sql import chunks
from monitor.archive.suppressions import Suppressions
from monitor.archive.tables import deliveries, digest_stories, digests
from monitor.errors import ToldMeanwhile


class Told(Suppressions):
    """The part of the DeliveryStore that says which stories went out."""

    def already_sent(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, int]:
        """Story id to the highest development id that went out (0: the story, no development) in that digest."""
        with self._database.read() as connection:
            return told_in(connection, digest, channel, recipient, story_ids)

    def sent_in(self, story_id: int) -> builtins.list[dict[str, Any]]:
        """Where a story went out: digest_id, name, due_at, channel, recipient, development_id, state of its parts."""
        c = digest_stories.c
        state = sa.func.min(deliveries.c.state).label("state")
        query = (
            sa.select(c.digest_id, c.name, digests.c.due_at, c.channel, c.recipient, c.development_id, state)
            .join_from(digest_stories, digests, digests.c.id == c.digest_id)
            .outerjoin(
                deliveries,
                sa.and_(
                    deliveries.c.digest_id == c.digest_id,
                    deliveries.c.channel == c.channel,
                    deliveries.c.recipient == c.recipient,
                ),
            )
            .where(c.story_id == story_id)
            .group_by(c.digest_id, c.name, digests.c.due_at, c.channel, c.recipient, c.development_id)
            .order_by(digests.c.due_at, c.channel, c.recipient)
        )
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def story_ids_of(self, digest_id: int) -> builtins.list[int]:
        """Stories of a digest, whoever got them."""
        query = sa.select(digest_stories.c.story_id).where(digest_stories.c.digest_id == digest_id).distinct()
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def message_id_of(self, story_id: int, digest: str, channel: str, recipient: str) -> str | None:
        """Of the first message in which that recipient got the story, for a follow-up's In-Reply-To."""
        first = self._first(story_id, digest, channel, recipient)
        return first.message_id if first is not None else None

    def thread_of(self, story_id: int, digest: str, channel: str, recipient: str) -> str | None:
        """The receipt of that message, or what it itself replied to: what Slack knows a thread by."""
        first = self._first(story_id, digest, channel, recipient)
        return first.thread if first is not None else None

    def last_receipt(self, channel: str, recipient: str) -> str | None:
        """Of the newest delivery that arrived there; None if none did."""
        c = deliveries.c
        query = sa.select(c.receipt).where(c.state == "sent", c.channel == channel, c.recipient == recipient)
        with self._database.read() as connection:
            found: str | None = connection.scalar(query.order_by(c.id.desc()).limit(1))
        return found

    def _first(self, story_id: int, digest: str, channel: str, recipient: str) -> Any:
        s, d = digest_stories.c, deliveries.c
        same = sa.and_(d.digest_id == s.digest_id, d.channel == s.channel, d.recipient == s.recipient)
        query = (
            sa.select(d.message_id, d.story_ids, d.in_reply_to, d.receipt)
            .join_from(digest_stories, deliveries, same)
            .where(s.story_id == story_id, s.name == digest, s.channel == channel, s.recipient == recipient)
            .order_by(s.digest_id, d.number)
        )
        with self._database.read() as connection:
            found = connection.execute(query).all()
        return next((row for row in found if story_id in row.story_ids), found[0] if found else None)

    def last_told(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, datetime]:
        """Story id to when it, or a development of it, last went out in that digest."""
        c = digest_stories.c
        found: dict[int, datetime] = {}
        with self._database.read() as connection:
            for part in chunks(list(story_ids), 5000):
                same = sa.and_(c.story_id.in_(part), c.name == digest, c.channel == channel, c.recipient == recipient)
                query = (
                    sa.select(c.story_id, sa.func.max(digests.c.created_at))
                    .join_from(digest_stories, digests, digests.c.id == c.digest_id)
                    # an alert's silent beginning tells nobody
                    .where(same, digests.c.story_count > 0)
                    .group_by(c.story_id)
                )
                found.update((row[0], row[1]) for row in connection.execute(query))
        return found


def told_in(
    connection: sa.Connection, name: str, channel: str, recipient: str, story_ids: Sequence[int]
) -> dict[int, int]:
    """Story id to the highest development id of what stands in the ledger."""
    c = digest_stories.c
    found: dict[int, int] = {}
    for part in chunks(list(story_ids), 5000):
        same = sa.and_(c.story_id.in_(part), c.name == name, c.channel == channel, c.recipient == recipient)
        query = sa.select(c.story_id, sa.func.max(c.development_id)).where(same).group_by(c.story_id)
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def raise_if_told(
    connection: sa.Connection, name: str, stories_by_recipient: Mapping[tuple[str, str], Sequence[tuple[int, int]]]
) -> None:
    """Raises ToldMeanwhile if a recipient has had one of these stories, or a later development of it."""
    for (channel, recipient), its in stories_by_recipient.items():
        stood = told_in(connection, name, channel, recipient, [story_id for story_id, _ in its])
        if any(story_id in stood and stood[story_id] >= step for story_id, step in its):
            raise ToldMeanwhile(f"another program has just told {recipient} the same over {channel}; try again")
