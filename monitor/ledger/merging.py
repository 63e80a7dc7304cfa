"""Mentions of one record to facts: one value once, with all its evidence, the best-supported first. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from monitor.ledger.companies import CompanyIndex
from monitor.ledger.grouping import Group, grouped
from monitor.ledger.judging import judge
from monitor.ledger.launches import read_model_name
from monitor.ledger.mentions import PARTIES, Mention
from monitor.types import Fact

#: order of a record's fields
FIELDS = (
    "developer", "model", "product", "family", "version", "size", "licence", "openness", "recipient", "acquirer",
    "target", "partner", "investor", "amount", "valuation", "total", "round", "stake",
)  # fmt: skip
#: roles of one event that one entity cannot both have
_OPPOSITES = (("recipient", "investor"), ("acquirer", "target"))


def merge_mentions(mentions: Sequence[Mention], companies: CompanyIndex) -> tuple[Fact, ...]:
    """Facts of one record from its mentions, in the order of FIELDS; within a field the best-supported value leads.

    What cannot be true beside the rest of the record is left out (`judging`).
    """
    groups: dict[str, list[Group]] = {}
    for field in FIELDS:
        of_field = [m for m in mentions if m.field == field]
        sure = [m for m in of_field if not m.guess]
        # what only the words say counts where the model says nothing
        groups[field] = sorted(grouped(field, sure or of_field), key=lambda g: g.support, reverse=True)
    _settle_opposites(groups)
    judge(groups, companies)
    _follow_model(groups)
    return tuple(_fact(field, group) for field in FIELDS for group in groups[field])


def _settle_opposites(groups: dict[str, list[Group]]) -> None:
    """An entity that is read as recipient and as investor keeps the role with more support."""
    for one, other in _OPPOSITES:
        sides = {role: {m.key: g for g in groups[role] for m in g.mentions} for role in (one, other)}
        for key in sides[one].keys() & sides[other].keys():
            first, second = sides[one][key], sides[other][key]
            loser = other if first.support >= second.support else one
            groups[loser] = [rest for g in groups[loser] if (rest := _without(g, key)) is not None]


def _without(group: Group, key: str) -> Group | None:
    kept = tuple(m for m in group.mentions if m.key != key)
    return Group(kept[0].key, kept) if kept else None


def _follow_model(groups: dict[str, list[Group]]) -> None:
    """Family, version and size are those of the leading model: of others they would be wrong beside it."""
    if not groups["model"]:
        for field in ("family", "version", "size"):
            groups[field] = [g for g in groups[field] if "/" not in g.key]
        return
    keys = {m.key for m in groups["model"][0].mentions}
    parts = read_model_name(groups["model"][0].value)
    for field in ("family", "version", "size"):
        kept = [g for g in groups[field] if "/" not in g.key or g.key.rsplit("/", 1)[0] in keys]
        lead = groups["model"][0].mentions[0].key
        written = groups["model"][0].value
        kept.sort(key=lambda g: (not g.key.startswith(f"{lead}/"), not written.startswith(g.mentions[0].value)))
        joined = _joined_values(kept)
        # of several spellings of its name the leading one says how it is taken apart
        said = {"family": parts.family, "version": parts.version}.get(field)
        groups[field] = [g for g in joined if any(m.value == said for m in g.mentions)] or joined


def _joined_values(groups: list[Group]) -> list[Group]:
    """Groups whose canonical value is the same become one."""
    by_value: dict[str, Group] = {}
    for group in groups:
        value = re.sub(r"[\s-]+", " ", group.mentions[0].value.casefold())
        # "Opus" is said of what is called "Claude Opus"
        value = next((known for known in by_value if known.endswith(f" {value}")), value)
        old = by_value.get(value)
        by_value[value] = Group(old.key, (*old.mentions, *group.mentions)) if old else group
    return list(by_value.values())


def _fact(field: str, group: Group) -> Fact:
    lead = group.mentions[0]
    evidence = {(m.evidence.entry_id, m.evidence.field, m.evidence.start): m for m in group.mentions}
    ordered = sorted(
        evidence.values(), key=lambda m: (-m.authority, m.evidence.field != "title", m.at, m.evidence.entry_id)
    )
    value = lead.value
    if lead.entity is None and field in PARTIES:
        # an unknown company is written as most outlets write it
        longest = max(len(m.value) for m in group.mentions)
        value = Counter(m.value for m in group.mentions if len(m.value) == longest).most_common(1)[0][0]
    return Fact(
        field=field,
        value=value,
        entity_id=lead.entity.id if lead.entity else None,
        amount=replace(lead.amount) if lead.amount else None,
        usd=lead.usd,
        evidence=tuple(m.evidence for m in ordered),
    )
