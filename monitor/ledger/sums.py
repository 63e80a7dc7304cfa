"""The money of an entry: what the model marked, checked against the words around it, and what the words add. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.ledger.amounts import Money, ReadAmount, amount_at, same_amount
from monitor.ledger.deals import amount_belongs_to
from monitor.ledger.reading import DEALS, FIELDS, MOST_RAISED, FieldName, Mention, Place, Reader
from monitor.money import format_amount
from monitor.types import Role, Tag

_RAISE_BEFORE = re.compile(
    r"(?:rais(?:e|es|ed|ing)|secur(?:e|es|ed|ing)|land(?:s|ed)?|nab(?:s|bed)?|bag(?:s|ged)?|clos(?:e|es|ed|ing)|"
    r"snag(?:s|ged)?|"
    r"grab(?:s|bed)?|pull(?:s|ed)? in|haul(?:s|ed)? in|scor(?:e|es|ed)|get(?:s)?|receiv(?:es|ed)|announc(?:es|ed)|"
    r"collect(?:s|ed)|invest(?:s|ed|ing)?|"
    r"pour(?:s|ed|ing)?|inject(?:s|ed)?|commit(?:s|ted)?|lève|levé|boucle|sammelt|erhält|sichert sich|recauda|"
    r"levanta|capta|obtiene|"
    r"融资|融資|获|募资|集资|集資|筹集|籌集|筹资|籌資|募集|調達)[\w\s'’,-]{0,26}$",
    re.I,
)
_RAISE_AFTER = re.compile(
    r"^[\s-]*(?:in (?:new |fresh |a )?)?(?:funding|financing|investment|round|raise\b|raised|series [a-k]|seed|"
    r"pre-seed|venture|fundrais|"
    r"levés|融资|投资|の?資金調達|を調達|の?出資|de dollars|d'euros)",
    re.I,
)
_BUY = re.compile(
    r"(?:acqui\w*|buy(?:s|ing)?|bought|purchas\w*|takeover|takes over|rachète|rachat|übernimmt|kauft|compra|adquiere|"
    r"收购|买下|買収)"
    r"[^.;$€£]{0,70}?(?:\bfor|\bworth|\bin an?|\bpour|\bfür|\bpor|\bdeal\b|\bbid\b|:|以|で)[\s\w-]{0,12}$",
    re.I,
)
#: what was before: "up from $29B", "after a $30 billion round", "doubling its $380 billion valuation"
_BEFORE_NOW = re.compile(
    r"(?:\bfrom|\bthan|\bdoubl\w+|\btripl\w+|\bquadrupl\w+|\bafter|\bfollowing|\bprevious(?:ly)?|\bearlier|\blast|"
    r"\bprior|\bsince|\bin 20\d\d,?)"
    r"(?: (?:its|a|an|the|it|was|raised|raising|valued|at|latest|previous|last|earlier|prior|of|round|valuation|"
    r"company)){0,4}\s*$",
    re.I,
)


def money_mentions(reader: Reader, role: Role, placed: Place, money: list[ReadAmount]) -> list[Mention]:
    """What a span of money says; one that swallowed "$6.6B at a $157B valuation" holds two amounts."""
    name, start, end = placed
    text = reader.text(name)
    inside = [item for item in money if item.start < end and start < item.end]
    read = inside if len(inside) > 1 else [amount_at(money, text, start, end, reader.entry.language)]
    return [mention for item in read if item is not None for mention in _money_mention(reader, role, name, item)]


def _money_mention(
    reader: Reader, role: Role, name: FieldName, item: ReadAmount, *, guess: bool = False
) -> list[Mention]:
    deals = tuple(kind for kind in DEALS if kind in reader.kinds)
    if not deals or item.meaning is Money.OTHER:
        return []
    text = reader.text(name)
    before, after = text[max(0, item.start - 90) : item.start], text[item.end : item.end + 60]
    if _OTHERS_BEFORE.search(before) or _is_held(before, after) or _is_of_many(before, after):
        return []
    field = _field_of(role, text, item)
    if field in ("valuation", "total"):
        kind = deals[0]
        if kind == Tag.PARTNERSHIP.value or (kind == Tag.ACQUISITION.value and field == "total"):
            return []
    else:
        kind = amount_belongs_to(text, item.start, item.end, deals)
    amount = item.amount
    aside = field != "total" and _BEFORE_NOW.search(before) is not None
    return [
        reader.mention(
            kind, field, f"{amount.currency}:{amount.value}", format_amount(amount), (name, item.start, item.end),
            amount=amount, guess=guess, aside=aside, stated=item.meaning is not None or _is_raised(text, item),
        )
    ]  # fmt: skip


def _is_of_many(before: str, after: str) -> bool:
    """Whether a whole trade raised a sum: "Nordic start-ups raised $2B"; not "one of the start-ups raised"."""
    many = _MANY_RAISE.search(before) or _MANY_HAVE.search(before)
    if _ACROSS.match(after):
        return True
    return many is not None and "one of" not in before[: many.start()].casefold()


def _is_held(before: str, after: str) -> bool:
    if _STAKE_WORTH.search(before) is not None and not re.search(r"\b(?:sell|sold|buy|bought)", before, re.I):
        return True
    if re.search(r"持有[^，。；]{0,16}$", before) and re.match(r"的?(?:股份|股票|股权|股權)", after):
        return True
    return _HOLDS_BEFORE.search(before) is not None and _HELD_AFTER.match(after) is not None


def _field_of(role: Role, text: str, item: ReadAmount) -> str:
    """What a sum is: as the words say, else as the model has it; what is raised is no valuation."""
    if item.meaning is not None:
        return {Money.TOTAL: "total", Money.VALUATION: "valuation"}.get(item.meaning, "amount")
    return "amount" if role is Role.VALUATION and _is_raised(text, item) else role.value


def _is_raised(text: str, item: ReadAmount) -> bool:
    before, after = text[max(0, item.start - 90) : item.start], text[item.end : item.end + 40]
    return bool(_RAISE_BEFORE.search(before) or _RAISE_AFTER.match(after))


#: what somebody owns is no deal: "discloses a $7B stake", "holds $2.6B in stock"
_HOLDS_BEFORE = re.compile(
    r"\b(?:disclos\w+|holds?|holding|owns?|owning|his|her|whose|worth of|stake (?:is |now )?worth|stake valued at)\b"
    r"[^.;$€£]{0,24}$",
    re.I,
)
#: "his stake in Tralala is worth nearly $30B": what a holding is worth is no deal
_STAKE_WORTH = re.compile(
    r"(?:\b(?:his|her|whose|owns?|holds?)\b[^.;$€£]{0,60}?\bstake\b[^.;$€£]{0,30}?|\bstake (?:in [^.;$€£]{1,30} )?"
    r"(?:is |was |are |now |currently )+)\bworth[\w ~]{0,20}$|"
    r"(?:持股|股份|股权|股權)的?(?:价值|價值)(?:近|约|約|达|達|超过|逾)?$|持有(?:近|约|約|价值|價值)+$",
    re.I,
)
_HELD_AFTER = re.compile(
    r"^\+? (?:\S+ ){0,2}?stake\b(?! in (?:the )?(?:round|deal))|^\+? (?:worth )?(?:in|of) (?:\S+ ){0,6}?(?:stock|"
    r"shares)\b",
    re.I,
)
_MANY_RAISE = re.compile(
    r"\b(?:[Ss]tart-?[Uu]ps|[Cc]ompanies|[Ff]irms|labs)\b[^.,;:$€£]{0,50}\b(?:[Rr]aised?|pulled in|[Aa]ttracted|"
    r"[Ss]ecured|[Dd]rew)(?: (?:around|about|more than|[Oo]ver|nearly|[Rr]oughly|some|a record))*\s*$"
)
_MANY_HAVE = re.compile(
    r"\b(?:[Ss]tart-?[Uu]ps|[Cc]ompanies|[Ff]irms)\b[^.;:$€£]{0,70}\bhave (?:now |already |together )?(?:raised|"
    r"pulled in|attracted|secured|drawn)(?: (?:around|about|more than|over|nearly|roughly|some|a record))*\s*$"
)
_ACROSS = re.compile(
    r"^\+?,? (?:in \w+ )?across (?:\S+ )?(?:start-?ups|companies|firms|deals|rounds|investments)\b", re.I
)
#: another's money: "as rivals raise $14B", "a similar $50M deal"
_OTHERS_BEFORE = re.compile(
    r"\bsimilar,? (?:\S+ )?$|"
    r"\b(?:rivals|competitors|peers|others|other (?:startups|companies|investors))\b(?! (?:of|to)\b)[^.,;]{0,20}$",
    re.I,
)


def money_guesses(reader: Reader, known: list[Mention], money: dict[FieldName, list[ReadAmount]]) -> list[Mention]:
    """Sums beside a word of raising or buying and amounts that are called valuations, which the model did not mark."""
    taken = {(m.evidence.field, m.evidence.start) for m in known if m.amount is not None}
    found: list[Mention] = []
    for name in FIELDS:
        text = reader.text(name)
        for item in money[name]:
            if (name, item.start) in taken or item.amount.value is None:
                continue
            before, after = text[max(0, item.start - 90) : item.start], text[item.end : item.end + 40]
            if _BEFORE_NOW.search(before):
                continue
            raised = Tag.FUNDING.value in reader.kinds and (_RAISE_BEFORE.search(before) or _RAISE_AFTER.match(after))
            bought = Tag.ACQUISITION.value in reader.kinds and _BUY.search(before)
            if item.meaning in (Money.VALUATION, Money.TOTAL):
                role = Role.VALUATION
            elif item.meaning in (None, Money.SUM) and (raised or bought):
                role = Role.AMOUNT
            else:
                continue
            found += _money_mention(reader, role, name, item, guess=True)
    return found


def settled_sums(mentions: Sequence[Mention]) -> list[Mention]:
    """One sum in one place is one thing, and what a title tells stands above what the same entry's summary adds."""
    places: dict[tuple[str, int], list[Mention]] = {}
    for mention in mentions:
        if mention.amount is not None:
            places.setdefault((mention.evidence.field, mention.evidence.start), []).append(mention)
    kept = []
    for mention in mentions:
        if mention.amount is None:
            kept.append(mention)
            continue
        here = places[mention.evidence.field, mention.evidence.start]
        if not mention.stated and any(_reads_better(m, mention) for m in here):
            continue
        if mention.evidence.field == "summary" and _title_says_otherwise(mention, mentions):
            continue
        kept.append(mention)
    return kept


def _reads_better(one: Mention, other: Mention) -> bool:
    """Of one sum that is read as amount and as valuation: what its words say, else the surer reading, else amount."""
    if {one.field, other.field} != {"amount", "valuation"}:
        return False
    return one.stated or one.score > other.score or (one.score == other.score and one.field == "amount")


def _title_says_otherwise(mention: Mention, mentions: Sequence[Mention]) -> bool:
    titled = [
        m
        for m in mentions
        if m.amount is not None
        and m.evidence.field == "title"
        and (m.kind, m.field) == (mention.kind, mention.field)
        and not m.aside
        and (m.usd is None or m.usd < MOST_RAISED)
    ]
    assert mention.amount is not None
    return bool(titled) and not any(
        m.amount is not None and same_amount(m.amount, mention.amount, m.usd, mention.usd) for m in titled
    )
