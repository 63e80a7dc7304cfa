"""Mentions of one record to facts: one value once, with all its evidence, the best-supported first. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.ledger.amounts import precision, same_amount
from monitor.ledger.mentions import PARTIES, Mention
from monitor.types import Amount, Fact

#: order of a record's fields
FIELDS = (
    "developer", "model", "product", "family", "version", "size", "licence", "openness", "recipient", "acquirer",
    "target", "partner", "investor", "amount", "valuation", "total", "round", "stake",
)  # fmt: skip
_MONEY = frozenset({"amount", "valuation", "total"})
#: roles of one event that one entity cannot both have
_OPPOSITES = (("recipient", "investor"), ("acquirer", "target"))


@dataclass(frozen=True, slots=True)
class _Group:
    """Mentions that say the same."""

    key: str
    mentions: tuple[Mention, ...]

    @property
    def support(self) -> tuple[float, int, datetime]:
        """Independent publishers weighed by authority, certain reading first; then authority; then recency."""
        best: dict[str, float] = {}
        for m in self.mentions:
            weight = (1 + 0.5 * m.authority) * (1.0 if m.evidence.field == "title" else 0.9)
            best[m.evidence.publisher] = max(best.get(m.evidence.publisher, 0.0), weight)
        return sum(best.values()), max(m.authority for m in self.mentions), max(m.at for m in self.mentions)


def merge_mentions(mentions: Sequence[Mention]) -> tuple[Fact, ...]:
    """Facts of one record from its mentions, in the order of FIELDS; within a field the best-supported value leads."""
    groups: dict[str, list[_Group]] = {}
    for field in FIELDS:
        of_field = [m for m in mentions if m.field == field]
        sure = [m for m in of_field if not m.guess]
        # what only the words say counts where the model says nothing
        grouped = _grouped(field, sure or of_field)
        groups[field] = sorted(grouped, key=lambda g: g.support, reverse=True)
    _settle_opposites(groups)
    _follow_model(groups)
    return tuple(_fact(field, group) for field in FIELDS for group in groups[field])


def _grouped(field: str, mentions: Iterable[Mention]) -> list[_Group]:
    by_key: dict[str, list[Mention]] = {}
    for mention in mentions:
        by_key.setdefault(mention.key, []).append(mention)
    groups = [_Group(key, tuple(found)) for key, found in by_key.items()]
    if field in _MONEY:
        return _one_amount(groups)
    if field in PARTIES:
        return _one_party(groups, owners=field == "developer")
    if field in ("model", "product"):
        return _one_model(groups)
    return groups


def _one_amount(groups: list[_Group]) -> list[_Group]:
    """Rounded and converted amounts joined to the exact one; "undisclosed" only where nothing else is told."""
    told = [g for g in groups if _amount(g).value is not None]
    merged: list[_Group] = []
    for group in sorted(told, key=lambda g: (-precision(_amount(g)), -g.support[0])):
        for index, other in enumerate(merged):
            if same_amount(_amount(group), _amount(other), group.mentions[0].usd, other.mentions[0].usd):
                merged[index] = _Group(other.key, (*other.mentions, *group.mentions))
                break
        else:
            merged.append(group)
    return merged or groups


def _amount(group: _Group) -> Amount:
    amount = group.mentions[0].amount
    assert amount is not None
    return amount


def _one_party(groups: list[_Group], *, owners: bool) -> list[_Group]:
    """Short names joined to the long one they begin ("Insilico", "Insilico Medicine"); a lab to its owner."""
    merged: list[_Group] = []
    for group in sorted(groups, key=lambda g: (g.mentions[0].entity is None, -len(g.key))):
        entity, words = group.mentions[0].entity, group.mentions[0].value.casefold().split()
        for index, other in enumerate(merged):
            longer = other.mentions[0].value.casefold().split()
            begins = entity is None and other.mentions[0].entity is None and words == longer[: len(words)]
            known = other.mentions[0].entity
            begins = begins or (entity is None and known is not None and group.mentions[0].value in known.weak)
            squeezed = entity is None and other.key in {group.key + "ai", group.key + "labs", group.key + "inc"}
            if begins or squeezed or (owners and _related(group, other)):
                lead, rest = (other, group) if not owners or other.support >= group.support else (group, other)
                merged[index] = _Group(lead.key, (*lead.mentions, *rest.mentions))
                break
        else:
            merged.append(group)
    return merged


def _related(one: _Group, other: _Group) -> bool:
    """Google and Google DeepMind develop one model, not two."""
    first, second = one.mentions[0].entity, other.mentions[0].entity
    if first is None or second is None:
        return False
    return (
        first.parent == second.name
        or second.parent == first.name
        or (first.parent is not None and first.parent == second.parent)
    )


def _one_model(groups: list[_Group]) -> list[_Group]:
    """ "Opus 4.8" joined to "Claude Opus 4.8" where only one longer name ends so."""
    ordered = sorted(groups, key=lambda g: -len(g.key))
    merged: list[_Group] = []
    for group in ordered:
        name = group.mentions[0].value.casefold()
        longer = [
            i
            for i, other in enumerate(merged)
            if re.search(rf"[\s-]{re.escape(name)}$", other.mentions[0].value.casefold())
        ]
        if len(longer) == 1:
            other = merged[longer[0]]
            merged[longer[0]] = _Group(other.key, (*other.mentions, *group.mentions))
        else:
            merged.append(group)
    return merged


def _settle_opposites(groups: dict[str, list[_Group]]) -> None:
    """An entity that is read as recipient and as investor keeps the role with more support."""
    for one, other in _OPPOSITES:
        support = {role: {g.key: g.support for g in groups[role]} for role in (one, other)}
        for key in support[one].keys() & support[other].keys():
            loser = other if support[one][key] >= support[other][key] else one
            groups[loser] = [g for g in groups[loser] if g.key != key]


def _follow_model(groups: dict[str, list[_Group]]) -> None:
    """Family, version and size are those of the leading model: of others they would be wrong beside it."""
    if not groups["model"]:
        return
    keys = {m.key for m in groups["model"][0].mentions}
    for field in ("family", "version", "size"):
        kept = [g for g in groups[field] if "/" not in g.key or g.key.rsplit("/", 1)[0] in keys]
        lead = groups["model"][0].mentions[0].key
        written = groups["model"][0].mentions[0].value
        kept.sort(key=lambda g: (not g.key.startswith(f"{lead}/"), not written.startswith(g.mentions[0].value)))
        groups[field] = _joined_values(kept)


def _joined_values(groups: list[_Group]) -> list[_Group]:
    """Groups whose canonical value is the same become one."""
    by_value: dict[str, _Group] = {}
    for group in groups:
        value = re.sub(r"[\s-]+", " ", group.mentions[0].value.casefold())
        # "Opus" is said of what is called "Claude Opus"
        value = next((known for known in by_value if known.endswith(f" {value}")), value)
        old = by_value.get(value)
        by_value[value] = _Group(old.key, (*old.mentions, *group.mentions)) if old else group
    return list(by_value.values())


def _fact(field: str, group: _Group) -> Fact:
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
