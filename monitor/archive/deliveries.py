"""The outbox: what is to be sent, what was, and to whom each story has gone."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zlib import crc32

import sqlalchemy as sa

from monitor.archive import rows
from monitor.archive.sql import insert_into
from monitor.archive.tables import deliveries, digest_stories, digests
from monitor.archive.told import Told, raise_if_told
from monitor.errors import NotFound
from monitor.types import Delivery, DeliveryDraft, DeliveryState, Digest

#: in the words of the index of what is not settled: SQLite cannot tell from a bound state that it fits, and would read
#: the texts of years to find one
_OPEN: Final = sa.text("deliveries.state IN ('ready', 'sending', 'uncertain')")


class Deliveries(Told):
    """The DeliveryStore of protocols.py, and what `digest` and `outbox` ask for besides."""

    def last_due(self, digest: str, until: datetime | None = None) -> datetime | None:
        """due_at of the newest digest row of that name, sent or quiet; of those not after `until`."""
        query = sa.select(sa.func.max(digests.c.due_at)).where(digests.c.name == digest)
        if until is not None:
            query = query.where(digests.c.due_at <= until)
        with self._database.read() as connection:
            due: datetime | None = connection.scalar(query)
        return due

    def create(
        self,
        digest: Digest,
        drafts: Sequence[DeliveryDraft],
        now: datetime,
        *,
        stories_by_recipient: Mapping[tuple[str, str], Sequence[tuple[int, int]]],
        again: bool = False,
    ) -> int | None:
        """The outbox transaction: digest row, its stories per (channel, recipient), parts.

        None if (name, due_at) exists. Raises ToldMeanwhile, with nothing written, if a recipient has had a story since
        it was looked up, unless `again`.
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
        with self._database.write(lock=crc32(digest.name.encode()) >> 1) as connection:
            statement = insert_into(self._database, digests).values(head).on_conflict_do_nothing()
            digest_id = connection.execute(statement.returning(digests.c.id)).scalar()
            if digest_id is None:
                return None
            if not again:
                raise_if_told(connection, digest.name, stories_by_recipient)
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

    def claim(self, now: datetime, *, limit: int = 100, digest_id: int | None = None) -> builtins.list[Delivery]:
        """Ready deliveries (of that digest) whose time has come become `sending`; each goes to one caller only."""
        c = deliveries.c
        due = sa.and_(_OPEN, c.state == "ready", sa.or_(c.next_try_at.is_(None), c.next_try_at <= now))
        if digest_id is not None:
            due = sa.and_(due, c.digest_id == digest_id)
        chosen = sa.select(c.id).where(due).order_by(c.id).limit(limit)
        if self._database.is_postgres:
            chosen = chosen.with_for_update(skip_locked=True)
        with self._database.write() as connection:
            begun = sa.case((c.attempts == 0, sa.literal(now, c.started_at.type)), else_=c.started_at)
            values = {"state": "sending", "attempts": c.attempts + 1, "started_at": begun, "next_try_at": None}
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
        silent: bool = False,
    ) -> None:
        """What became of an attempt (silent: nobody answered), or of a person's decision. Raises NotFound."""
        values: dict[str, Any] = {"state": state.value, "code": code, "error": error, "next_try_at": next_try_at}
        if state is DeliveryState.SENT:
            values |= {"sent_at": now, "receipt": receipt}
        elif receipt is not None:
            values["receipt"] = receipt
        if silent:
            values["silences"] = sa.func.coalesce(deliveries.c.silences, 0) + 1
        self._change(delivery_id, values)

    def renew(self, delivery_id: int, now: datetime) -> None:
        """A person asks for it again: it is ready, and tried as if for the first time. Raises NotFound."""
        fresh = {"state": "ready", "attempts": 0, "silences": 0, "code": None, "error": None, "next_try_at": now}
        self._change(delivery_id, fresh)

    def _change(self, delivery_id: int, values: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            same = deliveries.c.id == delivery_id
            if not connection.execute(sa.update(deliveries).where(same).values(dict(values))).rowcount:
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
