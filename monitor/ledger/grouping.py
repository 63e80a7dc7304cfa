"""Mentions that say the same, as one: spellings of an entity, rounded amounts, short names of a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.ledger.amounts import precision, same_amount
from monitor.ledger.reading import PARTIES, Mention
from monitor.types import Amount

MONEY = frozenset({"amount", "valuation", "total"})
#: here a house and its unit are one party; two investors of one house are two, and a house may sell its unit
_HOUSES = frozenset({"developer", "partner", "acquirer"})
#: what a summary says beside what a title says
_SUMMARY = 0.9
#: a reading as sure as this counts in full, a less sure one less
_CERTAIN = 0.8


@dataclass(frozen=True, slots=True)
class Group:
    """Mentions that say the same."""

    key: str
    mentions: tuple[Mention, ...]

    @property
    def support(self) -> tuple[float, int, datetime]:
        """Publishers, each once, weighed by authority, place and how sure the reading is; then authority; recency."""
        best: dict[str, float] = {}
        for m in self.mentions:
            weight = (1 + 0.5 * m.authority) * (1.0 if m.evidence.field == "title" else _SUMMARY)
            weight *= min(m.score / _CERTAIN, 1.0)
            best[m.evidence.publisher] = max(best.get(m.evidence.publisher, 0.0), weight)
        return sum(best.values()), max(m.authority for m in self.mentions), max(m.at for m in self.mentions)

    @property
    def publishers(self) -> int:
        """How many say it."""
        return len({m.evidence.publisher for m in self.mentions})

    @property
    def certainty(self) -> float:
        """How sure the surest reading is, 0 to 1."""
        return max(m.score for m in self.mentions)

    @property
    def in_title(self) -> bool:
        """Whether some title says it."""
        return any(m.evidence.field == "title" for m in self.mentions)

    @property
    def aside(self) -> bool:
        """Whether every mention stands where a name takes hardly part."""
        return all(m.aside for m in self.mentions)

    @property
    def value(self) -> str:
        return self.mentions[0].value


def grouped(field: str, mentions: Iterable[Mention]) -> list[Group]:
    """The mentions of one field as groups that say the same."""
    by_key: dict[str, list[Mention]] = {}
    for mention in mentions:
        by_key.setdefault(mention.key, []).append(mention)
    groups = [Group(key, tuple(found)) for key, found in by_key.items()]
    if field in MONEY:
        return _one_amount(groups)
    if field in PARTIES:
        return _one_party(groups, field=field)
    if field in ("model", "product"):
        return _one_model(groups)
    return groups


def _one_amount(groups: list[Group]) -> list[Group]:
    """Rounded and converted amounts joined to the exact one; "undisclosed" only where nothing else is told."""
    told = [g for g in groups if amount_of(g).value is not None]
    merged: list[Group] = []
    for group in sorted(told, key=lambda g: (-precision(amount_of(g)), -g.support[0])):
        for index, other in enumerate(merged):
            if same_amount(amount_of(group), amount_of(other), group.mentions[0].usd, other.mentions[0].usd):
                merged[index] = Group(other.key, (*other.mentions, *group.mentions))
                break
        else:
            merged.append(group)
    return [_in_its_currency(group) for group in merged] or groups


def _in_its_currency(group: Group) -> Group:
    """The group led by the most exact sum in the currency that most outlets write: others have converted it."""
    writers: dict[str, set[str]] = {}
    for m in group.mentions:
        if m.amount is not None:
            writers.setdefault(m.amount.currency, set()).add(m.evidence.publisher)
    first = amount_of(group).currency
    most = max(writers, key=lambda currency: (len(writers[currency]), currency == first))
    lead = next(m for m in group.mentions if m.amount is not None and m.amount.currency == most)
    return group if most == first else Group(lead.key, (lead, *(m for m in group.mentions if m is not lead)))


def amount_of(group: Group) -> Amount:
    """The amount that a group of money stands for."""
    amount = group.mentions[0].amount
    assert amount is not None
    return amount


def _one_party(groups: list[Group], *, field: str) -> list[Group]:
    """Spellings of one name joined: short and long, with and without an s, initials; a unit to its house."""
    merged: list[Group] = []
    for group in sorted(groups, key=lambda g: (g.mentions[0].entity is None, -len(g.key))):
        for index, other in enumerate(merged):
            house = field in _HOUSES and _related(group, other)
            if house or _same_name(group.mentions[0], other.mentions[0]):
                lead, rest = (group, other) if house and _leads_house(group, other) else (other, group)
                merged[index] = Group(lead.key, (*lead.mentions, *rest.mentions))
                break
        else:
            merged.append(group)
    return merged


def _leads_house(one: Group, other: Group) -> bool:
    """Whether the first speaks for both: more name it, or as many and it owns the other."""
    if one.publishers != other.publishers:
        return one.publishers > other.publishers
    owned = other.mentions[0].entity
    return owned is not None and owned.parent == one.value


def _same_name(short: Mention, long: Mention) -> bool:
    """Whether an unknown name is another spelling of a second one, known or not."""
    if short.entity is not None and short.entity.vetted:
        return False
    # a name that the archive has only seen is as unknown as any
    name, known = short.value, long.entity if long.entity is not None and long.entity.vetted else None
    if known is not None and (name in known.weak or _begins_entity(name, long.value)):
        return True
    if re.match(rf"{re.escape(long.value)} (?:for|in|of|at) [A-Z]", name):
        return True  # "OpenAI for Singapore" is OpenAI
    if re.fullmatch(rf"{re.escape(name)}\.[a-z]{{2,5}}", long.value, re.I):
        return True  # "Weights" of "Weights.gg"
    if re.fullmatch(rf"(?:the )?government of {re.escape(name)}", long.value, re.I):
        return True
    if long.key in {short.key + "ai", short.key + "labs", short.key + "inc", short.key + "s"}:
        return True
    if short.key in {long.key + "s", long.key + "ai", long.key + "group"}:
        return True
    if not name.isascii() and len(name) > 1 and (long.value.startswith(name) or long.value.endswith(name)):
        return True  # names without spaces: a part of a longer one
    words, longer = name.casefold().split(), long.value.casefold().split()
    if known is None and (words == longer[: len(words)] or (len(words) > 1 and words == longer[-len(words) :])):
        return True
    return is_initials(name, long.value) or _one_letter_off(short.key, long.key)


def _begins_entity(name: str, known: str) -> bool:
    """ "Runway" of "Runway ML", but no "General" of "General Catalyst": a word in capitals that is no common one."""
    words, longer = name.split(), known.split()
    return len(longer) > len(words) >= 1 and words == longer[: len(words)] and len(name) > 4 and not name.islower()


def is_initials(short: str, long: str) -> bool:
    """Whether a name is the initials of another: "ADK" of "Agent Development Kit"."""
    initials = "".join(word[0] for word in re.split(r"[\s-]+", long) if word[:1].isupper())
    return 2 < len(short) <= 6 and short.isupper() and initials == short


def _one_letter_off(one: str, other: str) -> bool:
    """Whether two long names differ in one letter only: a slip of the pen."""
    if min(len(one), len(other)) < 7 or abs(len(one) - len(other)) > 1 or one[0] != other[0]:
        return False
    if re.sub(r"\D", "", one) != re.sub(r"\D", "", other):
        return False
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) <= 1
    short, long = sorted((one, other), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def _related(one: Group, other: Group) -> bool:
    """Google and Google DeepMind develop one model, not two."""
    first, second = one.mentions[0].entity, other.mentions[0].entity
    if first is None or second is None:
        return False
    return (
        first.parent == second.name
        or second.parent == first.name
        or (first.parent is not None and first.parent == second.parent)
    )


def _as_most_write(group: Group) -> Group:
    """The group led by the spelling of most outlets: "GPT-5.5 Instant" and not "GPT-5.5Instant"."""
    writers: dict[str, set[str]] = {}
    for m in group.mentions:
        writers.setdefault(m.value, set()).add(m.evidence.publisher)
    most = max(writers, key=lambda value: (len(writers[value]), value == group.value))
    return Group(group.key, tuple(sorted(group.mentions, key=lambda m: m.value != most)))


def _one_model(groups: list[Group]) -> list[Group]:
    """ "Opus 4.8" joined to "Claude Opus 4.8" where only one longer name ends so."""
    ordered = sorted((_as_most_write(group) for group in groups), key=lambda g: -len(g.key))
    merged: list[Group] = []
    for group in ordered:
        name = group.value.casefold()
        longer = [
            i
            for i, other in enumerate(merged)
            if re.search(rf"[\s-]{re.escape(name)}$", other.value.casefold())
            or other.value.casefold() == f"{name}s"
            or is_initials(group.value, other.value)
        ]
        if len(longer) == 1:
            other = merged[longer[0]]
            plural = other.value.casefold() == f"{name}s"
            lead, rest = (group, other) if plural else (other, group)
            merged[longer[0]] = Group(lead.key, (*lead.mentions, *rest.mentions))
        else:
            merged.append(group)
    return merged
