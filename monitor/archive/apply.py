"""One understanding of a batch, written in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive import aside, hands, rows
from monitor.archive.engine import Database
from monitor.archive.marking import mark_entries, write_publishers
from monitor.archive.records import replace_records
from monitor.archive.sql import chunks, upsert
from monitor.archive.tables import (
    classifications,
    decisions,
    developments,
    entries,
    entry_topics,
    records,
    stories,
)
from monitor.errors import StoryChanged
from monitor.types import Classification, Development, StoryUpdate

_LABELS = ("model_id", "scores", "tags", "possible", "status", "status_score", "spans", "vector", "at", "near_miss")
#: what is read longer than this after it came is news from when it is read: no look-back would reach it any more
LATE: Final = timedelta(hours=1)


class Understanding:
    """The steps of StoryStore.apply."""

    def __init__(self, database: Database, connection: Connection, now: datetime) -> None:
        self._database = database
        self._connection = connection
        self._now = now

    def store(
        self,
        found: Mapping[int, Classification],
        topics: Mapping[int, Mapping[str, float]],
        updates: Sequence[StoryUpdate],
        revisions: Mapping[int, int],
    ) -> list[int]:
        """Story ids in the order of `updates`. Raises StoryChanged; then the transaction is to be rolled back."""
        joining = {d.entry_id for update in updates for d in update.decisions}
        there = self._present({*found, *topics, *joining})
        ids = [self._story_id(update, there) for update in updates]
        overtaken = _overtaken(updates, ids, there)
        left = self._join(updates, ids, there)
        self._unchanged(updates, ids, there)
        late = self._late(updates, ids, there)
        self._classify({n: c for n, c in found.items() if n in there}, revisions)
        self._topics({n: t for n, t in topics.items() if n in there})
        last = {n: update for n, update in zip(ids, updates, strict=True) if n not in overtaken}
        news = self._news(last, late)
        for story_id, update in last.items():
            values = rows.story_values(update.story) | {"news_at": news[story_id]}
            self._connection.execute(sa.update(stories).where(stories.c.id == story_id).values(values))
        self._publishers(last)
        self._developments(last, there)
        hands.pass_on(self._database, self._connection, self._heirs(updates, ids, there, left))
        replace_records(self._connection, {story_id: update.story.records for story_id, update in last.items()})
        hands.refresh(self._database, self._connection, sorted((left - set(ids)) | overtaken))
        self._sums(list(last))
        mark_entries(self._database, self._connection, sorted({*last, *left}), also=sorted(there))
        return ids

    def _present(self, entry_ids: Iterable[int]) -> dict[int, Any]:
        """Those of the entries that still exist, with their story and whether a person put them there."""
        shown = [entries.c[name] for name in ("id", "story_id", "placed_by_hand", "announce", "first_seen_at")]
        found: dict[int, Any] = {}
        for part in chunks(sorted(entry_ids), 5000):
            found.update(
                (row.id, row) for row in self._connection.execute(sa.select(*shown).where(entries.c.id.in_(part)))
            )
        return found

    def _story_id(self, update: StoryUpdate, there: Mapping[int, Any]) -> int:
        """The story that is meant: the named one or what became of it; one that an earlier try made; or a new one."""
        if update.story_id is not None:
            target = hands.targets(self._connection, [update.story_id]).get(update.story_id)
            if target is not None:
                return target
        homes = {there[d.entry_id].story_id for d in update.decisions if d.entry_id in there}
        if update.decisions and not update.begins and len(homes) == 1 and (home := homes.pop()) is not None:
            return int(home)
        values = rows.story_values(update.story) | {"pinned": update.story.pinned, "muted": update.story.muted}
        return int(self._connection.execute(sa.insert(stories).values(values).returning(stories.c.id)).scalar_one())

    def _join(self, updates: Sequence[StoryUpdate], ids: Sequence[int], there: Mapping[int, Any]) -> set[int]:
        """Puts entries into their stories and says which other stories lost one."""
        moves, reasons, left = [], [], set[int]()
        for story_id, update in zip(ids, updates, strict=True):
            for decision in update.decisions:
                row = there.get(decision.entry_id)
                if row is None or _stays(row, story_id):
                    continue
                if row.story_id != story_id:
                    moves.append({"b_id": row.id, "b_story": story_id})
                    if row.story_id is not None:
                        left.add(row.story_id)
                reasons.append(
                    {
                        "entry_id": row.id,
                        "story_id": story_id,
                        "score": float(decision.score),
                        "reason": decision.reason,
                        "numbers": {name: round(float(value), 5) for name, value in decision.numbers.items()},
                        "at": self._now,
                        "by_hand": False,
                    }
                )
        if moves:
            move = (
                sa.update(entries).where(entries.c.id == sa.bindparam("b_id")).values(story_id=sa.bindparam("b_story"))
            )
            self._connection.execute(move, moves)
        self._reasons(reasons)
        return left

    def _unchanged(self, updates: Sequence[StoryUpdate], ids: Sequence[int], there: Mapping[int, Any]) -> None:
        """Nobody gave a story an entry or a step, or took one, since an update was made from it. Raises StoryChanged.

        What an update says of a story as a whole would undo what the other writer said.
        """
        asked = [(n, update) for n, update in zip(ids, updates, strict=True) if update.entries_before is not None]
        members, steps = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
        for part in chunks(sorted({story_id for story_id, _ in asked}), 5000):
            for found, table in ((members, entries), (steps, developments)):
                for row in self._connection.execute(
                    sa.select(table.c.story_id, table.c.id).where(table.c.story_id.in_(part))
                ):
                    found[row.story_id].add(row.id)
        for story_id, update in asked:
            joined = {decision.entry_id for decision in update.decisions}
            free = all(number in there and there[number].story_id is None for number in joined)
            here = members[story_id] == (update.entries_before or frozenset()) | joined
            if not (free and here and steps[story_id] == update.steps_before):
                raise StoryChanged(f"story {story_id} was changed by another program meanwhile: try again")

    def _late(self, updates: Sequence[StoryUpdate], ids: Sequence[int], there: Mapping[int, Any]) -> set[int]:
        """Stories with an announced entry that is read for the first time, long after it came."""
        home = {
            decision.entry_id: story_id
            for story_id, update in zip(ids, updates, strict=True)
            for decision in update.decisions
            if update.live
            and (row := there.get(decision.entry_id)) is not None
            and row.announce
            and self._now - row.first_seen_at > LATE
        }
        read = set[int]()
        for part in chunks(sorted(home), 5000):
            known = sa.select(classifications.c.entry_id).where(classifications.c.entry_id.in_(part))
            read.update(self._connection.scalars(known))
        return {story_id for number, story_id in home.items() if number not in read}

    def _news(self, last: Mapping[int, StoryUpdate], late: set[int]) -> dict[int, datetime | None]:
        """When each story was news last. One that was news late stays so when it is told again from its entries."""
        news = {story_id: update.story.news_at for story_id, update in last.items()}
        grown = [n for n, told in news.items() if told is not None and last[n].entries_before is not None]
        for part in chunks(grown, 5000):
            for row in self._connection.execute(
                sa.select(stories.c.id, stories.c.news_at).where(stories.c.id.in_(part))
            ):
                moments = (news[row.id], row.news_at, self._now if row.id in late else None)
                news[row.id] = max(filter(None, moments))
        return news

    def _heirs(
        self, updates: Sequence[StoryUpdate], ids: Sequence[int], there: Mapping[int, Any], left: set[int]
    ) -> list[tuple[int, int]]:
        """(former story, story) where the one became the other: the former is empty now, or the other began of it.

        A story that only lost some of its entries to one that stood already says nothing of what that one told.
        """
        full = set(self._connection.scalars(sa.select(entries.c.story_id).where(entries.c.story_id.in_(left))))
        heirs = set()
        for story_id, update in zip(ids, updates, strict=True):
            former = {there[d.entry_id].story_id for d in update.decisions if d.entry_id in there} - {story_id}
            began = update.begins and None not in former
            heirs |= {(old, story_id) for old in former & left if began or old not in full}
        return sorted(heirs)

    def _reasons(self, reasons: Sequence[dict[str, Any]]) -> None:
        """The last reason of the matcher for an entry counts; a person's stay beside it."""
        for part in chunks([r["entry_id"] for r in reasons], 5000):
            self._connection.execute(sa.delete(decisions).where(decisions.c.entry_id.in_(part), ~decisions.c.by_hand))
        if reasons:
            self._connection.execute(sa.insert(decisions), list(reasons))

    def _classify(self, found: Mapping[int, Classification], revisions: Mapping[int, int]) -> None:
        """An entry that its publisher edited while an earlier revision was read stays pending."""
        if not found:
            return
        values = [{"entry_id": n, "at": self._now, **rows.classification_values(c)} for n, c in found.items()]
        self._connection.execute(upsert(self._database, classifications, ["entry_id"], _LABELS), values)
        aside.forget(self._connection, list(found))
        for part in chunks([n for n in found if n not in revisions], 5000):
            self._connection.execute(sa.update(entries).where(entries.c.id.in_(part)).values(pending=False))
        if read := [{"b_id": n, "b_revision": revisions[n]} for n in found if n in revisions]:
            same = sa.and_(entries.c.id == sa.bindparam("b_id"), entries.c.revision == sa.bindparam("b_revision"))
            self._connection.execute(sa.update(entries).where(same).values(pending=False), read)

    def _topics(self, topics: Mapping[int, Mapping[str, float]]) -> None:
        for part in chunks(list(topics), 5000):
            self._connection.execute(sa.delete(entry_topics).where(entry_topics.c.entry_id.in_(part)))
        values = [
            {"entry_id": n, "topic": topic[:128], "score": float(score)}
            for n, scores in topics.items()
            for topic, score in scores.items()
        ]
        if values:
            self._connection.execute(sa.insert(entry_topics), values)

    def _publishers(self, last: Mapping[int, StoryUpdate]) -> None:
        write_publishers(self._connection, {n: [p[0] for p in u.story.publishers] for n, u in last.items()})

    def _developments(self, last: Mapping[int, StoryUpdate], there: Mapping[int, Any]) -> None:
        """Adds, changes and takes away steps; one that stays keeps its id, which says what has been sent."""
        standing: dict[int, dict[tuple[int, str], Any]] = defaultdict(dict)
        for part in chunks(list(last), 5000):
            for row in self._connection.execute(sa.select(developments).where(developments.c.story_id.in_(part))):
                standing[row.story_id][row.entry_id, row.kind] = row
        named = {d.entry_id for update in last.values() for d in update.story.developments} - set(there)
        present = {*there, *self._present(named)}
        for story_id, update in last.items():
            wanted = {(d.entry_id, d.kind.value): d for d in update.story.developments if d.entry_id in present}
            self._steps(story_id, wanted, standing[story_id])

    def _steps(
        self, story_id: int, wanted: Mapping[tuple[int, str], Development], standing: Mapping[tuple[int, str], Any]
    ) -> None:
        gone = [row.id for key, row in standing.items() if key not in wanted]
        if gone:
            self._connection.execute(sa.delete(developments).where(developments.c.id.in_(gone)))
        for key, step in wanted.items():
            values = {"at": step.at, "line": step.line, "follow_up": step.follow_up}
            if key not in standing:
                more = {"story_id": story_id, "entry_id": key[0], "kind": key[1]}
                self._connection.execute(sa.insert(developments).values({**values, **more}))
            elif any(getattr(standing[key], name) != value for name, value in values.items()):
                self._connection.execute(
                    sa.update(developments).where(developments.c.id == standing[key].id).values(values)
                )

    def _sums(self, story_ids: Sequence[int]) -> None:
        """A story's sum is the highest of its records', a person's corrections included."""
        for part in chunks(story_ids, 5000):
            highest = sa.select(sa.func.max(records.c.usd)).where(records.c.story_id == stories.c.id).scalar_subquery()
            has = sa.exists().where(records.c.story_id == stories.c.id)
            self._connection.execute(sa.update(stories).where(stories.c.id.in_(part), has).values(usd=highest))


def _overtaken(updates: Sequence[StoryUpdate], ids: Sequence[int], there: Mapping[int, Any]) -> set[int]:
    """Stories of which a person or a second program made others while the updates were made.

    They take the entries and are counted again; what the updates say of them as a whole is not true any more.
    """
    found = {story_id for story_id, times in Counter(ids).items() if times > 1}
    for story_id, update in zip(ids, updates, strict=True):
        rows_of = [there[d.entry_id] for d in update.decisions if d.entry_id in there]
        if update.story_id not in (None, story_id) or any(_stays(row, story_id) for row in rows_of):
            found.add(story_id)
    return found


def _stays(row: Any, story_id: int) -> bool:
    """A person put the entry somewhere else."""
    return bool(row.placed_by_hand) and row.story_id != story_id
