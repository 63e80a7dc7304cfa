"""Which of several deals a record tells: a headline of a list, a story that holds two deals. Pure.

A story is one event. Where its entries tell of two all the same (a matching that went wrong, a newsletter's title), one
record must not mix them: the sum of one beside the parties of the other is worse than either alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.ledger.amounts import same_amount
from monitor.ledger.grouping import Group, amount_of, grouped
from monitor.ledger.reading import DEALS, Mention
from monitor.types import Tag

#: who a deal is about, and who takes the other side: two deals of one company differ in these
_SIDES = {
    Tag.FUNDING.value: ("recipient", "investor"),
    Tag.ACQUISITION.value: ("acquirer", "target"),
    Tag.PARTNERSHIP.value: ("partner", "partner"),
}
#: sums so many times another are no accounts of the deal that so many outlets tell
_APART = 5
_MANY = 3
#: an event told so many times better leads, even if the story began with another
_BETTER = 1.5
#: what newsletters put between the headlines of one title
_BETWEEN = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f]+[ ,;|]*")


def of_one_headline(mentions: Sequence[Mention], title: str) -> list[Mention]:
    """The mentions without those of deals in another headline of the same title than the most of their record.

    Only titles that are lists, with a pictograph after each headline: "Tralala raises $1B 💰, Lalala buys Lulu 🤝".
    """
    ends = [match.end() for match in _BETWEEN.finditer(title)]
    if len(ends) < 2:
        return list(mentions)

    def headline(mention: Mention) -> int:
        return sum(1 for end in ends if end <= mention.evidence.start)

    chosen: dict[str, int] = {}
    for kind in DEALS:
        fields: dict[int, set[str]] = {}
        for m in mentions:
            if m.kind == kind and m.evidence.field == "title":
                fields.setdefault(headline(m), set()).add(f"{m.field}:{m.key}")
        if fields:
            chosen[kind] = max(fields, key=lambda number: (len(fields[number]), -number))
    return [m for m in mentions if m.evidence.field != "title" or m.kind not in chosen or headline(m) == chosen[m.kind]]


@dataclass(frozen=True, slots=True)
class _Told:
    """A sum with the entries that tell it and the parties that they name beside the one that the record is about."""

    sum: Group
    entries: frozenset[int]
    others: frozenset[str]


def of_one_event(mentions: Sequence[Mention], kind: str) -> list[Mention]:
    """The mentions of one record without those of entries that tell of another deal.

    Another deal is one with another sum and other parties, or a sum of another size beside one that many tell. The
    best-told one leads; among those told about equally the one with which the story began. Conflicts over one deal
    stay. Values that an entry of the leading deal, or one without any sum, tells too are kept.
    """
    told = _told(mentions, kind)
    if len(told) < 2:
        return list(mentions)
    lead = _leading(told, mentions)
    foreign = [other for other in told if other is not lead and (_is_other(other, lead) or _is_odd(other, lead))]
    ours = {entry for other in told if other not in foreign for entry in other.entries}
    theirs = {entry for other in foreign for entry in other.entries} - ours
    stay = {(m.field, m.key) for m in mentions if m.evidence.entry_id not in theirs}
    return [m for m in mentions if m.evidence.entry_id not in theirs or (m.field, m.key) in stay]


def _told(mentions: Sequence[Mention], kind: str) -> list[_Told]:
    if kind not in DEALS:
        return []
    sums = grouped("amount", (m for m in mentions if m.field == "amount" and m.usd and not m.guess and not m.aside))
    about, side = _SIDES[kind]
    subject = _most_named(grouped(about, (m for m in mentions if m.field == about)))
    names: dict[int, set[str]] = {}
    for party in grouped(side, (m for m in mentions if m.field == side and not m.aside)):
        if party.key != subject:
            for m in party.mentions:
                names.setdefault(m.evidence.entry_id, set()).add(party.key)
    return [_one_told(group, names) for group in sums]


def _one_told(group: Group, names: dict[int, set[str]]) -> _Told:
    entries = frozenset(m.evidence.entry_id for m in group.mentions)
    return _Told(group, entries, frozenset(name for entry in entries for name in names.get(entry, ())))


def _most_named(parties: Iterable[Group]) -> str | None:
    counts = {party.key: len({m.evidence.entry_id for m in party.mentions}) for party in parties}
    return max(counts, key=lambda key: (counts[key], key)) if counts else None


def _leading(told: Sequence[_Told], mentions: Sequence[Mention]) -> _Told:
    best = max(told, key=lambda one: one.sum.support)
    began = {m.evidence.entry_id: (m.at, m.evidence.entry_id) for m in mentions}
    rivals = [
        one
        for one in told
        if one is best or (_is_other(one, best) and _BETTER * one.sum.support[0] >= best.sum.support[0])
    ]
    return min(rivals, key=lambda one: min(began[entry] for entry in one.entries))


def _is_other(one: _Told, other: _Told) -> bool:
    """Whether two sums are of two deals: of one are those that one entry tells, or that share a party."""
    first, second = one.sum.mentions[0].usd, other.sum.mentions[0].usd
    assert first is not None and second is not None
    if one.entries & other.entries or same_amount(amount_of(one.sum), amount_of(other.sum), first, second):
        return False
    return bool(one.others and other.others) and not one.others & other.others


def _is_odd(one: _Told, lead: _Told) -> bool:
    """Whether a sum of another size, with nobody in common, is of another deal than the one that many tell."""
    first, second = one.sum.mentions[0].usd, lead.sum.mentions[0].usd
    assert first is not None and second is not None
    return (
        lead.sum.publishers >= _MANY
        and one.sum.publishers < lead.sum.publishers
        and max(first, second) >= _APART * min(first, second)
        and not one.entries & lead.entries
        and not one.others & lead.others
    )
