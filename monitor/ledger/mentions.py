"""One entry to mentions: each of the model's spans checked against the words around it, and what the words add. Pure.

The model's spans may be too long, lack a currency or carry the wrong role; a mention has the field that the text gives
it, a canonical value and the exact quote. What is read from the words alone (`guess`) counts only where no entry of the
story has it from the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from monitor.ledger import context, launches, spelling
from monitor.ledger.amounts import read_amounts
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.deals import find_rounds, find_stakes, round_of
from monitor.ledger.events import of_one_headline
from monitor.ledger.reading import FIELDS, PARTIES, ROLES, Mention, Place, Reader
from monitor.ledger.sums import money_guesses, money_mentions, settled_sums
from monitor.protocols import Rates
from monitor.types import Classification, Entry, Role, Span, Tag

__all__ = ["PARTIES", "Mention", "read_mentions"]

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
#: what "AI" belongs to, rather than to the name before it
_AI_NOUN = re.compile(r" (?:assistants?|agents?|apps?|tools?|features?|chatbots?|companions?|models?)\b")
_SPLIT = re.compile(r"\s*(?:,|、|，|;|/|&|\+|\band\b|\bund\b|\bet\b|\by\b|\bwith\b|和|与|與|及|×)\s*")


def read_mentions(
    entry: Entry, classification: Classification, kinds: Sequence[str], companies: CompanyIndex, rates: Rates
) -> list[Mention]:
    """All that an entry says of records of these kinds (a subset of its tags). Never raises."""
    reader = Reader(entry, tuple(kinds), companies, rates, f"{entry.title}\n{entry.summary}")
    money = {name: read_amounts(reader.text(name)) for name in FIELDS}
    mentions: list[Mention] = []
    for role, placed, score in _joined(reader, classification.spans):
        found: list[Mention] = []
        if role in (Role.AMOUNT, Role.VALUATION):
            found += money_mentions(reader, role, placed, money[placed[0]])
        else:
            for kind in reader.kinds:
                if role in ROLES.get(kind, ()):
                    found += _named_mentions(reader, kind, role.value, placed)
        mentions += [replace(mention, score=score) for mention in found]
    mentions += money_guesses(reader, mentions, money)
    mentions = of_one_headline(settled_sums(mentions), entry.title)
    mentions += _word_mentions(reader, mentions)
    return mentions


def _joined(reader: Reader, spans: Sequence[Span]) -> list[tuple[Role, Place, float]]:
    """The spans where they stand and how sure each is; neighbours of one role with only a space between ("ABN",
    "AMRO") are one name."""
    placed = [(span.role, place, span.score) for span in spans if (place := _place(reader, span)) is not None]
    placed.sort(key=lambda item: (item[0].value, item[1]))
    joined: list[tuple[Role, Place, float]] = []
    for role, place, score in placed:
        if joined and joined[-1][0] is role and _goes_on(reader, role, joined[-1][1], place):
            _, (name, start, _), first = joined.pop()
            place, score = (name, start, place[2]), max(score, first)
        joined.append((role, place, score))
    return joined


def _goes_on(reader: Reader, role: Role, one: Place, other: Place) -> bool:
    """Whether two spans are halves of one name: not "Gemini for" and "Home", nor two names that are known."""
    if role in (Role.AMOUNT, Role.VALUATION) or one[0] != other[0] or other[1] - one[2] != 1:
        return False
    text = reader.text(one[0])
    first, second = text[one[1] : one[2]], text[other[1] : other[2]]
    if text[one[2]] not in " -":
        return False
    if role is Role.PRODUCT and first.endswith((" for", " to")):
        return True  # "Claude for" and "Small Business"
    if spelling.trimmed(text, one[1], one[2], reader.companies) != one[1:]:
        return False
    return not all(reader.companies.get(n) is not None or reader.companies.is_product(n) for n in (first, second))


def _place(reader: Reader, span: Span) -> Place | None:
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


def _named_mentions(reader: Reader, kind: str, role: str, placed: Place) -> list[Mention]:
    """A name's mentions; none if the words are no name or the text only mentions it."""
    name, start, end = placed
    text = reader.text(name)
    if role == "round":
        words = text[start:end]
        form = round_of(words)
        return [reader.mention(kind, role, form.lower(), form, placed)] if re.search(r"[^\W\d_]", words) else []
    of_company = role in PARTIES
    start, end = spelling.trimmed(text, start, end, reader.companies, verbs=of_company)
    start, end = spelling.lengthened(text, start, end, reader.companies)
    if start >= end:
        return []
    if role in ("model", "product"):
        return _product_mentions(reader, kind, role, (name, start, end))
    found = []
    for part_start, part_end in _parts(text[start:end], reader.companies):
        found += _party_mentions(reader, kind, role, (name, start + part_start, start + part_end))
    return found


