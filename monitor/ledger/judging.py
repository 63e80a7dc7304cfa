"""What of a record can be true beside the rest of it: one maker, one recipient, one sum, names that are names. Pure.

Each rule takes values away; none invents one. A value that a title gives or that is as well supported as the leading
one stands, so that true conflicts between outlets stay in the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from monitor.ledger import naming
from monitor.ledger.balance import judge_sums
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.deals import KNOWN_ROUNDS
from monitor.ledger.entities import key_of
from monitor.ledger.grouping import Group
from monitor.ledger.launched import OUTLIER, judge_names
from monitor.ledger.reading import PARTIES

Groups = dict[str, list[Group]]

#: parties of which a record has one, or a few named side by side
_SINGLE = ("developer", "recipient", "acquirer", "target")
#: they place the shares of a flotation, and put no money into it
_BANKS = frozenset(
    {
        "Morgan Stanley", "Goldman Sachs", "JPMorgan Chase", "Citigroup", "Bank of America", "Barclays", "UBS",
        "Wells Fargo", "Deutsche Bank", "Mizuho",
    }
)  # fmt: skip
#: parties that may be none; a launch has other signs of who made it
_DOUBTED = ("recipient", "investor", "acquirer", "target", "partner")
#: names between two that are said in one breath
_BREATH = 8
#: ", and "
_COMMA_AND = 6
#: a reading less sure than this may be wrong as well as right
_SURE = 0.7
#: so many outlets that tell a deal would tell of all who matter in it
_MANY = 3


def judge(groups: Groups, companies: CompanyIndex) -> None:
    """Takes away from a record's groups what cannot be true. Changes `groups`."""
    _asides(groups)
    _doubtful(groups)
    _investors(groups)
    _names_of_makers(groups, companies)
    judge_names(groups, companies)
    _makers(groups, companies)
    for field in _SINGLE:
        _one_or_few(groups, field)
    _partners(groups)
    judge_sums(groups)
    groups["round"] = [
        g for g in groups["round"] if g.value in KNOWN_ROUNDS or g.value.startswith(("Series", "pre-Series"))
    ]


def _keep(groups: Groups, field: str, fits: Callable[[Group], bool]) -> None:
    groups[field] = [g for g in groups[field] if fits(g)]


def _asides(groups: Groups) -> None:
    """What is only mentioned goes where something else is told."""
    for field, found in groups.items():
        if any(not g.aside for g in found):
            _keep(groups, field, lambda g: not g.aside)


def _doubtful(groups: Groups) -> None:
    """A party that one outlet names, read with doubt, goes where others are named by several or without doubt."""
    told = max((g.publishers for field in PARTIES for g in groups[field]), default=0)
    for field in _DOUBTED:
        sure = [g for g in groups[field] if g.publishers > 1 or g.certainty >= _SURE]
        # a list is read as one: its last name is as good as its first
        sure += [g for g in groups[field] if g not in sure and any(_listed(g, other) for other in sure)]
        # a partnership has two sides, however sure one is of them
        if len(sure) >= (2 if field == "partner" else 1) or (field == "investor" and told >= _MANY):
            groups[field] = [g for g in groups[field] if g in sure]


def _investors(groups: Groups) -> None:
    """An investor beside a recipient is none itself: a fund is raised by itself alone."""
    found = groups["recipient"]
    funds = [g for g in found if _invests(g)]
    if funds and len(funds) < len(found):
        groups["recipient"] = [g for g in found if g not in funds]
        known = {g.key for g in groups["investor"]}
        groups["investor"] += [g for g in funds if g.key not in known]
    if any(g.value == "IPO" for g in groups["round"]):
        # the public buys: who alone among many outlets' investors is named is none
        many = any(g.publishers > _MANY for g in found)
        _keep(groups, "investor", lambda g: g.value not in _BANKS and (g.publishers > 1 or not many))
    _keep(
        groups, "investor", lambda g: _is_vetted(g) or not any(_is_short_of(g, other) for other in groups["recipient"])
    )


def _is_short_of(group: Group, other: Group) -> bool:
    """Whether a name is the beginning of the other: "Heron" of "Heron Robotics"."""
    return other.value.casefold().startswith(f"{group.value.casefold()} ")


def _invests(group: Group) -> bool:
    entity = group.mentions[0].entity
    return (entity.kind if entity is not None else naming.kind_of(group.value)) == "investor"


def _names_of_makers(groups: Groups, companies: CompanyIndex) -> None:
    """ "Googlebook" is no maker of the Googlebook, "Google" no product of Google."""
    made = {_stem(g.value) for field in ("model", "product") for g in groups[field]}
    named = [
        g for g in groups["developer"] if _is_vetted(g) or not (_stem(g.value) in made or companies.is_product(g.value))
    ]
    groups["developer"] = named or groups["developer"]
    makers = {key_of(g.value) for g in groups["developer"]}
    known = {key_of(g.value) for g in groups["developer"] if _is_vetted(g)}
    for field in ("model", "product"):
        others = [g for g in groups[field] if key_of(g.value) not in makers]
        # a young company and what it makes often have one name
        same = [g for g in groups[field] if key_of(g.value) not in known or companies.is_product(g.value)]
        groups[field] = others or same


