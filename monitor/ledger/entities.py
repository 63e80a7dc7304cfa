"""Entities as data: the shipped file of companies, and what the archive has learnt on top of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from monitor.errors import DataError

KINDS = frozenset({"company", "lab", "investor", "university", "government"})
_COLUMNS = ("name", "kind", "domain", "aliases", "weak", "signals", "parent", "products")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A company, lab, investor, university or government and the names it goes by."""

    name: str
    #: company, lab, investor, university or government
    kind: str = "company"
    #: home page, the source of the entry
    domain: str = ""
    #: names that mean it wherever they stand
    aliases: tuple[str, ...] = ()
    #: names that are also other things, and need a second signal
    weak: tuple[str, ...] = ()
    #: the words that give that signal; none: any word of the AI trade
    signals: tuple[str, ...] = ()
    #: name of the entity that owns it
    parent: str | None = None
    #: products and model families it makes
    products: tuple[str, ...] = ()
    #: the archive's id, where it has one
    id: int | None = None
    #: it stands in the shipped file (or was made by hand), not only seen once in an entry
    vetted: bool = True

    @property
    def key(self) -> str:
        """The same for spellings that differ in case, spaces and punctuation only."""
        return key_of(self.name)


def key_of(name: str) -> str:
    """A name without case, spaces, accents and punctuation: "Mistral AI" -> "mistralai"."""
    folded = unicodedata.normalize("NFKD", name).casefold().removeprefix("the ")
    return "".join(c for c in folded if c.isalnum())


def shipped_entities() -> tuple[Entity, ...]:
    """The entities of the data file that ships with the monitor. Raises DataError if it is damaged."""
    text = (resources.files("monitor.ledger") / "data" / "companies.tsv").read_text(encoding="utf-8")
    return parse_entities(text.splitlines(), source="companies.tsv")


def parse_entities(lines: Iterable[str], *, source: str) -> tuple[Entity, ...]:
    """Entities of tab-separated lines with a heading; # begins a comment. Raises DataError naming the line."""
    entities = []
    heading: tuple[str, ...] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = tuple(line.rstrip("\n").split("\t"))
        if heading is None:
            heading = cells
            if heading != _COLUMNS:
                raise DataError(
                    f"{source}, line {number}: the heading must be {', '.join(_COLUMNS)}, with tabs between"
                )
            continue
        if len(cells) != len(_COLUMNS) or cells[1] not in KINDS or not cells[0]:
            raise DataError(f"{source}, line {number}: {len(_COLUMNS)} columns with a name and a known kind are needed")
        entities.append(_entity(cells))
    return tuple(entities)


def _entity(cells: Sequence[str]) -> Entity:
    name, kind, domain, aliases, weak, signals, parent, products = cells
    return Entity(
        name=name,
        kind=kind,
        domain=domain,
        aliases=_list(aliases),
        weak=_list(weak),
        signals=_list(signals),
        parent=parent or None,
        products=_list(products),
    )


def _list(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def with_archive(entities: Sequence[Entity], rows: Iterable[Mapping[str, Any]]) -> tuple[Entity, ...]:
    """The entities plus those of the archive (`EntityStore.entities()`: id, name, kind, aliases, owner).

    The archive's word counts: an alias given by hand moves from the entity that had it, and an entity whose name
    became another's alias (`companies merge`) gives that one all its names and products.
    """
    known = {entity.key: entity for entity in entities}
    # alias to the keys of those that have, or had, it: an archive of years brings a hundred thousand names
    holders: dict[str, set[str]] = {}
    for key, entity in known.items():
        _hold(holders, key, entity)
    for row in rows:
        name = str(row["name"])
        aliases = [(str(alias), bool(weak)) for alias, weak in row.get("aliases") or ()]
        old = known.get(key_of(name))
        base = old or Entity(name=name, kind=str(row.get("kind") or "company"), vetted=bool(aliases))
        taken = {key_of(alias) for alias, _ in aliases} - {base.key}
        strong = [alias for alias, weak in aliases if not weak]
        weaker = [alias for alias, weak in aliases if weak]
        products = list(base.products)
        for key in sorted(taken & known.keys()):
            merged = known.pop(key)
            strong += [merged.name, *merged.aliases] if merged.name not in merged.weak else list(merged.aliases)
            weaker += merged.weak
            products += merged.products
        for key in {holder for name in taken for holder in holders.get(name, ())} - {base.key}:
            if key in known:
                known[key] = _without(known[key], taken)
        known[base.key] = replace(
            base,
            id=row.get("id"),
            parent=str(row["owner"]) if row.get("owner") else base.parent,
            aliases=tuple(dict.fromkeys([*base.aliases, *strong])),
            weak=tuple(dict.fromkeys([*base.weak, *(w for w in weaker if w not in strong)])),
            products=tuple(dict.fromkeys(products)),
        )
        _hold(holders, base.key, known[base.key])
    return tuple(known.values())


def _hold(holders: dict[str, set[str]], key: str, entity: Entity) -> None:
    for alias in (*entity.aliases, *entity.weak):
        holders.setdefault(key_of(alias), set()).add(key)


def _without(entity: Entity, keys: set[str]) -> Entity:
    return replace(
        entity,
        aliases=tuple(a for a in entity.aliases if key_of(a) not in keys),
        weak=tuple(a for a in entity.weak if key_of(a) not in keys),
    )
