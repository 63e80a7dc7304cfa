"""One entry to mentions: each of the model's spans checked against the words around it, and what the words add. Pure.

The model's spans may be too long, lack a currency or carry the wrong role; a mention has the field that the text gives
it, a canonical value and the exact quote. What is read from the words alone (`guess`) counts only where no entry of the
story has it from the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from monitor.ledger import launches
from monitor.ledger.amounts import Money, ReadAmount, amount_at, read_amounts
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.deals import amount_belongs_to, find_rounds, find_stakes, round_of
from monitor.ledger.entities import Entity
from monitor.money import format_amount
from monitor.protocols import Rates
from monitor.types import Amount, Classification, Entry, Evidence, Role, Span, Tag

#: which roles belong to which kind of record
ROLES: dict[str, frozenset[Role]] = {
    Tag.FUNDING.value: frozenset({Role.RECIPIENT, Role.INVESTOR, Role.ROUND}),
    Tag.ACQUISITION.value: frozenset({Role.ACQUIRER, Role.TARGET}),
    Tag.PARTNERSHIP.value: frozenset({Role.PARTNER}),
    Tag.MODEL_LAUNCH.value: frozenset({Role.DEVELOPER, Role.MODEL}),
    Tag.PRODUCT_LAUNCH.value: frozenset({Role.DEVELOPER, Role.PRODUCT}),
}
#: kinds that have money, in the order in which an amount of an entry with several is given to them
DEALS = (Tag.FUNDING.value, Tag.ACQUISITION.value, Tag.PARTNERSHIP.value)
PARTIES = frozenset({"recipient", "investor", "acquirer", "target", "partner", "developer"})

_GENERIC = re.compile(
    r"(?:the |an? |its |several |some |other |various |new |existing |undisclosed |unnamed |major |top |big |leading )*"
    r"(?:(?:ai|tech|u\.?s\.?|chinese|french|german|british|indian|european|american|strategic|angel|institutional|"
    r"private|cloud) )*"
    r"(?:start-?ups?|company|companies|firms?|investors?|backers?|others?|consortium|developers?|users?|customers?|"
    r"partners?|employees|"
    r"shareholders|researchers|labs?|giants?|group|team|business|unit|founders?|everyone|enterprises?|publishers?|"
    r"banks?|ai|it|they|he|she)",
    re.I,
)
_SPLIT = re.compile(r"\s*(?:,|、|，|;|/|&|\+|\band\b|\bund\b|\bet\b|\by\b|\bwith\b|和|与|與|及|×)\s*")
_RAISE_BEFORE = re.compile(
    r"(?:rais(?:e|es|ed|ing)|secur(?:e|es|ed|ing)|land(?:s|ed)?|nab(?:s|bed)?|bag(?:s|ged)?|clos(?:e|es|ed|ing)|"
    r"snag(?:s|ged)?|"
    r"grab(?:s|bed)?|pull(?:s|ed)? in|haul(?:s|ed)? in|scor(?:e|es|ed)|get(?:s)?|receiv(?:es|ed)|announc(?:es|ed)|"
    r"collect(?:s|ed)|invest(?:s|ed|ing)?|"
    r"pour(?:s|ed|ing)?|inject(?:s|ed)?|commit(?:s|ted)?|lève|levé|boucle|sammelt|erhält|sichert sich|recauda|"
    r"levanta|capta|obtiene|"
    r"融资|获|募资|調達)[\w\s'’,-]{0,26}$",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A value of a record's field in one entry."""

    kind: str
    field: str
    #: equal for what is one value
    key: str
    #: canonical
    value: str
    evidence: Evidence
    authority: int
    at: datetime
    entity: Entity | None = None
    amount: Amount | None = None
    usd: Decimal | None = None
    #: read from the words alone
    guess: bool = False


