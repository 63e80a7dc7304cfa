"""Names to entities: canonical names, numbers, and what an entity owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.marks import key_of
from monitor.archive.sql import chunks
from monitor.archive.tables import entities, entity_aliases
from monitor.query import Query

#: owners of owners
_DEPTH: Final = 4


def canonical_names(connection: Connection, query: Query) -> Query:
    """The query with its companies by their canonical names, and with what they own: Amazon means AWS, too.

    An unknown name stays as it was written.
    """
    asked = [*query.companies, *query.without_companies]
    if not asked:
        return query
    names = {name: _house(connection, name) for name in asked}
    return replace(
        query,
        companies=tuple(dict.fromkeys(n for c in query.companies for n in names[c])),
        without_companies=tuple(dict.fromkeys(n for c in query.without_companies for n in names[c])),
    )


def _house(connection: Connection, name: str) -> list[str]:
    """The canonical name behind any name of an entity, then the names of what it owns."""
    canonical = canonical_name(connection, name)
    found = connection.execute(sa.select(entities.c.id, entities.c.name).where(_in(_owned(connection, [canonical]))))
    return [canonical, *sorted(row.name for row in found)]


def _in(numbers: Sequence[int]) -> sa.ColumnElement[bool]:
    return entities.c.id.in_(numbers)


def canonical_name(connection: Connection, name: str) -> str:
    """The canonical name behind any name of an entity."""
    number = resolve(connection, name)
    if number is None:
        return name
    return str(connection.execute(sa.select(entities.c.name).where(entities.c.id == number)).scalar_one())


def entity_ids(connection: Connection, names: Sequence[str]) -> list[int]:
    """Ids of the entities of these names and of all that they own, unknown names left out."""
    numbers = [n for n in (resolve(connection, name) for name in names) if n is not None]
    if not numbers:
        return []
    owners = connection.scalars(sa.select(entities.c.name).where(_in(numbers))).all()
    return sorted({*numbers, *_owned(connection, owners)})


def _owned(connection: Connection, owners: Sequence[str]) -> list[int]:
    """Ids of what these own, and of what that owns (a house, its unit, the unit's product house)."""
    found: dict[int, None] = {}
    for _ in range(_DEPTH):
        if not owners:
            break
        owned = sa.select(entities.c.id, entities.c.name).where(
            entities.c.owner.in_(owners), entities.c.merged_into.is_(None)
        )
        rows = [row for row in connection.execute(owned) if row.id not in found]
        found.update((row.id, None) for row in rows)
        owners = [row.name for row in rows]
    return list(found)


def by_keys(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Entities by the keys of their names, of names that were merged into them, and of their strong aliases."""
    found: dict[str, int] = {}
    a = entity_aliases.c
    for part in chunks(sorted(set(keys)), 5000):
        aliases = sa.select(a.key, a.entity_id).where(a.key.in_(part), ~a.weak).order_by(a.entity_id.desc())
        found.update((row.key, row.entity_id) for row in connection.execute(aliases))
        query = sa.select(entities.c.key, entities.c.id, entities.c.merged_into).where(entities.c.key.in_(part))
        found.update((row.key, row.merged_into or row.id) for row in connection.execute(query))
    return found


def resolve(connection: Connection, name: str) -> int | None:
    """An entity's number: by name, else by a strong alias, else by a weak one, else by number."""
    key = key_of(name)
    if number := by_keys(connection, [key]).get(key):
        return number
    query = sa.select(entity_aliases.c.entity_id).where(entity_aliases.c.key == key)
    number = connection.execute(query.order_by(entity_aliases.c.weak, entity_aliases.c.entity_id)).scalar()
    if number is None and name.strip().isdecimal() and len(name.strip()) < 18:
        row = connection.execute(
            sa.select(entities.c.id, entities.c.merged_into).where(entities.c.id == int(name))
        ).first()
        return None if row is None else row.merged_into or row.id
    return number


def unknown(connection: Connection, name: str) -> str:
    """The words of an error for a name that nobody bears."""
    start = key_of(name)[:3]
    like = sa.select(entities.c.name).where(
        entities.c.key.startswith(start, autoescape=True), entities.c.merged_into.is_(None)
    )
    near = connection.scalars(like.order_by(entities.c.name).limit(4)).all() if start else []
    hint = f"did you mean {', '.join(near)}?" if near else "`monitor companies list` shows those that are"
    return f"no company, person or model {name!r} is known: {hint}"
