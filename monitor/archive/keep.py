"""Keeping the archive: checks, counts, pruning, cleaning up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive import copies, forgetting, schema
from monitor.archive.engine import Database
from monitor.archive.sql import flagged, insert_into, upsert
from monitor.archive.tables import (
    classifications,
    deliveries,
    digest_stories,
    digests,
    entities,
    entries,
    entry_search,
    feeds,
    meta,
    past_keys,
    records,
    set_aside,
    stories,
)

_PRUNED_AT_ONCE: Final = 2000
#: a digest is kept for so much longer than the stories that it told: the longest look-back is two months
_LOOK_BACK: Final = timedelta(days=62)
#: states of a delivery on which something is still to be done
_OPEN: Final = ("ready", "sending", "uncertain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What `prune` took away."""

    entries: int
    stories: int
    digests: int


class Keep:
    """What `db`, `doctor` and the daemon ask for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revision(self) -> str | None:
        """The archive's schema; None: none yet."""
        return schema.revision_of(self._database)

    def backup(self, path: Path) -> Path:
        """A whole, checked copy in a file. Raises CannotCreate; Unavailable where PostgreSQL has no pg_dump."""
        return copies.copy_to(self._database, path)

    def restore(self, path: Path) -> None:
        """Makes a backup the archive; the monitor must not be running. Raises NotFound, DataError, ArchiveError."""
        copies.restore_from(self._database, path)

    def check(self) -> list[str]:
        """What is wrong with the archive, one line each; empty: all is well. Reads everything: minutes for millions."""
        problems: list[str] = []
        with self._database.read() as connection:
            if self._database.is_sqlite:
                problems += _sqlite_problems(connection)
            problems += _lost_rows(self._database, connection)
        if self._database.is_sqlite and not self._database.read_only:
            problems += self._search_problems()
        return problems

    def stats(self) -> dict[str, Any]:
        """Counts, sizes and the ends of time, by name."""
        counted = {"feeds": feeds, "entries": entries, "stories": stories, "entities": entities, "digests": digests}
        counted |= {"deliveries": deliveries, "classified": classifications, "former_keys": past_keys}
        counted["set_aside"] = set_aside
        found: dict[str, Any] = {}
        with self._database.read() as connection:
            for name, table in counted.items():
                found[name] = connection.scalar(sa.select(sa.func.count()).select_from(table))
            waiting = sa.select(sa.func.count()).select_from(entries).where(flagged(entries.c.pending))
            found["pending"] = connection.scalar(waiting)
            deals = sa.select(records.c.is_deal, sa.func.count()).group_by(records.c.is_deal)
            by_kind = {row[0]: row[1] for row in connection.execute(deals)}
            found |= {"deals": by_kind.get(True, 0), "launches": by_kind.get(False, 0)}
            ends = sa.select(sa.func.min(entries.c.first_seen_at), sa.func.max(entries.c.first_seen_at))
            found["first_seen_at"], found["last_seen_at"] = connection.execute(ends).one()
            found["bytes"] = self._size(connection)
        return found | {"schema": self.revision(), "database": self._database.name}

    def prune(self, older_than: datetime) -> Pruned:
        """Removes entries seen before then with their stories, and digests due before then.

        Their keys stay, so that none comes back as new. The ledger stays: a deal or launch keeps its story's head, its
        facts and their quotes. Pinned stories, and stories seen since, stay whole. Of digests those stay that say what
        must not be sent again: the last of each name, and those that told a story which may come up again. In many
        short transactions, so that a running monitor is not kept waiting.
        """
        gone, before = 0, self._count(stories)
        while part := self._prune_some(older_than):
            gone += part
        with self._database.write() as connection:
            empty = ~sa.exists().where(entries.c.story_id == stories.c.id)
            told = sa.exists().where(records.c.story_id == stories.c.id)
            old = sa.and_(stories.c.last_seen_at < older_than, stories.c.merged_into.is_(None), empty, ~told)
            connection.execute(sa.delete(stories).where(old, ~stories.c.pinned))
            over = sa.and_(digests.c.due_at < older_than, _settled(), _followed(), ~_told_of(older_than - _LOOK_BACK))
            sent = connection.execute(sa.delete(digests).where(over)).rowcount
        return Pruned(entries=gone, stories=before - self._count(stories), digests=sent)

    def forget_deliveries(self, older_than: datetime) -> int:
        """Drops the rendered parts of the outbox that were made before then and are settled; how many.

        What went to whom stays known: nothing is sent again.
        """
        c = deliveries.c
        settled = sa.and_(c.created_at < older_than, c.state.not_in(_OPEN))
        with self._database.write() as connection:
            return connection.execute(sa.delete(deliveries).where(settled)).rowcount

    def forget_vectors(self, older_than: datetime, *, loose: bool = False) -> int:
        """Drops the vectors of entries too old to be matched with: most of what an entry weighs; how many.

        loose: only of entries that are in no story, whose vectors only topics read.
        """
        old = sa.select(entries.c.id).where(entries.c.first_seen_at < older_than)
        if loose:
            old = old.where(entries.c.story_id.is_(None))
        c = classifications.c
        with self._database.write() as connection:
            update = sa.update(classifications).where(c.vector.is_not(None), c.entry_id.in_(old)).values(vector=None)
            return connection.execute(update).rowcount

    def forget_keys(self, unlisted_for: timedelta, now: datetime) -> int:
        """Drops keys of pruned entries that their feed has not listed for so long; how many."""
        return forgetting.forget_keys(self._database, unlisted_for, now)

    def vacuum(self) -> None:
        """Gives free space back and brings the planner's figures up to date. SQLite: nobody may write meanwhile."""
        from monitor.archive.failures import explained

        engine = self._database.engine
        with explained(self._database):
            if self._database.is_postgres:
                with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(sa.text("VACUUM (ANALYZE)"))
                return
            raw = engine.raw_connection()
            try:
                driver: Any = raw.driver_connection
                for words in ("INSERT INTO entries_fts(entries_fts) VALUES ('optimize')", "VACUUM", "ANALYZE"):
                    driver.execute(words).close()
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                raw.close()

    def optimize(self) -> None:
        """A little of the same, quick enough to be done daily by a running monitor."""
        from monitor.archive.failures import explained

        with explained(self._database):
            if self._database.is_postgres:
                with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(sa.text("ANALYZE"))
                return
            with self._database.write() as writer:
                # it looks at so many rows of an index, not at all of them
                writer.exec_driver_sql("PRAGMA analysis_limit=1000")
                writer.exec_driver_sql("PRAGMA optimize")

    def get(self, key: str) -> str | None:
        """A small note of the program's own: the model in use, the last heartbeat."""
        with self._database.read() as connection:
            value: str | None = connection.scalar(sa.select(meta.c.value).where(meta.c.key == key))
        return value

    def put(self, key: str, value: str) -> None:
        """Writes such a note."""
        with self._database.write() as connection:
            connection.execute(upsert(self._database, meta, ["key"], ["value"]), [{"key": key, "value": value}])

    def ping(self) -> None:
        """The shortest possible question. Raises ArchiveError when the archive does not answer."""
        with self._database.read() as connection:
            connection.execute(sa.text("SELECT 1")).scalar()

    def _count(self, table: sa.Table) -> int:
        with self._database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    def _size(self, connection: Connection) -> int:
        if self._database.is_postgres:
            return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar() or 0)
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar() or 0)

    def _prune_some(self, older_than: datetime) -> int:
        c = entries.c
        kept = sa.select(stories.c.id).where(sa.or_(stories.c.last_seen_at >= older_than, stories.c.pinned))
        free = sa.or_(c.story_id.is_(None), c.story_id.not_in(kept))
        old = sa.select(c.id, c.feed_id, c.guid_hash, c.link_hash, c.content_hash, c.revision)
        old = old.where(c.first_seen_at < older_than, ~c.pending, free).order_by(c.id).limit(_PRUNED_AT_ONCE)
        with self._database.write() as connection:
            rows = connection.execute(old).all()
            if not rows:
                return 0
            names = ("feed_id", "guid_hash", "link_hash", "content_hash", "revision")
            stones = [{"entry_id": row.id, **{name: getattr(row, name) for name in names}} for row in rows]
            connection.execute(insert_into(self._database, past_keys), stones)
            ids = [row.id for row in rows]
            connection.execute(sa.delete(entries).where(c.id.in_(ids)))
            if self._database.is_postgres:
                connection.execute(sa.delete(entry_search).where(entry_search.c.entry_id.in_(ids)))
        return len(rows)

    def _search_problems(self) -> Iterable[str]:
        with self._database.write() as connection:
            try:
                connection.exec_driver_sql("INSERT INTO entries_fts(entries_fts, rank) VALUES ('integrity-check', 1)")
            except sa.exc.DatabaseError as error:
                return [f"the full-text index differs from the entries ({error.orig}): `monitor db check --repair`"]
        return []

    def rebuild_search(self, progress: Any = None) -> None:
        """Makes the full-text index anew from the entries."""
        from monitor.archive.textindex import index_entries

        with self._database.write() as connection:
            if self._database.is_sqlite:
                connection.exec_driver_sql("INSERT INTO entries_fts(entries_fts) VALUES ('rebuild')")
                return
            connection.execute(sa.delete(entry_search))
            last = 0
            while True:
                shown = [entries.c[name] for name in ("id", "title", "summary", "marks")]
                query = sa.select(*shown).where(entries.c.id > last).order_by(entries.c.id).limit(2000)
                rows = connection.execute(query).all()
                if not rows:
                    return
                index_entries(self._database, connection, [(r.id, r.title, r.summary, r.marks) for r in rows])
                last = rows[-1].id


