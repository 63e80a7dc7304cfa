"""Sums of one record beside each other: one sum is not two things, and none is above the company's worth. Pure."""

from __future__ import annotations

from decimal import Decimal

from monitor.ledger.grouping import Group, amount_of
from monitor.ledger.reading import MOST_RAISED

#: below this no deal is told, in US dollars: prices of a share, of a seat
_LEAST = Decimal(10_000)
#: so much no first round brings
_MOST_SEED = Decimal(3_000_000_000)
#: an amount whose ends are further apart says how large, not how much
_VAGUE = 3
_EARLY = frozenset({"pre-seed", "seed", "angel", "pre-Series A"})
#: so many outlets agree on a sum that one alone with another is wrong
_MANY = 3
#: a sum so many times another is no other account of it
_FAR = 3


def judge_sums(groups: dict[str, list[Group]]) -> None:
    """One sum is not two things, a sum is not above the company's worth, and a share's price is no deal."""
    for field in ("amount", "valuation", "total"):
        groups[field] = [g for g in groups[field] if not _is_small(g)]
    if groups["recipient"]:
        worth = [g for g in groups["amount"] if (_usd(g) or Decimal(0)) > MOST_RAISED]
        groups["amount"] = [g for g in groups["amount"] if g not in worth]
        groups["valuation"] = groups["valuation"] or worth
    _amount_or_valuation(groups)
    if groups["recipient"] and any(g.value in _EARLY for g in groups["round"]):
        groups["amount"] = [g for g in groups["amount"] if (_usd(g) or Decimal(0)) <= _MOST_SEED]
    lead, value = _lead(groups, "amount"), _lead(groups, "valuation")
    if lead is not None and value is not None and lead > value:
        if groups["valuation"][0].support[0] > groups["amount"][0].support[0]:
            groups["amount"] = [g for g in groups["amount"] if (_usd(g) or Decimal(0)) <= value]
        else:
            groups["valuation"] = [g for g in groups["valuation"] if (_usd(g) or lead) >= lead]
    elif lead is not None:
        groups["valuation"] = [g for g in groups["valuation"] if _usd(g) is None or (_usd(g) or lead) >= lead]
    for field in ("amount", "valuation"):
        _background_sums(groups, field)


def _amount_or_valuation(groups: dict[str, list[Group]]) -> None:
    """The same sum as amount and as valuation: what the words say, else the amount."""
    for group in list(groups["valuation"]):
        twin = next((g for g in groups["amount"] if amount_of(g).value == amount_of(group).value), None)
        if twin is None or amount_of(twin).currency != amount_of(group).currency:
            continue
        as_worth, as_sum = _stated(group), _stated(twin)
        if as_worth > as_sum or (as_worth == as_sum and len(groups["amount"]) > 1 and len(groups["valuation"]) == 1):
            groups["amount"] = [g for g in groups["amount"] if g is not twin]
        else:
            groups["valuation"] = [g for g in groups["valuation"] if g is not group]


def _stated(group: Group) -> int:
    """How many say by their words what the sum is."""
    return len({m.evidence.publisher for m in group.mentions if m.stated})


def _background_sums(groups: dict[str, list[Group]], field: str) -> None:
    """What one outlet tells beside a sum that many agree on, in passing or of another size: another deal's."""
    if len(groups[field]) > 1 and groups[field][0].publishers >= _MANY:
        lead = groups[field][0]
        groups[field] = [
            g for g in groups[field] if g is lead or g.publishers > 1 or (g.in_title and not _is_far(g, lead))
        ]


def _is_far(group: Group, lead: Group) -> bool:
    one, other = _usd(group), _usd(lead)
    return one is not None and other is not None and max(one, other) >= _FAR * min(one, other)


def _is_small(group: Group) -> bool:
    usd = _usd(group)
    return usd is not None and usd < _LEAST


def _usd(group: Group) -> Decimal | None:
    return group.mentions[0].usd


def _lead(groups: dict[str, list[Group]], field: str) -> Decimal | None:
    """The leading sum in US dollars; None if there is none, or it is as vague as "tens of billions"."""
    if not groups[field]:
        return None
    amount = amount_of(groups[field][0])
    vague = amount.low and amount.high and amount.high > _VAGUE * amount.low
    return None if vague else _usd(groups[field][0])