@dataclass(frozen=True, slots=True)
class _Reader:
    """What reading one entry needs at hand."""

    entry: Entry
    kinds: tuple[str, ...]
    companies: CompanyIndex
    rates: Rates
    context: str

    def text(self, name: Literal["title", "summary"]) -> str:
        return self.entry.title if name == "title" else self.entry.summary

    def mention(
        self, kind: str, field: str, key: str, value: str, at: tuple[Literal["title", "summary"], int, int],
        *, entity: Entity | None = None, amount: Amount | None = None, guess: bool = False,
    ) -> Mention:  # fmt: skip
        name, start, end = at
        usd = None
        if amount is not None and amount.value is not None:
            usd = self.rates.usd(amount.value, amount.currency, self.entry.published_at)
        evidence = Evidence(
            entry_id=self.entry.id, revision=self.entry.revision, publisher=self.entry.publisher, field=name,
            start=start, end=end, quote=self.text(name)[start:end],
        )  # fmt: skip
        return Mention(
            kind=kind, field=field, key=key, value=value, evidence=evidence, authority=self.entry.authority,
            at=self.entry.published_at, entity=entity, amount=amount, usd=usd, guess=guess,
        )  # fmt: skip


def read_mentions(
    entry: Entry, classification: Classification, kinds: Sequence[str], companies: CompanyIndex, rates: Rates
) -> list[Mention]:
    """All that an entry says of records of these kinds (a subset of its tags). Never raises."""
    reader = _Reader(entry, tuple(kinds), companies, rates, f"{entry.title}\n{entry.summary}")
    money = {name: read_amounts(reader.text(name)) for name in ("title", "summary")}
    mentions: list[Mention] = []
    for span in classification.spans:
        placed = _place(reader, span)
        if placed is None:
            continue
        if span.role in (Role.AMOUNT, Role.VALUATION):
            mentions += _money_mentions(reader, span, placed, money[span.field])
        else:
            for kind in reader.kinds:
                if span.role in ROLES.get(kind, ()):
                    mentions += _named_mentions(reader, kind, span.role.value, placed)
    mentions += _money_guesses(reader, mentions, money)
    mentions += _word_mentions(reader, mentions)
    return mentions


def _place(reader: _Reader, span: Span) -> tuple[Literal["title", "summary"], int, int] | None:
    """Where a span stands, trimmed; None if its words are not in the entry (an edited text, a wrong offset)."""
    text = reader.text(span.field)
    start, end = span.start, span.end
    if not 0 <= start < end <= len(text) or text[start:end] != span.text:
        start = text.find(span.text) if span.text else -1
        end = start + len(span.text)
        if start < 0:
            return None
    while start < end and text[start] in " \t\n\"“”„«»'‘,;:，。、「『《":
        start += 1
    while end > start and text[end - 1] in " \t\n\"“”„«»'‘’,;:，。、」』》":
        end -= 1
    return (span.field, start, end) if start < end else None


def _named_mentions(
    reader: _Reader, kind: str, role: str, placed: tuple[Literal["title", "summary"], int, int]
) -> list[Mention]:
    name, start, end = placed
    words = reader.text(name)[start:end]
    if role == "round":
        form = round_of(words)
        return [reader.mention(kind, role, form.lower(), form, placed)] if re.search(r"[^\W\d_]", words) else []
    if role in ("model", "product"):
        tidy = launches.tidy_model(words, reader.companies)
        return [reader.mention(kind, role, launches.model_key(tidy), tidy, placed)] if launches.model_key(tidy) else []
    found = []
    for part_start, part_end in _parts(words, reader.companies):
        part = words[part_start:part_end]
        if (
            _GENERIC.fullmatch(part.strip())
            or not re.search(r"[^\W\d_]", part)
            or (part.isascii() and len(part) < 2 and part != "X")
        ):
            continue
        resolved = reader.companies.resolve(part, context=reader.context, products=role != "target")
        at = (name, start + part_start, start + part_end)
        found.append(reader.mention(kind, role, resolved.key, resolved.name, at, entity=resolved.entity))
    return found


def _parts(words: str, companies: CompanyIndex) -> list[tuple[int, int]]:
    """A span that holds several names, cut into them; only where each is known, so "Procter & Gamble" stays whole."""
    whole = [(0, len(words))]
    if companies.get(words) is not None:
        return whole
    parts, begin = [], 0
    for match in _SPLIT.finditer(words):
        parts.append((begin, match.start()))
        begin = match.end()
    parts.append((begin, len(words)))
    parts = [(a, b) for a, b in parts if a < b]
    known = len(parts) > 1 and all(companies.get(words[a:b]) is not None for a, b in parts)
    return parts if known else whole


