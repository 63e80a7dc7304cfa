"""What of a record can be true beside the rest of it: one maker, one recipient, one sum, names that are names. Pure.

Each rule takes values away; none invents one. A value that a title gives or that is as well supported as the leading
one stands, so that true conflicts between outlets stay in the record.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from monitor.ledger import naming
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.deals import KNOWN_ROUNDS
from monitor.ledger.entities import key_of
from monitor.ledger.grouping import Group, amount_of
from monitor.ledger.reading import MOST_RAISED

Groups = dict[str, list[Group]]

#: parties of which a record has one, or a few named side by side
_SINGLE = ("developer", "recipient", "acquirer", "target")
#: a value with less than this share of the leading one's support is an outlier
_OUTLIER = 0.34
#: below this no deal is told, in US dollars: prices of a share, of a seat
_LEAST = Decimal(10_000)
#: so much no first round brings
_MOST_SEED = Decimal(3_000_000_000)
#: an amount whose ends are further apart says how large, not how much
_VAGUE = 3
_EARLY = frozenset({"pre-seed", "seed", "angel", "pre-Series A"})
#: they place the shares of a flotation, and put no money into it
_BANKS = frozenset(
    {
        "Morgan Stanley", "Goldman Sachs", "JPMorgan Chase", "Citigroup", "Bank of America", "Barclays", "UBS",
        "Wells Fargo", "Deutsche Bank", "Mizuho",
    }
)  # fmt: skip
#: names between two that are said in one breath
_BREATH = 8


def judge(groups: Groups, companies: CompanyIndex) -> None:
    """Takes away from a record's groups what cannot be true. Changes `groups`."""
    _asides(groups)
    _investors(groups)
    _names_of_makers(groups, companies)
    _products(groups)
    _makers(groups, companies)
    for field in _SINGLE:
        _one_or_few(groups, field)
    _partners(groups)
    _money(groups)
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


def _investors(groups: Groups) -> None:
    """An investor beside a recipient is none itself: a fund is raised by itself alone."""
    found = groups["recipient"]
    funds = [g for g in found if _invests(g)]
    if funds and len(funds) < len(found):
        groups["recipient"] = [g for g in found if g not in funds]
        known = {g.key for g in groups["investor"]}
        groups["investor"] += [g for g in funds if g.key not in known]
    if any(g.value == "IPO" for g in groups["round"]):
        _keep(groups, "investor", lambda g: g.value not in _BANKS)
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


def _products(groups: Groups) -> None:
    """A name that others go on with ("Gemini" beside "Gemini Intelligence") is the house's, not the launch's."""
    for field in ("model", "product"):
        found = groups[field]
        names = {g.key: g.value.casefold() for g in found}

        def is_stem(
            group: Group, field: str = field, found: list[Group] = found, names: dict[str, str] = names
        ) -> bool:
            stem = names[group.key]
            if any(c.isdigit() for c in stem) or (field == "model" and not stem.isalpha()):
                return False
            longer = [g for g in found if names[g.key].startswith((f"{stem} ", f"{stem}-")) and g is not group]
            return any(3 * g.support[0] >= group.support[0] for g in longer)

        _keep(groups, field, lambda g: not is_stem(g))
        _outliers(groups, field)


def _outliers(groups: Groups, field: str) -> None:
    """What one outlet says beside many, and no title: dropped."""
    if groups[field]:
        lead = groups[field][0]
        _keep(
            groups, field,
            lambda g: g is lead or g.support[0] >= _OUTLIER * lead.support[0] or (g.in_title and lead.publishers < 4),
        )  # fmt: skip


def _makers(groups: Groups, companies: CompanyIndex) -> None:
    """A known product's maker is its maker: not who sells it, hosts it or is compared with it."""
    makers = groups["developer"]
    if makers:
        strong = [g for g in makers if g.support[0] >= 2 * _OUTLIER * makers[0].support[0]]
        for field in ("model", "product"):
            own = [g for g in groups[field] if any(_made_by(g, maker, companies) for maker in strong)]
            groups[field] = own or groups[field]
    lead = next((groups[field][0] for field in ("model", "product") if groups[field]), None)
    owner = companies.owner_of(lead.value) if lead is not None else None
    house = [g for g in makers if owner is not None and _of_house(g, owner, companies)]
    if house and house[0].support[0] >= _OUTLIER * makers[0].support[0]:
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
        if g in breath or (g.in_title and _is_rival(field, g, lead) and g.support[0] >= _OUTLIER * lead.support[0])
    ]
    groups[field] = sorted(kept, key=lambda g: g is not lead)


