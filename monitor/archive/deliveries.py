"""The outbox: what is to be sent, what was, and to whom each story has gone."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from monitor.archive import rows
from monitor.archive.sql import chunks, insert_into
from monitor.archive.suppressions import Suppressions
from monitor.archive.tables import deliveries, digest_stories, digests
from monitor.errors import NotFound
from monitor.types import Delivery, DeliveryDraft, DeliveryState, Digest

#: in the words of the index of what is not settled: SQLite cannot tell from a bound state that it fits, and would read
#: the texts of years to find one
_OPEN: Final = sa.text("deliveries.state IN ('ready', 'sending', 'uncertain')")


class Deliveries(Suppressions):
    """The DeliveryStore of protocols.py, and what `digest` and `outbox` ask for besides."""

    def last_due(self, digest: str) -> datetime | None:
        """due_at of the newest digest row of that name, sent or quiet."""
        with self._database.read() as connection:
            due: datetime | None = connection.scalar(
                sa.select(sa.func.max(digests.c.due_at)).where(digests.c.name == digest)
            )
        return due

    def already_sent(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, int]:
        """Story id to the highest development id that went out (0: the story, no development) in that digest."""
        c = digest_stories.c
        found: dict[int, int] = {}
        with self._database.read() as connection:
            for part in chunks(list(story_ids), 5000):
                same = sa.and_(c.story_id.in_(part), c.name == digest, c.channel == channel, c.recipient == recipient)
                query = sa.select(c.story_id, sa.func.max(c.development_id)).where(same).group_by(c.story_id)
                found.update((row[0], row[1]) for row in connection.execute(query))
        return found

    def create(
        self,
        digest: Digest,
        drafts: Sequence[DeliveryDraft],
        now: datetime,
        *,
        stories_by_recipient: Mapping[tuple[str, str], Sequence[tuple[int, int]]],
    ) -> int | None:
        """The outbox transaction: digest row, its stories per (channel, recipient), parts.

        None if (name, due_at) exists.
        """
        head = {
            "name": digest.name,
            "title": digest.title,
            "key": digest.key,
            "due_at": digest.due_at,
            "since": digest.since,
            "time_zone": digest.time_zone,
            "created_at": now,
            "story_count": len(digest.stories),
        }
        with self._database.write() as connection:
            statement = insert_into(self._database, digests).values(head).on_conflict_do_nothing()
            digest_id = connection.execute(statement.returning(digests.c.id)).scalar()
            if digest_id is None:
                return None
            sent = [
                {"channel": channel, "recipient": recipient, "story_id": story_id, "development_id": step}
                for (channel, recipient), its in stories_by_recipient.items()
                for story_id, step in dict(its).items()
            ]
            if sent:
                common = {"digest_id": digest_id, "name": digest.name}
                connection.execute(sa.insert(digest_stories), [{**row, **common} for row in sent])
            if drafts:
                connection.execute(sa.insert(deliveries), [_values(draft, digest_id, now) for draft in drafts])
        return int(digest_id)

    def claim(self, now: datetime, *, limit: int = 100) -> builtins.list[Delivery]:
        """Ready deliveries whose time has come become `sending`; each is returned to one caller only."""
        c = deliveries.c
        due = sa.and_(_OPEN, c.state == "ready", sa.or_(c.next_try_at.is_(None), c.next_try_at <= now))
        chosen = sa.select(c.id).where(due).order_by(c.id).limit(limit)
        if self._database.is_postgres:
            chosen = chosen.with_for_update(skip_locked=True)
        with self._database.write() as connection:
            values = {"state": "sending", "attempts": c.attempts + 1, "started_at": now, "next_try_at": None}
            update = sa.update(deliveries).where(c.id.in_(chosen)).values(values).returning(c.id)
            claimed = sorted(connection.execute(update).scalars())
            return _load(connection, c.id.in_(claimed)) if claimed else []

    def record(
        self,
        delivery_id: int,
        state: DeliveryState,
        now: datetime,
        *,
        code: int | None = None,
        error: str | None = None,
        receipt: str | None = None,
        next_try_at: datetime | None = None,
    ) -> None:
        """What became of an attempt, or of a person's decision. Raises NotFound."""
        values: dict[str, Any] = {"state": state.value, "code": code, "error": error, "next_try_at": next_try_at}
        if state is DeliveryState.SENT:
            values |= {"sent_at": now, "receipt": receipt}
        elif receipt is not None:
            values["receipt"] = receipt
        with self._database.write() as connection:
            same = deliveries.c.id == delivery_id
            if not connection.execute(sa.update(deliveries).where(same).values(values)).rowcount:
                raise NotFound(f"there is no delivery {delivery_id}: `monitor outbox list` shows their numbers")

    def recover(self, now: datetime) -> builtins.list[Delivery]:
        """After a start: `sending` becomes `uncertain`; they are returned for the channel's rule.

        `uncertain` ones that an earlier start left are returned again, since nobody has decided on them.
        """
        c = deliveries.c
        with self._database.write() as connection:
            update = sa.update(deliveries).where(_OPEN, c.state == "sending")
            connection.execute(update.values(state="uncertain", error="the program ended while it was being sent"))
            return _load(connection, sa.and_(_OPEN, c.state == "uncertain"))

    def list(
        self, *, states: Sequence[DeliveryState] = (), digest: str | None = None, limit: int = 100
    ) -> builtins.list[Delivery]:
        """Newest first. `digest`: a digest's name or key."""
        condition: Any = sa.true()
        if states:
            condition = sa.and_(condition, deliveries.c.state.in_([s.value for s in states]))
        if digest is not None:
            condition = sa.and_(condition, sa.or_(digests.c.name == digest, digests.c.key == digest))
        with self._database.read() as connection:
            return _load(connection, condition, newest_first=True, limit=limit)

    def get(self, delivery_id: int) -> Delivery | None:
        with self._database.read() as connection:
            found = _load(connection, deliveries.c.id == delivery_id)
        return found[0] if found else None

    def of_digest(self, digest_id: int) -> builtins.list[Delivery]:
        """All parts to all recipients, in order."""
        with self._database.read() as connection:
            return _load(connection, deliveries.c.digest_id == digest_id)

    def digests(self, *, name: str | None = None, limit: int = 50) -> builtins.list[dict[str, Any]]:
        """Newest first: id, name, title, key, due_at, since, time_zone, created_at, story_count and, of its
        deliveries, how many there are per state as `states`."""
        query = sa.select(digests).order_by(digests.c.due_at.desc(), digests.c.id.desc()).limit(limit)
        if name is not None:
            query = query.where(digests.c.name == name)
        with self._database.read() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
            states: dict[int, dict[str, int]] = {row["id"]: {} for row in found}
            c = deliveries.c
            counted = sa.select(c.digest_id, c.state, sa.func.count()).where(c.digest_id.in_(list(states)))
            for digest_id, state, count in connection.execute(counted.group_by(c.digest_id, c.state)):
                states[digest_id][state] = count
        return [{**row, "states": states[row["id"]]} for row in found]

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
        return first.in_reply_to or first.receipt if first is not None else None

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


def _values(draft: DeliveryDraft, digest_id: int, now: datetime) -> dict[str, Any]:
    part = draft.part
    return {
        "digest_id": digest_id,
        "channel": draft.channel,
        "recipient": draft.recipient,
        "number": part.number,
        "of": part.of,
        "subject": part.subject,
        "text": part.text,
        "html": part.html,
        "markdown": part.markdown,
        "payload": dict(part.payload) if part.payload is not None else None,
        "story_ids": list(part.story_ids),
        "message_id": draft.message_id,
        "in_reply_to": draft.in_reply_to,
        "state": DeliveryState.READY.value,
        "attempts": 0,
        "created_at": now,
        "next_try_at": now,
    }


def _load(
    connection: sa.Connection, condition: Any, *, newest_first: bool = False, limit: int | None = None
) -> builtins.list[Delivery]:
    query = (
        sa.select(deliveries, digests.c.key.label("digest_key"))
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(condition)
        .order_by(deliveries.c.id.desc() if newest_first else deliveries.c.id)
        .limit(limit)
    )
    return [rows.delivery(row) for row in connection.execute(query).mappings()]
