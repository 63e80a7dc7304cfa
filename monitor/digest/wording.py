"""Words and numbers as a reader wants them: counts, money, dates, lines of a width. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from monitor.digest.schedule import zone_of
from monitor.types import DevelopmentKind, Tag

TAG_WORDS = {
    Tag.MODEL_LAUNCH: ("model launch", "model launches"),
    Tag.PRODUCT_LAUNCH: ("product launch", "product launches"),
    Tag.FUNDING: ("funding deal", "funding deals"),
    Tag.ACQUISITION: ("acquisition", "acquisitions"),
    Tag.PARTNERSHIP: ("partnership", "partnerships"),
}
STEP_WORDS = {
    DevelopmentKind.RUMOUR: "Rumour",
    DevelopmentKind.IN_TALKS: "In talks",
    DevelopmentKind.ANNOUNCED: "Now announced",
    DevelopmentKind.CLOSED: "Now closed",
    DevelopmentKind.DENIED: "Denied",
    DevelopmentKind.AMOUNT_CHANGED: "Amount changed",
}
_SCALES = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def tag_words(tag: str, count: int = 1) -> str:
    """`model launch`, `model launches`; a topic is its own word."""
    one, many = TAG_WORDS.get(Tag(tag), (tag, tag)) if tag in set(Tag) else (tag, tag)
    return one if count == 1 else many


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 story`, `14 stories`, `1,200 stories`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


#: of ISO 4217; others are written with their code
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}


def dollars(value: Decimal) -> str:
    """`$2.1B`, `$640M`, `$16.3M`, `$900`: three figures at most."""
    return money(value, "USD")


def money(value: Decimal, currency: str) -> str:
    """`€385M`, `¥9.5T`, `CNY 500M`: three figures at most."""
    sign = _SIGNS.get(currency) or f"{currency} "
    if not value.is_finite():
        raise ValueError(f"{value} is no amount of money")
    for scale, letter in _SCALES:
        # 999.95 M and more round to the next letter
        if value >= scale * Decimal("0.9995"):
            return f"{sign}{_three(value / scale)}{letter}"
    return f"{sign}{_three(value)}"


def written_in(text: str, currency: str) -> bool:
    """Whether the text names that currency by its sign or code; "$" may stand for others, too, and is believed."""
    sign = _SIGNS.get(currency, currency)
    return sign in text or currency in text.upper() or (currency == "USD" and "dollar" in text.casefold())


def _three(number: Decimal) -> str:
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def long_date(at: datetime, time_zone: str) -> str:
    """`Monday, 26 February 2024`, local."""
    local = at.astimezone(zone_of(time_zone))
    return f"{local:%A}, {local.day} {local:%B} {local.year}"


def short_date(at: datetime, time_zone: str) -> str:
    """`Mon 26 Feb`, local."""
    local = at.astimezone(zone_of(time_zone))
    return f"{local:%a} {local.day} {local:%b}"


def clock_time(at: datetime, time_zone: str) -> str:
    """`Mon 26 Feb, 08:00`, local."""
    return f"{short_date(at, time_zone)}, {at.astimezone(zone_of(time_zone)):%H:%M}"


def listed(names: Iterable[str], limit: int) -> str:
    """`TechCrunch, Le Monde +12`: the first `limit` names and how many more."""
    every = list(dict.fromkeys(name for name in names if name))
    more = len(every) - limit
    return ", ".join(every[:limit]) + (f" +{more}" if more > 0 else "")


def width(text: str) -> int:
    """Columns that the text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


#: what may not begin a line of Chinese or Japanese, and what may not end one
_NOT_FIRST = frozenset("、。，．・：；？！）」』】〕〉》”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ％,.!?:;)]}%")
_NOT_LAST = frozenset("（「『【〔〈《“‘([{￥＄")


def wrap(text: str, columns: int = 78, indent: str = "", first: str | None = None) -> str:
    """Lines of at most `columns`, begun with `indent` (the first with `first`).

    Chinese and Japanese break between letters, but never in a Latin word or before a full stop; other words only if
    they are longer than a line, URLs not even then.
    """
    lines: list[str] = []
    line = first if first is not None else indent
    empty = True
    for word in text.split():
        for number, piece in enumerate(_pieces(word, columns - width(indent))):
            gap = "" if empty or number else " "
            if not empty and width(line) + width(gap) + width(piece) > columns:
                lines.append(line)
                line, empty, gap = indent, True, ""
            line += gap + piece
            empty = False
    return "\n".join([*lines, line]) if not empty or lines else line.rstrip()


def _pieces(word: str, columns: int) -> list[str]:
    """Where a word may be broken; the pieces of it follow each other without a blank."""
    if word.startswith(("http://", "https://")):
        return [word]
    if word.isascii() or not any(_columns(letter) == 2 for letter in word):
        return [word] if width(word) <= columns else _cut(word, columns)
    pieces: list[str] = []
    for letter in word:
        wide = _columns(letter) == 2
        joins = bool(pieces) and (
            letter in _NOT_FIRST
            or pieces[-1][-1] in _NOT_LAST
            or _columns(letter) == 0
            or not (wide or _columns(pieces[-1][-1]) == 2)
        )
        if joins:
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return [part for piece in pieces for part in ([piece] if width(piece) <= columns else _cut(piece, columns))]


def _cut(word: str, columns: int) -> list[str]:
    pieces, piece = [], ""
    for letter in word:
        if width(piece) + _columns(letter) > columns:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]
