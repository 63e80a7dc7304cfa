"""Marks: words of our own in the full-text index, so that a filter is one more word of a query.

"mistral, tagged funding, of May 2024" is then one intersection of three lists that the index holds sorted, instead of
a walk through every "mistral" with a look at its row. Marks only narrow down: what they find is checked exactly.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from monitor.archive.tables import cap

#: stands in every entry's marks; what a query of nothing but "not" is taken from
ALL: Final = "qzall"
_WORD: Final = re.compile(r"[^\W_]+")
_LIST_OF_MONTHS: Final = 36
#: how many marks an entry has of its own
_OWN: Final = 6


def folded(text: str) -> str:
    """Lower case without accents, as both databases' indexes see it."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if unicodedata.category(c) != "Mn")).lower()


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _WORD.findall(folded(text))


def key_of(name: str) -> str:
    """One key for the spellings of a name: "Mistral AI" and "mistral-ai" are equal."""
    return " ".join(words(name))[:512] or cap(name.strip(), 512)


def mark(kind: str, value: str) -> str:
    """A word that no text holds: the kind's letter and a hash, since a domain or a name is more than one word."""
    return f"qz{kind}{hashlib.blake2b(value.encode('utf-8', 'replace'), digest_size=6).hexdigest()}"


def tag_mark(tag: str) -> str:
    """Of a built-in tag or a topic."""
    return mark("t", tag.lower())


def company_mark(name: str) -> str:
    return mark("c", key_of(name))


def publisher_mark(domain: str) -> str:
    return mark("p", domain.lower())


def language_mark(language: str) -> str:
    """By the language alone: "pt-BR" is found by "pt"."""
    return mark("l", language.lower().replace("_", "-").partition("-")[0])


def amount_mark(usd: Decimal) -> str:
    """By the power of ten: 0 to 15."""
    return f"qza{_power(usd):02d}"


def amount_marks_from(usd: Decimal) -> list[str]:
    """Every amount mark of at least that sum."""
    return [f"qza{power:02d}" for power in range(_power(usd), 16)]


def _power(usd: Decimal) -> int:
    return 0 if usd < 1 else min(15, usd.adjusted())


def month_mark(at: datetime) -> str:
    return f"qzm{at.year:04d}{at.month:02d}"


def year_mark(at: datetime) -> str:
    return f"qzy{at.year:04d}"


def span_marks(since: datetime | None, until: datetime | None, first_year: int, last: datetime) -> list[str]:
    """Month and year marks that together hold every entry published in [since, until]; empty: no bound.

    Whole years are one mark; a span of more than some dozens of marks narrows too little to be worth it.
    """
    if since is None and until is None:
        return []
    start = (since.year, since.month) if since else (first_year, 1)
    end = (until.year, until.month) if until and until < last else (last.year, last.month)
    found: list[str] = []
    year, month = start
    while (year, month) <= end:
        if month == 1 and (year, 12) <= end:
            found.append(f"qzy{year:04d}")
            year += 1
        else:
            found.append(f"qzm{year:04d}{month:02d}")
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found[:] if len(found) <= _LIST_OF_MONTHS else []


def feed_mark(feed_id: str) -> str:
    return mark("f", feed_id)


def marks_of_entry(feed_id: str, published_at: datetime, publisher: str, language: str) -> str:
    """What an entry is found by from the moment it is stored."""
    times = (ALL, year_mark(published_at), month_mark(published_at))
    return " ".join([*times, feed_mark(feed_id), publisher_mark(publisher), language_mark(language)])


def marks_of_story(
    own: str, tags: Iterable[str], topics: Iterable[str], companies: Iterable[str], usd: Decimal | None
) -> str:
    """The entry's own marks, which lead in `own`, and those of its story."""
    more = {tag_mark(t) for t in (*tags, *topics)} | {company_mark(c) for c in companies}
    if usd is not None:
        more.add(amount_mark(usd))
    return " ".join([*own.split()[:_OWN], *sorted(more)])