# ---------------------------------------------------------------- money


def _money_mentions(
    reader: _Reader, span: Span, placed: tuple[Literal["title", "summary"], int, int], money: list[ReadAmount]
) -> list[Mention]:
    name, start, end = placed
    text = reader.text(name)
    inside = [item for item in money if item.start < end and start < item.end]
    # a span that swallowed "$6.6B at a $157B valuation" holds two amounts
    read = inside if len(inside) > 1 else [amount_at(money, text, start, end, reader.entry.language)]
    return [mention for item in read if item is not None for mention in _money_mention(reader, span.role, name, item)]


def _money_mention(
    reader: _Reader, role: Role, name: Literal["title", "summary"], item: ReadAmount, *, guess: bool = False
) -> list[Mention]:
    deals = tuple(kind for kind in DEALS if kind in reader.kinds)
    if not deals or item.meaning is Money.OTHER:
        return []
    field = role.value
    if item.meaning is Money.TOTAL:
        field = "total"
    elif item.meaning is Money.VALUATION:
        field = "valuation"
    elif item.meaning is Money.SUM:
        field = "amount"
    if field in ("valuation", "total"):
        kind = deals[0]
        if kind == Tag.PARTNERSHIP.value or (kind == Tag.ACQUISITION.value and field == "total"):
            return []
    else:
        kind = amount_belongs_to(reader.text(name), item.start, item.end, deals)
    amount = item.amount
    value = format_amount(amount)
    key = f"{amount.currency}:{amount.value}"
    at = (name, item.start, item.end)
    return [reader.mention(kind, field, key, value, at, amount=amount, guess=guess)]


def _money_guesses(reader: _Reader, known: list[Mention], money: dict[str, list[ReadAmount]]) -> list[Mention]:
    """Sums beside a word of raising or buying and amounts that are called valuations, which the model did not mark."""
    taken = {(m.evidence.field, m.evidence.start) for m in known if m.amount is not None}
    found: list[Mention] = []
    for name in ("title", "summary"):
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


# ---------------------------------------------------------------- words


def _word_mentions(reader: _Reader, known: list[Mention]) -> list[Mention]:
    """Rounds, stakes, licences, sizes and openness, which no role of the model covers or which it missed."""
    found: list[Mention] = []
    fields: tuple[Literal["title", "summary"], ...] = ("title", "summary")
    for name in fields:
        text = reader.text(name)
        for kind in reader.kinds:
            if kind in (Tag.FUNDING.value, Tag.ACQUISITION.value):
                found += [reader.mention(kind, "stake", v, v, (name, a, b)) for a, b, v in find_stakes(text)]
            if kind == Tag.FUNDING.value:
                found += [
                    reader.mention(kind, "round", v.lower(), v, (name, a, b), guess=True)
                    for a, b, v in find_rounds(text)
                ]
            if kind == Tag.MODEL_LAUNCH.value:
                pairs = [("size", launches.find_size(text)), ("licence", launches.find_licences(text))]
                pairs.append(("openness", launches.find_openness(text)))
                found += [
                    reader.mention(kind, f, v.lower(), v, (name, a, b)) for f, items in pairs for a, b, v in items
                ]
    for mention in known:
        if mention.field == "model" and mention.kind == Tag.MODEL_LAUNCH.value:
            found += _name_mentions(reader, mention)
    return found


def _name_mentions(reader: _Reader, mention: Mention) -> list[Mention]:
    """Family, version and size that stand in a model's name."""
    parts = launches.read_model_name(mention.value)
    at = (mention.evidence.field, mention.evidence.start, mention.evidence.end)
    values = (("family", parts.family), ("version", parts.version), ("size", parts.size))
    return [reader.mention(mention.kind, f, f"{mention.key}/{v}", v, at, guess=f == "size") for f, v in values if v]
