"""Companies, people, models and products as entities with aliases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.engine import Database
from monitor.archive.marking import mark_entries
from monitor.archive.marks import company_mark, key_of
from monitor.archive.matching import stories_with_marks
from monitor.archive.names import by_keys, canonical_name, canonical_names, entity_ids, resolve, unknown
from monitor.archive.sql import chunks, insert_into, upsert
from monitor.archive.tables import entities, entity_aliases, facts, record_parties, records, stories
from monitor.errors import NotFound, UsageError

__all__ = ["Entities", "canonical_name", "canonical_names", "entity_ids"]


class Entities:
    """The EntityStore of protocols.py, and the hand decisions of `companies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entities(self) -> list[dict[str, Any]]:
        """All that stand: id, name, kind, owner, by_hand, aliases [(alias, weak)]. Those merged away are aliases."""
        with self._database.read() as connection:
            return _described(connection)

    def ensure_entity(self, name: str, kind: str) -> int:
        """The id of the entity of that name in any spelling; a new one if there is none."""
        return self.ensure_entities([(name, kind)])[0]

    def ensure_entities(self, wanted: Sequence[tuple[str, str]]) -> list[int]:
        """(name, kind) pairs to ids, in order, in one transaction."""
        if not wanted:
            return []
        keys = [key_of(name) for name, _ in wanted]
        with self._database.read() as connection:
            found = by_keys(connection, keys)
        if missing := {k: (name, kind) for k, (name, kind) in zip(keys, wanted, strict=True) if k not in found}:
            rows = [
                {"key": k, "name": name, "kind": kind[:32], "by_hand": False} for k, (name, kind) in missing.items()
            ]
            with self._database.write() as connection:
                connection.execute(insert_into(self._database, entities).on_conflict_do_nothing(), rows)
                found |= by_keys(connection, list(missing))
        return [found[k] for k in keys]

    def describe(self, rows: Sequence[tuple[str, str, str | None, Sequence[tuple[str, bool]]]]) -> None:
        """(name, kind, owner, aliases) of a starter list. What a person has changed stays as it is."""
        ids = self.ensure_entities([(name, kind) for name, kind, _, _ in rows])
        with self._database.write() as connection:
            values = [
                {"b_id": number, "b_kind": kind[:32], "b_owner": owner}
                for number, (_, kind, owner, _) in zip(ids, rows, strict=True)
            ]
            untouched = sa.and_(entities.c.id == sa.bindparam("b_id"), ~entities.c.by_hand)
            update = (
                sa.update(entities).where(untouched).values(kind=sa.bindparam("b_kind"), owner=sa.bindparam("b_owner"))
            )
            if values:
                connection.execute(update, values)
            aliases = [
                {"entity_id": number, "key": key_of(alias), "alias": alias, "weak": weak, "by_hand": False}
                for number, (_, _, _, its) in zip(ids, rows, strict=True)
                for alias, weak in its
            ]
            if aliases:
                connection.execute(insert_into(self._database, entity_aliases).on_conflict_do_nothing(), aliases)

    def find(self, name: str) -> dict[str, Any]:
        """The entity of that name, alias or number. Raises NotFound with the nearest by beginning."""
        with self._database.read() as connection:
            number = resolve(connection, name)
            if number is None:
                raise NotFound(unknown(connection, name))
            return _described(connection, number)[0]

    def listing(
        self, *, beginning: str | None = None, kind: str | None = None, limit: int = 100, seen: bool = False
    ) -> list[dict[str, Any]]:
        """id, name, kind, owner, deals, launches, last_at: those with most records first.

        seen: only those of which a deal or launch of the archive tells, not all that a starter list named.
        """
        p = record_parties.c
        count = sa.func.count(sa.distinct(p.record_id))
        shown = [entities.c[name] for name in ("id", "name", "kind", "owner")]
        deals = sa.func.count(sa.distinct(sa.case((p.is_deal, p.record_id))))
        query = (
            sa.select(
                *shown,
                deals.label("deals"),
                (count - deals).label("launches"),
                sa.func.max(p.announced_at).label("last_at"),
            )
            .join(record_parties, p.entity_id == entities.c.id, isouter=not seen)
            .where(entities.c.merged_into.is_(None))
            .group_by(*shown)
            .order_by(count.desc(), entities.c.name)
            .limit(limit)
        )
        if beginning:
            query = query.where(entities.c.key.startswith(key_of(beginning), autoescape=True))
        if kind:
            query = query.where(entities.c.kind == kind)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def add_alias(self, name: str, alias: str, *, weak: bool = False) -> None:
        """Another name of an entity. Raises NotFound; UsageError if it is another entity's."""
        with self._database.write() as connection:
            number = resolve(connection, name)
            if number is None:
                raise NotFound(unknown(connection, name))
            other = resolve(connection, alias)
            if other is not None and other != number:
                raise UsageError(f"{alias!r} is another entity: `monitor companies merge` makes one of two")
            row = {"entity_id": number, "key": key_of(alias), "alias": alias, "weak": weak, "by_hand": True}
            columns = ["alias", "weak", "by_hand"]
            connection.execute(upsert(self._database, entity_aliases, ["entity_id", "key"], columns), [row])

    def remove_alias(self, name: str, alias: str) -> None:
        """Takes a name away from an entity. Raises NotFound."""
        with self._database.write() as connection:
            number = resolve(connection, name)
            same = sa.and_(entity_aliases.c.entity_id == number, entity_aliases.c.key == key_of(alias))
            if number is None or not connection.execute(sa.delete(entity_aliases).where(same)).rowcount:
                raise NotFound(f"{name!r} has no alias {alias!r}: `monitor companies show` lists them")

    def rename(self, name: str, new: str) -> None:
        """Another canonical name; the old one stays as an alias. Raises NotFound, UsageError."""
        with self._database.write() as connection:
            number = resolve(connection, name)
            if number is None:
                raise NotFound(unknown(connection, name))
            other = resolve(connection, new)
            if other is not None and other != number:
                raise UsageError(f"{new!r} is another entity: `monitor companies merge` makes one of two")
            old = connection.execute(sa.select(entities.c.name).where(entities.c.id == number)).scalar_one()
            values = {"name": new, "key": key_of(new), "by_hand": True}
            connection.execute(sa.update(entities).where(entities.c.id == number).values(values))
            _as_alias(self._database, connection, number, old)
            _renamed(self._database, connection, number, [old], new)

    def merge(self, into: str, others: Sequence[str]) -> int:
        """Makes one entity of several; the others' names become aliases, their records go over. Raises NotFound."""
        with self._database.write(lock=2) as connection:
            target = resolve(connection, into)
            if target is None:
                raise NotFound(unknown(connection, into))
            canonical = connection.execute(sa.select(entities.c.name).where(entities.c.id == target)).scalar_one()
            for other in others:
                number = resolve(connection, other)
                if number is None:
                    raise NotFound(unknown(connection, other))
                if number != target:
                    _merge_one(self._database, connection, target, number, canonical)
        return int(target)


def _described(connection: Connection, number: int | None = None) -> list[dict[str, Any]]:
    """All that stand, or the one of that number."""
    names = sa.select(entity_aliases).order_by(entity_aliases.c.entity_id, entity_aliases.c.alias)
    standing = sa.select(entities).where(entities.c.merged_into.is_(None)).order_by(entities.c.id)
    if number is not None:
        names = names.where(entity_aliases.c.entity_id == number)
        standing = standing.where(entities.c.id == number)
    aliases: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for row in connection.execute(names):
        aliases[row.entity_id].append((row.alias, row.weak))
    shown = ("id", "name", "kind", "owner", "by_hand")
    return [
        {**{name: getattr(row, name) for name in shown}, "aliases": aliases[row.id]}
        for row in connection.execute(standing)
    ]


def _as_alias(database: Database, connection: Connection, number: int, name: str) -> None:
    row = {"entity_id": number, "key": key_of(name), "alias": name, "weak": False, "by_hand": True}
    connection.execute(insert_into(database, entity_aliases).on_conflict_do_nothing(), [row])


def _merge_one(database: Database, connection: Connection, target: int, number: int, canonical: str) -> None:
    old = connection.execute(sa.select(entities.c.name).where(entities.c.id == number)).scalar_one()
    aliases = connection.execute(sa.select(entity_aliases).where(entity_aliases.c.entity_id == number)).mappings().all()
    if aliases:
        moved = [{**row, "entity_id": target} for row in aliases]
        connection.execute(insert_into(database, entity_aliases).on_conflict_do_nothing(), moved)
        connection.execute(sa.delete(entity_aliases).where(entity_aliases.c.entity_id == number))
    _as_alias(database, connection, target, old)
    parties = connection.execute(sa.select(record_parties).where(record_parties.c.entity_id == number)).mappings().all()
    if parties:
        connection.execute(sa.delete(record_parties).where(record_parties.c.entity_id == number))
        moved = [{**row, "entity_id": target} for row in parties]
        connection.execute(insert_into(database, record_parties).on_conflict_do_nothing(), moved)
    connection.execute(sa.update(facts).where(facts.c.entity_id == number).values(entity_id=target))
    connection.execute(sa.update(entities).where(entities.c.merged_into == number).values(merged_into=target))
    connection.execute(sa.update(entities).where(entities.c.id == number).values(merged_into=target, by_hand=True))
    connection.execute(sa.update(entities).where(entities.c.owner == old).values(owner=canonical))
    _renamed(database, connection, target, [old], canonical)


def _renamed(database: Database, connection: Connection, number: int, old: Sequence[str], new: str) -> None:
    """Facts and stories of the entity's records say the new name."""
    former = {key_of(name) for name in old}
    connection.execute(sa.update(facts).where(facts.c.entity_id == number, facts.c.value.in_(old)).values(value=new))
    joined = sa.select(records.c.story_id).join(record_parties, record_parties.c.record_id == records.c.id)
    found = set(connection.scalars(joined.where(record_parties.c.entity_id == number)))
    found |= _stories_of(database, connection, old)
    for part in chunks(sorted(found), 1000):
        heads = connection.execute(sa.select(stories.c.id, stories.c.companies).where(stories.c.id.in_(part))).all()
        for row in heads:
            companies = list(dict.fromkeys(new if key_of(c) in former else c for c in row.companies))
            if companies != row.companies:
                connection.execute(sa.update(stories).where(stories.c.id == row.id).values(companies=companies))
    mark_entries(database, connection, sorted(found))


def _stories_of(database: Database, connection: Connection, names: Sequence[str]) -> set[int]:
    """Stories that name these companies without a record of theirs, by the marks of their entries."""
    return stories_with_marks(database, connection, [company_mark(name) for name in names])