def _is_rival(field: str, group: Group, lead: Group) -> bool:
    """Whether a second value of a title counts: outlets differ, or a round-up tells of several makers."""
    return lead.publishers > 1 or (field == "developer" and group.mentions[0].entity is not None)


def _beside(one: Group, other: Group) -> bool:
    """Whether two names stand in one breath in some entry: "SK Hynix and Micron"."""
    places = {(m.evidence.entry_id, m.evidence.field): m.evidence for m in one.mentions}
    for mention in other.mentions:
        place = places.get((mention.evidence.entry_id, mention.evidence.field))
        if place is not None:
            first, second = sorted((place, mention.evidence), key=lambda e: e.start)
            if 0 < second.start - first.end <= _BREATH:
                return True
    return False


def _partners(groups: Groups) -> None:
    """Where a title names two parties, who is only named in a summary by one outlet is none."""
    titled = [g for g in groups["partner"] if g.in_title]
    told = {m.evidence.publisher for g in groups["partner"] for m in g.mentions}
    if len(titled) >= 2 and len(told) > 2:
        _keep(groups, "partner", lambda g: g.in_title or g.publishers > 1 or any(_beside(g, t) for t in titled))
    if groups["partner"] and groups["partner"][0].publishers >= 4:
        _keep(groups, "partner", lambda g: g.publishers > 1)


# ---------------------------------------------------------------- money


def _money(groups: Groups) -> None:
    """One sum is not two things, a sum is not above the company's worth, and a share's price is no deal."""
    for field in ("amount", "valuation", "total"):
        _keep(groups, field, lambda g: not _is_small(g))
    if groups["recipient"]:
        worth = [g for g in groups["amount"] if (_usd(g) or Decimal(0)) > MOST_RAISED]
        groups["amount"] = [g for g in groups["amount"] if g not in worth]
        groups["valuation"] = groups["valuation"] or worth
    _amount_or_valuation(groups)
    if groups["recipient"] and any(g.value in _EARLY for g in groups["round"]):
        _keep(groups, "amount", lambda g: (_usd(g) or Decimal(0)) <= _MOST_SEED)
    lead, value = _lead(groups, "amount"), _lead(groups, "valuation")
    if lead is not None and value is not None and lead > value:
        if groups["valuation"][0].support[0] > groups["amount"][0].support[0]:
            _keep(groups, "amount", lambda g: (_usd(g) or Decimal(0)) <= value)
        else:
            _keep(groups, "valuation", lambda g: (_usd(g) or lead) >= lead)
    elif lead is not None:
        _keep(groups, "valuation", lambda g: _usd(g) is None or (_usd(g) or lead) >= lead)
    for field in ("amount", "valuation"):
        _background_sums(groups, field)


def _amount_or_valuation(groups: Groups) -> None:
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


def _background_sums(groups: Groups, field: str) -> None:
    """What one outlet tells in passing beside a sum that many agree on: an earlier round, another's deal."""
    if len(groups[field]) > 1 and groups[field][0].publishers >= 3:
        lead = groups[field][0]
        _keep(groups, field, lambda g: g is lead or g.publishers > 1 or g.in_title)


def _is_small(group: Group) -> bool:
    usd = _usd(group)
    return usd is not None and usd < _LEAST


def _usd(group: Group) -> Decimal | None:
    return group.mentions[0].usd


def _lead(groups: Groups, field: str) -> Decimal | None:
    """The leading sum in US dollars; None if there is none, or it is as vague as "tens of billions"."""
    if not groups[field]:
        return None
    amount = amount_of(groups[field][0])
    vague = amount.low and amount.high and amount.high > _VAGUE * amount.low
    return None if vague else _usd(groups[field][0])
