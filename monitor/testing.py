"""Public fakes of the seams in protocols.py, for the tests of this project and of those who build on it."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.errors import ToldMeanwhile
from monitor.types import Classification, Delivery, DeliveryDraft, DeliveryState, Digest, Entry, Selection, Story

#: an ordinary Monday morning
MONDAY = datetime(2024, 2, 26, 8, 0, tzinfo=UTC)


class FakeClock:
    """A clock that moves when told to. Wall and monotonic time move together unless `jump` is used."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, now: datetime) -> None:
        """Time passes until `now` (which must not lie in the past)."""
        self.advance((now - self._now).total_seconds())

    def jump(self, seconds: float) -> None:
        """The wall clock is set forward or back; monotonic time does not move."""
        self._now += timedelta(seconds=seconds)


class MemoryStories:
    """The part of a StoryStore that the deliver loop asks, over stories in a list."""

    def __init__(
        self,
        stories: Iterable[Story] = (),
        *,
        keeps: Callable[[Story, Selection], bool] = lambda story, selection: True,
    ) -> None:
        self.stories = {story.id: story for story in stories}
        #: of stories whose tellings matter
        self.entries: dict[int, list[tuple[Entry, Classification | None]]] = {}
        self._keeps = keeps

    def put(self, *stories: Story) -> None:
        """Adds or replaces."""
        self.stories |= {story.id: story for story in stories}

    def get(self, story_id: int) -> Story | None:
        return self.stories.get(story_id)

    def get_many(self, story_ids: Sequence[int]) -> dict[int, Story]:
        return {i: self.stories[i] for i in story_ids if i in self.stories}

    def arrived(
        self, selection: Selection, since: datetime, until: datetime, *, announced_only: bool = True, limit: int = 5000
    ) -> list[Story]:
        found = []
        for story in self.stories.values():
            at = story.news_at if announced_only else story.last_seen_at
            if at is not None and since < at <= until and not story.muted and self._keeps(story, selection):
                found.append((at, story.id, story))
        return [story for _, _, story in sorted(found, key=lambda row: row[:2], reverse=True)[:limit]]

    def tellings(self, story_ids: Sequence[int]) -> dict[int, list[tuple[Entry, Classification | None]]]:
        return {i: self.entries[i] for i in story_ids if i in self.entries}