def _is_vetted(group: Group) -> bool:
    """Whether a name is one that is known, and not only one that the archive has seen."""
    entity = group.mentions[0].entity
    return entity is not None and entity.vetted


def _stem(name: str) -> str:
    """The same for one and for several: "Googlebook", "Googlebooks"."""
    return key_of(name).removesuffix("s")


def _makers(groups: Groups, companies: CompanyIndex) -> None:
    """A known product's maker is its maker: not who sells it, hosts it or is compared with it."""
    makers = groups["developer"]
    if makers:
        strong = [g for g in makers if g.support[0] >= 2 * OUTLIER * makers[0].support[0]]
        for field in ("model", "product"):
            own = [g for g in groups[field] if any(_made_by(g, maker, companies) for maker in strong)]
            groups[field] = own or groups[field]
    lead = next((groups[field][0] for field in ("model", "product") if groups[field]), None)
    owner = companies.owner_of(lead.value) if lead is not None else None
    house = [g for g in makers if owner is not None and _of_house(g, owner, companies)]
    if house and house[0].support[0] >= OUTLIER * makers[0].support[0]:
        groups["developer"] = house


def _made_by(product: Group, maker: Group, companies: CompanyIndex) -> bool:
    """Whether a product is this maker's, as far as is known."""
    owner = companies.owner_of(product.value)
    return owner is None or _of_house(maker, owner, companies)


def _of_house(group: Group, owner: str, companies: CompanyIndex) -> bool:
    names = {group.value, companies.parent_of(group.value)} - {None}
    return bool(names & {owner, companies.parent_of(owner)})


def _one_or_few(groups: Groups, field: str) -> None:
    """The leading party, those named with it in one breath in a title, and those that have a third of its support."""
    if len(groups[field]) < 2:
        return
    lead = groups[field][0]
    if not lead.in_title and any(g.in_title for g in groups[field]):
        titled = next(g for g in groups[field] if g.in_title)
        lead = lead if lead.support[0] > 2 * titled.support[0] else titled
    breath = [lead]
    for _ in groups[field]:
        breath += [g for g in groups[field] if g not in breath and any(_beside(g, other) for other in breath)]
    kept = [
        g
        for g in groups[field]
        if g in breath or (g.in_title and _is_rival(field, g, lead) and g.support[0] >= OUTLIER * lead.support[0])
    ]
    groups[field] = sorted(kept, key=lambda g: g is not lead)


def _is_rival(field: str, group: Group, lead: Group) -> bool:
    """Whether a second value of a title counts: outlets differ, or a round-up tells of several makers."""
    return lead.publishers > 1 or (field == "developer" and group.mentions[0].entity is not None)


def _beside(one: Group, other: Group, most: int = _BREATH) -> bool:
    """Whether two names stand in one breath in some entry: "SK Hynix and Micron"; `most` characters between them."""
    places = {(m.evidence.entry_id, m.evidence.field): m.evidence for m in one.mentions}
    for mention in other.mentions:
        place = places.get((mention.evidence.entry_id, mention.evidence.field))
        if place is not None:
            first, second = sorted((place, mention.evidence), key=lambda e: e.start)
            if 0 < second.start - first.end <= most:
                return True
    return False


def _listed(one: Group, other: Group) -> bool:
    """Whether two names are of one list: a comma or "and" between, which takes less room in Chinese and Japanese."""
    spaced = all(m.evidence.quote.isascii() for group in (one, other) for m in group.mentions)
    return _beside(one, other, _COMMA_AND if spaced else 1)


def _partners(groups: Groups) -> None:
    """Where a title names two parties, who is only named in a summary by one outlet is none."""
    titled = [g for g in groups["partner"] if g.in_title]
    told = {m.evidence.publisher for g in groups["partner"] for m in g.mentions}
    if len(titled) >= 2 and len(told) > 2:
        _keep(groups, "partner", lambda g: g.in_title or g.publishers > 1 or any(_beside(g, t) for t in titled))
    if groups["partner"] and groups["partner"][0].publishers >= 4:
        _keep(groups, "partner", lambda g: g.publishers > 1)
    _one_circle(groups)


def _one_circle(groups: Groups) -> None:
    """No more partners than a title names at once, unless some text names them beside all others.

    Outlets that name one side in two ways (two languages, a country and its government) never name both; nor do those
    that tell of two deals of one company.
    """
    texts: dict[str, set[tuple[int, str]]] = {
        g.key: {(m.evidence.entry_id, m.evidence.field) for m in g.mentions} for g in groups["partner"]
    }
    titles = Counter(place for places in texts.values() for place in places if place[1] == "title")
    most = max(titles.values(), default=0)
    if most < 2:
        return
    kept: list[Group] = []
    for group in groups["partner"]:
        if all(texts[group.key] & texts[other.key] for other in kept):
            kept.append(group)
    kept += [g for g in groups["partner"] if g not in kept][: max(most - len(kept), 0)]
    groups["partner"] = kept
