"""Reads a story's deals and launches with what the archive knows of companies, and gives every party its entity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from monitor.ledger.amounts import RateTable
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.entities import shipped_entities
from monitor.ledger.facts import Member, read_records
from monitor.ledger.naming import kind_of
from monitor.protocols import Clock
from monitor.types import LedgerRecord, Role

PARTIES: Final = frozenset(
    str(role) for role in (Role.DEVELOPER, Role.RECIPIENT, Role.INVESTOR, Role.ACQUIRER, Role.TARGET, Role.PARTNER)
)
#: names that a person changed in the archive are taken up after so many seconds
FRESH: Final = 300.0

Rows = Sequence[tuple[str, str, str | None, Sequence[tuple[str, bool]]]]


class Entities(Protocol):
    """What it needs of the archive's entities."""

    def entities(self) -> list[dict[str, Any]]: ...
    def ensure_entities(self, wanted: Sequence[tuple[str, str]]) -> list[int]: ...
    def describe(self, rows: Rows) -> None: ...


class Bookkeeper:
    """Called with a story's members it gives their records, each party with its entity's number."""

    def __init__(self, entities: Entities, clock: Clock, *, rates: Path | None = None) -> None:
        self._entities = entities
        self._clock = clock
        self._rates = RateTable.load(rates)
        self._ids: dict[str, int] = {}
        self._read_at = float("-inf")
        self._companies = CompanyIndex(())

    def seed(self) -> None:
        """Puts the companies that ship into the archive, where they are not yet. What a person changed stays."""
        self._entities.describe(
            [
                (e.name, e.kind, e.parent, [*((a, False) for a in e.aliases), *((w, True) for w in e.weak)])
                for e in shipped_entities()
            ]
        )

    def refresh(self) -> None:
        """Takes up names that the archive has learned or that a person has changed, every few minutes."""
        now = self._clock.monotonic()
        if now - self._read_at >= FRESH:
            self._companies = CompanyIndex.load(self._entities.entities())
            self._ids.clear()
            self._read_at = now

    def __call__(self, members: Sequence[Member], tags: Sequence[str]) -> tuple[LedgerRecord, ...]:
        """The deals and launches of a story with these tags, from all its entries."""
        records = read_records(members, self._companies, self._rates, tags)
        names = {f.value for r in records for f in r.facts if f.field in PARTIES and f.entity_id is None}
        unknown = sorted(names - self._ids.keys())
        if unknown:
            numbers = self._entities.ensure_entities([(name, kind_of(name)) for name in unknown])
            self._ids.update(zip(unknown, numbers, strict=True))
        return tuple(self._with_ids(record) for record in records) if names else records

    def _with_ids(self, record: LedgerRecord) -> LedgerRecord:
        facts = tuple(
            replace(f, entity_id=self._ids[f.value]) if f.field in PARTIES and f.entity_id is None else f
            for f in record.facts
        )
        return replace(record, facts=facts)

    def names_in(self, text: str) -> frozenset[str]:
        """Canonical names of the companies that a text names, for the matcher."""
        return frozenset(name for _, _, name in self._companies.find(text))