class MemoryDeliveries:
    """A DeliveryStore in memory, with the archive's rules: one digest per name and due time, one claim per delivery."""

    def __init__(self) -> None:
        self.rows: dict[int, Delivery] = {}
        self.made: list[tuple[int, Digest]] = []
        self.told: dict[tuple[str, str, str, int], int] = {}
        self.told_at: dict[tuple[str, str, str, int], datetime] = {}
        self.unsubscribed: dict[str, str] = {}
        self._lock = threading.Lock()

    def last_due(self, digest: str, until: datetime | None = None) -> datetime | None:
        made = [d.due_at for _, d in self.made if d.name == digest]
        return max((at for at in made if until is None or at <= until), default=None)

    def already_sent(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, int]:
        keys = {i: (digest, channel, recipient, i) for i in story_ids}
        return {i: self.told[key] for i, key in keys.items() if key in self.told}

    def create(
        self,
        digest: Digest,
        drafts: Sequence[DeliveryDraft],
        now: datetime,
        *,
        stories_by_recipient: Mapping[tuple[str, str], Sequence[tuple[int, int]]],
        again: bool = False,
    ) -> int | None:
        with self._lock:
            if any(d.name == digest.name and d.due_at == digest.due_at for _, d in self.made):
                return None
            for (channel, recipient), stories in () if again else stories_by_recipient.items():
                if any(self.told.get((digest.name, channel, recipient, i), -1) >= step for i, step in stories):
                    raise ToldMeanwhile(f"another program has just told {recipient} the same")
            digest_id = len(self.made) + 1
            self.made.append((digest_id, digest))
            for (channel, recipient), stories in stories_by_recipient.items():
                for story_id, development_id in stories:
                    key = (digest.name, channel, recipient, story_id)
                    if digest.stories:
                        self.told_at[key] = now
                    self.told[key] = max(self.told.get(key, 0), development_id)
            for draft in drafts:
                delivery_id = len(self.rows) + 1
                self.rows[delivery_id] = Delivery(
                    id=delivery_id,
                    digest_id=digest_id,
                    digest_key=digest.key,
                    channel=draft.channel,
                    recipient=draft.recipient,
                    part=draft.part,
                    message_id=draft.message_id,
                    in_reply_to=draft.in_reply_to,
                    state=DeliveryState.READY,
                    attempts=0,
                    created_at=now,
                    next_try_at=now,
                )
            return digest_id

    def claim(self, now: datetime, *, limit: int = 100, digest_id: int | None = None) -> list[Delivery]:
        with self._lock:
            ready = [r for r in self.rows.values() if r.state is DeliveryState.READY and (r.next_try_at or now) <= now]
            ready = [r for r in ready if digest_id in (None, r.digest_id)]
            for row in ready[:limit]:
                self.rows[row.id] = replace(
                    row,
                    state=DeliveryState.SENDING,
                    attempts=row.attempts + 1,
                    started_at=row.started_at if row.attempts else now,
                    next_try_at=None,
                )
            return [self.rows[row.id] for row in ready[:limit]]

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
        with self._lock:
            row = self.rows[delivery_id]
            self.rows[delivery_id] = replace(
                row,
                state=state,
                code=code,
                error=error,
                receipt=receipt,
                next_try_at=next_try_at,
                sent_at=now if state is DeliveryState.SENT else row.sent_at,
                silences=row.silences + silent,
            )

    def renew(self, delivery_id: int, now: datetime) -> None:
        with self._lock:
            fresh = {"state": DeliveryState.READY, "attempts": 0, "silences": 0, "code": None, "error": None}
            self.rows[delivery_id] = replace(self.rows[delivery_id], next_try_at=now, **fresh)  # type: ignore[arg-type]

    def last_receipt(self, channel: str, recipient: str) -> str | None:
        mine = [r for r in self.rows.values() if (r.channel, r.recipient) == (channel, recipient)]
        return next((r.receipt for r in reversed(mine) if r.state is DeliveryState.SENT), None)

    def recover(self, now: datetime) -> list[Delivery]:
        with self._lock:
            for row in [r for r in self.rows.values() if r.state is DeliveryState.SENDING]:
                words = "the program ended while it was being sent"
                self.rows[row.id] = replace(row, state=DeliveryState.UNCERTAIN, error=words)
            return [r for r in self.rows.values() if r.state is DeliveryState.UNCERTAIN]

    def list(
        self, *, states: Sequence[DeliveryState] = (), digest: str | None = None, limit: int = 100
    ) -> builtins.list[Delivery]:
        names = {digest_id: d.name for digest_id, d in self.made}
        found = [
            row
            for row in reversed(self.rows.values())
            if (not states or row.state in states) and digest in (None, names[row.digest_id], row.digest_key)
        ]
        return found[:limit]

    def digests(self, *, name: str | None = None, limit: int = 50) -> builtins.list[dict[str, Any]]:
        found = [
            {"id": digest_id, "name": d.name, "key": d.key, "due_at": d.due_at, "stories": len(d.stories)}
            for digest_id, d in reversed(self.made)
            if name in (None, d.name)
        ]
        return found[:limit]

    def message_id_of(self, story_id: int, digest: str, channel: str, recipient: str) -> str | None:
        first = self._first(story_id, digest, channel, recipient)
        return first.message_id if first is not None else None

    def thread_of(self, story_id: int, digest: str, channel: str, recipient: str) -> str | None:
        first = self._first(story_id, digest, channel, recipient)
        return first.thread if first is not None else None

    def _first(self, story_id: int, digest: str, channel: str, recipient: str) -> Delivery | None:
        for row in reversed(self.list(digest=digest, limit=len(self.rows))):
            if (row.channel, row.recipient) == (channel, recipient) and story_id in row.part.story_ids:
                return row
        return None

    def last_told(self, digest: str, recipient: str, channel: str, story_ids: Sequence[int]) -> dict[int, datetime]:
        keys = {i: (digest, channel, recipient, i) for i in story_ids}
        return {i: self.told_at[key] for i, key in keys.items() if key in self.told_at}

    def suppressed(self, recipients: Sequence[str]) -> set[str]:
        return {r for r in recipients if r.casefold() in self.unsubscribed}

    def suppress(self, recipient: str, now: datetime, why: str) -> None:
        self.unsubscribed[recipient.casefold()] = why


class SilentLog:
    """A structured logger that keeps what it was told: (level, event, fields)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def _say(self, level: str, event: str, **fields: Any) -> None:
        self.lines.append((level, event, fields))

    def debug(self, event: str, **fields: Any) -> None:
        self._say("debug", event, **fields)

    def info(self, event: str, **fields: Any) -> None:
        self._say("info", event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._say("warning", event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        self._say("error", event, **fields)

    def exception(self, event: str, **fields: Any) -> None:
        self._say("error", event, **fields)
