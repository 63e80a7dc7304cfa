"""Which name a launch has: stems and longer names, descriptions, where it runs, what its maker calls it. Pure."""

from __future__ import annotations

import re

from monitor.ledger.companies import CompanyIndex
from monitor.ledger.entities import key_of
from monitor.ledger.grouping import Group

#: a value with less than this share of the best-supported one's support is an outlier
OUTLIER = 0.34
#: a new name with this share of the support of the product in which it is found is what was launched
_INSIDE = 0.5
#: the press of the maker itself
_PRIMARY = 3
#: "Tralala Chat on Lalala" is Tralala Chat
_PLACED = re.compile(r" (?:on|in|for|with|from|via|by|at) .+")
#: "Tralala CLI 1.0" is Tralala CLI
_NUMBERED = re.compile(r" v?\d+(?:\.\d+)*")


def judge_names(groups: dict[str, list[Group]], companies: CompanyIndex) -> None:
    """One name for one launch: takes away or joins names of models and products. Changes `groups`."""
    for field in ("model", "product"):
        found = _by_support(_joined(groups[field], companies, numbers=field == "product"))
        kept = [g for g in found if not _is_stem(g, found, companies, model=field == "model")]
        if field == "model":
            kept = _as_its_maker_says(kept, groups["developer"])
        else:
            kept = _inside_first(kept, companies)
        groups[field] = _without_outliers(kept)


def _by_support(groups: list[Group]) -> list[Group]:
    return sorted(groups, key=lambda g: g.support, reverse=True)


def _joined(groups: list[Group], companies: CompanyIndex, *, numbers: bool) -> list[Group]:
    """Names that only add where or for whom, joined to the short one; what more outlets write leads.

    Not where the short one is known: "ChatGPT for Excel" is more than ChatGPT.
    """
    merged: dict[str, Group] = {}
    for group in sorted(groups, key=lambda g: len(g.value)):
        for stem, short in merged.items():
            rest = group.value[len(stem) :]
            begins = group.value.casefold().startswith(f"{stem.casefold()} ")
            numbered = numbers and _NUMBERED.fullmatch(rest) is not None
            if begins and (numbered or (_PLACED.fullmatch(rest) and not companies.is_product(stem))):
                longer = numbered or group.publishers > short.publishers
                lead, other = (group, short) if longer else (short, group)
                merged[stem] = Group(lead.key, (*lead.mentions, *other.mentions))
                break
        else:
            merged[group.value] = group
    return list(merged.values())


def _is_stem(group: Group, found: list[Group], companies: CompanyIndex, *, model: bool) -> bool:
    """Whether others go on with the name ("Gemini" beside "Gemini Intelligence"): it is the house's then.

    Of a name that is not known as the house's, as many must go on with it.
    """
    stem = group.value.casefold()
    if any(c.isdigit() for c in stem) or (model and not stem.isalpha()):
        return False
    longer = [g for g in found if g is not group and g.value.casefold().startswith((f"{stem} ", f"{stem}-"))]
    factor = 3 if companies.is_product(group.value) or companies.get(group.value) is not None else 1
    return any(factor * g.support[0] >= group.support[0] for g in longer)


def _as_its_maker_says(models: list[Group], makers: list[Group]) -> list[Group]:
    """The model that the first title of its maker names leads, if another outlet names it too."""
    names = [key_of(g.value) for g in makers]
    own = [
        (m.at, m.evidence.entry_id, index)
        for index, group in enumerate(models)
        for m in group.mentions
        if group.publishers > 1
        and m.authority >= _PRIMARY
        and m.evidence.field == "title"
        and any(name in key_of(m.evidence.publisher) for name in names)
    ]
    if not own:
        return models
    lead = models[min(own)[2]]
    return [lead, *(g for g in models if g is not lead)]


def _inside_first(products: list[Group], companies: CompanyIndex) -> list[Group]:
    """What is new leads before the known product in which it is found: Trusted Contact before ChatGPT."""
    if not products or not companies.is_product(products[0].value):
        return products
    host = products[0]
    new = [
        g
        for g in products[1:]
        if g.in_title
        and g.publishers > 1
        and not companies.is_product(g.value)
        and g.support[0] >= _INSIDE * host.support[0]
    ]
    return [*new, *(g for g in products if g not in new)]


def _without_outliers(groups: list[Group]) -> list[Group]:
    """Without what one outlet says beside many, and no title."""
    if not groups:
        return groups
    most = max(groups, key=lambda g: g.support[0])
    return [
        g
        for g in groups
        if g is groups[0] or g.support[0] >= OUTLIER * most.support[0] or (g.in_title and most.publishers < 4)
    ]