def _product_mentions(reader: Reader, kind: str, role: str, placed: Place) -> list[Mention]:
    name, start, end = placed
    text = reader.text(name)
    if text[start:end].endswith(" AI") and _AI_NOUN.match(text, end):
        end -= 3  # "its Personal Desk AI assistant"
    tidy = launches.tidy_model(text[start:end], reader.companies)
    key = launches.model_key(tidy)
    if not key or not spelling.is_name(tidy):
        return []
    placed = (name, start, end)
    aside = context.is_older(text, start, end) or not spelling.is_product_name(
        tidy, reader.companies, in_title=name == "title"
    )
    aside = aside or (role == "product" and context.is_host(text, start))
    return [reader.mention(kind, role, key, tidy, placed, aside=aside)]


def _party_mentions(reader: Reader, kind: str, role: str, placed: Place) -> list[Mention]:
    name, start, end = placed
    text = reader.text(name)
    words = text[start:end]
    if _GENERIC.fullmatch(words.strip()) or not spelling.is_name(words):
        return []
    entry = reader.entry
    if context.only_mentioned(role, text, start, end) or (
        name == "title" and context.is_publisher(text, start, end, entry.publisher, entry.publisher_name)
    ):
        return []
    resolved = reader.companies.resolve(words, context=reader.context, products=role != "target")
    aside = context.speaks_for(text, start) or (role != "partner" and context.is_country(words))
    if resolved.entity is None:
        described = spelling.is_described(words.strip())
        if described and role in ("developer", "investor"):
            return []
        aside = aside or described or (role != "investor" and context.is_person(text, start, end))
    if kind == Tag.FUNDING.value:
        role = context.money_side(role, text, start, end)
    return [reader.mention(kind, role, resolved.key, resolved.name, placed, entity=resolved.entity, aside=aside)]


def _parts(words: str, companies: CompanyIndex) -> list[tuple[int, int]]:
    """A span that holds several names, cut into them; only where each is known, so "Procter & Gamble" stays whole."""
    whole = [(0, len(words))]
    entity = companies.get(words)
    if entity is not None and entity.vetted:
        return whole
    parts, begin = [], 0
    for match in _SPLIT.finditer(words):
        parts.append((begin, match.start()))
        begin = match.end()
    parts.append((begin, len(words)))
    parts = [(a, b) for a, b in parts if a < b]
    known = len(parts) > 1 and all(companies.get(words[a:b]) is not None for a, b in parts)
    return parts if known else _side_by_side(words, companies) or whole


def _side_by_side(words: str, companies: CompanyIndex) -> list[tuple[int, int]]:
    """Two known names with only a space or a hyphen between ("Anthropic SpaceX"), each for itself; else none."""
    for gap in re.finditer(r"[ \-–/×]", words):
        sides = [companies.get(words[: gap.start()]), companies.get(words[gap.end() :])]
        if all(side is not None and side.vetted for side in sides) and len({side.key for side in sides if side}) == 2:
            return [(0, gap.start()), (gap.end(), len(words))]
    return []


# ---------------------------------------------------------------- words


def _word_mentions(reader: Reader, known: list[Mention]) -> list[Mention]:
    """Rounds, stakes, licences, sizes and openness, which no role of the model covers or which it missed."""
    found: list[Mention] = []
    for name in FIELDS:
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


def _name_mentions(reader: Reader, mention: Mention) -> list[Mention]:
    """Family, version and size that stand in a model's name."""
    parts = launches.read_model_name(mention.value)
    at = (mention.evidence.field, mention.evidence.start, mention.evidence.end)
    values = (("family", parts.family), ("version", parts.version), ("size", parts.size))
    return [reader.mention(mention.kind, f, f"{mention.key}/{v}", v, at, guess=f == "size") for f, v in values if v]