def _settled() -> Any:
    """Nothing of the digest is still to be sent."""
    return ~sa.exists().where(deliveries.c.digest_id == digests.c.id, deliveries.c.state.in_(_OPEN))


def _followed() -> Any:
    """A later digest has its name: the last one says when the next is due, and that an alert has begun."""
    later = digests.alias("later")
    return sa.exists().where(later.c.name == digests.c.name, later.c.due_at > digests.c.due_at)


def _told_of(since: datetime) -> Any:
    """The digest told a story that stands and was seen since then."""
    told = sa.and_(digest_stories.c.digest_id == digests.c.id, stories.c.id == digest_stories.c.story_id)
    return sa.exists().where(told, stories.c.last_seen_at >= since)


def _sqlite_problems(connection: Connection) -> list[str]:
    verdicts = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    problems = [f"integrity: {words}" for words in verdicts if words != "ok"]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return problems + [f"a row of {row[0]} ({row[1]}) has lost its {row[2]}" for row in orphans[:20]]


def _lost_rows(database: Database, connection: Connection) -> list[str]:
    problems = []
    lone = sa.select(sa.func.count()).where(
        stories.c.merged_into.is_(None),
        ~sa.exists().where(entries.c.story_id == stories.c.id),
        ~sa.exists().where(records.c.story_id == stories.c.id),
    )
    if count := connection.scalar(lone):
        problems.append(f"{count} stories have no entry")
    if database.is_postgres:
        unseen = sa.select(sa.func.count()).where(~sa.exists().where(entry_search.c.entry_id == entries.c.id))
        if count := connection.scalar(unseen.select_from(entries)):
            problems.append(f"{count} entries are not in the full-text index: `monitor db check --repair`")
    return problems
