"""Amounts of entries: which money a span means, what it is (sum, valuation, total), and what it is in US dollars."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from importlib import resources
from pathlib import Path

from monitor.errors import DataError, NotFound
from monitor.money import parse_amount, parse_amounts
from monitor.types import Amount

#: what an amount without a currency is in, by the language of its entry
_HOME_CURRENCY = {"zh": "CNY", "ja": "JPY", "de": "EUR", "fr": "EUR", "es": "EUR"}


class RateTable:
    """US dollars per unit of a currency, by day (protocols.Rates). Immutable."""

    def __init__(self, rows: Iterable[tuple[date, str, Decimal]]) -> None:
        self._days: dict[str, list[date]] = {}
        self._rates: dict[str, list[Decimal]] = {}
        latest = {(currency, day): rate for day, currency, rate in rows}
        for (currency, day), rate in sorted(latest.items()):
            self._days.setdefault(currency, []).append(day)
            self._rates.setdefault(currency, []).append(rate)

    @classmethod
    def load(cls, extra: Path | None = None) -> RateTable:
        """The shipped table, and on top of it the rows of a person's own file. Raises DataError or NotFound."""
        shipped = (resources.files("monitor.ledger") / "data" / "rates.tsv").read_text(encoding="utf-8")
        rows = _rate_rows(shipped.splitlines(), "rates.tsv")
        if extra is not None:
            try:
                lines = extra.read_text(encoding="utf-8").splitlines()
            except OSError as error:
                raise NotFound(
                    f"rates file {extra} cannot be read ({error.strerror}): correct its path in the settings"
                ) from error
            except UnicodeDecodeError as error:
                raise DataError(f"rates file {extra} is not UTF-8: save it as text, tab-separated") from error
            rows += _rate_rows(lines, str(extra))
        return cls(rows)

    def usd(self, value: Decimal, currency: str, on: datetime) -> Decimal | None:
        """`value` in US dollars at the rate of that day (before the table's first day: the first), to the cent."""
        if currency == "USD":
            return value
        days = self._days.get(currency)
        if days is None:
            return None
        index = bisect_right(days, on.astimezone(UTC).date()) - 1
        return (value * self._rates[currency][max(index, 0)]).quantize(Decimal("0.01"))


def _rate_rows(lines: Iterable[str], source: str) -> list[tuple[date, str, Decimal]]:
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(("#", "from\t")):
            continue
        try:
            day, currency, rate = line.split("\t")
            row = (date.fromisoformat(day), currency.strip().upper(), Decimal(rate.strip()))
        except (ValueError, InvalidOperation) as error:
            raise DataError(
                f"{source}, line {number}: write DAY, CURRENCY and US DOLLARS with tabs, as 2026-01-01, EUR, 1.17"
            ) from error
        if not row[2].is_finite() or row[2] <= 0 or len(row[1]) != 3:
            raise DataError(f"{source}, line {number}: the rate must be above 0 and the currency have three letters")
        rows.append(row)
    return rows


class Money(StrEnum):
    """What an amount in a text is."""

    SUM = "sum"
    VALUATION = "valuation"
    TOTAL = "total"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAmount:
    """An amount where it stands in a field, and what the words around it say it is (None: they say nothing)."""

    start: int
    end: int
    amount: Amount
    meaning: Money | None


#: ends right before the amount
_VALUATION_BEFORE = re.compile(
    r"(?:valu(?:ed|es|ing|e)(?: (?:it|itself|them|\w+(?: \w+){0,3}))? (?:at|to)|valuation(?: (?:of|at|to|tops?|hits?|"
    r"reach\w*|above|near|"
    r"climbs to|soars to|jumps to|rises to|doubles to|surpass\w*|exceed\w*|near(?:s|ing)?|cross\w*|is|as high as|"
    r"doubling to\w*|"
    r"from [^.,;]{3,30} to))?|valuations as high as|\bworth|(?:market (?:cap|value)\w*|enterprise value)(?: of| to)?|"
    r"post-money(?: of)?|"
    r"\b(?:series [a-k]|round|IPO|raising|raise|funding|listing|tender offer|share sale)[^.,;$€£]{0,12} at|"
    r"valoris\w+ (?:à|de|dépasse)|valorisation (?:de|à)|bewert\w+ (?:mit|von|auf|bei)|bewertung (?:von|auf|bei)|"
    r"valora\w+ (?:en|de)|valoraci[óo]n de|估值(?:达|为|超|約|约|逾|突破|高达|将达|至|约为|超过|飙升至|已达)?到?|"
    r"評価額(?:は|が)?|時価総額(?:は|が)?)"
    r"(?: an?| the| around| about| over| more than| nearly| almost| up to| as much as| at least| some| roughly|"
    r" approximately|"
    r" close to| plus de| près de| rund| über| más de| unos)*\s*$",
    re.I,
)
#: what is worth an amount is a deal, not a company
_DEAL_BEFORE = re.compile(
    r"\b(?:deals?|contracts?|agreements?|orders?|transactions?|acquisitions?|purchases?|partnerships?|licen[cs]e|"
    r"stock|shares|stake|cash|"
    r"chips|GPUs|accord|contrat|vertrag|auftrag|contrato|acuerdo)\b[^.;$€£]{0,40}$",
    re.I,
)
_VALUATION_AFTER = re.compile(
    r"^[\s-]*(?:\([^)]{1,20}\)\s*)?(?:post[- ]money|pre[- ]money|private|implied|reported|current|latest|potential|"
    r"target|record|eye-watering|staggering|new|"
    r"pre-IPO|IPO|market|company|equity|enterprise)?[\s-]*(?:valu(?:ations?|ed|e)\b|post[- ]money|pre[- ]money|"
    r"market cap|valorisation|bewertung|valoraci[óo]n|"
    r"估值(?![^，。]{0,6}\d)|評価額(?![^、。]{0,6}\d)|时价|時価総額|company\b|start-?up\b)",
    re.I,
)
_TOTAL_BEFORE = re.compile(
    r"(?:total (?:funding|raised?|capital|investment|financing|amount raised|equity)[\w ]{0,24}?(?: to| of| is| at|"
    r" past| over)?|"
    r"(?:bring\w*|taking|takes|pushes|pushing|brought)[\w' ]{0,40}? (?:total|funding|raised|raise|"
    r"capital)[\w ]{0,20}? (?:to|past|over|at)|"
    r"total (?:levé|de fonds)[\w ]{0,20}|(?:has|have) (?:now |already |"
    r"previously )?raised(?: a total of)?(?= .{0,40}to date)|"
    r"累计(?:融资|募资|获得)?(?:额|金额)?(?:已|达|超|超过|约)?|累計(?:調達額)?(?:は|で)?|insgesamt|en total,?)"
    r"(?: over| more than| about| nearly| to| approximately| some| around| an?)*\s*$",
    re.I,
)
_TOTAL_AFTER = re.compile(
    r"^\+?\s*(?:in total(?: funding| raised| capital)?|to[- ]date|in (?:funding|capital|equity|financing|"
    r"venture funding|venture capital)(?: raised)? to[- ]date|"
    r"(?:of )?total (?:funding|capital|raised)|(?:raised )?(?:so far|in all|since (?:its )?(?:founding|inception))|"
    r"au total|insgesamt|en total)\b",
    re.I,
)
_OTHER_BEFORE = re.compile(
    r"(?:revenue|revenues|top line|turnover|ARR|sales|profit|income|loss(?:es)?|run[- ]rate|cost(?:s|ing)?|capex|"
    r"budget|fine[sd]?|"
    r"lawsuit|damages|settlement|salary|price[sd]?|market (?:opportunity|size)|bookings|backlog|"
    r"assets under management|AUM)"
    r"(?: (?:of|to|at|at least|hits?|tops?|reach\w*|passes|cross\w*|exceeds?|over|more than|about|surpass\w*|is|was|"
    r"by))*\s*$|"
    r"(?:获益|獲益|收益|营收|營收|净利润?|淨利潤?|利润|利潤|收入|売上高?|利益)(?:为|為|达到?|達到?|约|約|超过?|超過?|近|逾|は|が)?\s*$",
    re.I,
)
_OTHER_AFTER = re.compile(
    r"^\+?\s*(?:in |of )?(?:(?:annual|annualized|annualised|recurring|quarterly|yearly|monthly|net|its|expected|"
    r"projected) ?){0,3}"
    r"(?:revenues?|ARR|sales|profits?|income|loss(?:es)?|run[- ]rate|bookings|in assets|assets under|fine\b|lawsuit|"
    r"penalty|market\b|industry\b|"
    r"settlement|budget|salary|subscription)\b|^\s*(?:per|/) ?(?:month|user|seat|hour|token|million tokens|1M)|"
    r"^\s*(?:a|par|pro|al) (?:month|mois|monat|mes)\b|"
    r"^/(?:mo|month)\b"
    r"|^(?:的)?(?:达成|達成)?(?:和解|罚款|罰款|罚金|诉讼|訴訟|赔偿|賠償)|^，?以?了结",
    re.I,
)


def read_amounts(text: str) -> list[ReadAmount]:
    """All money of a field, each with what the words around it say it is. Never raises."""
    return [
        ReadAmount(start=start, end=end, amount=amount, meaning=meaning_of(text, start, end))
        for start, end, amount in parse_amounts(text)
    ]


def meaning_of(text: str, start: int, end: int) -> Money | None:
    """What the words right before and after say an amount is; None if they say nothing."""
    before, after = text[max(0, start - 70) : start], text[end : end + 40]
    if _TOTAL_BEFORE.search(before) or _TOTAL_AFTER.match(after):
        return Money.TOTAL
    if _VALUATION_AFTER.match(after):
        return Money.VALUATION
    if (cue := _VALUATION_BEFORE.search(before)) is not None:
        of_deal = re.match(r"worth|valued|enterprise|value", cue[0], re.I) and _DEAL_BEFORE.search(
            before[: cue.start()]
        )
        return Money.SUM if of_deal else Money.VALUATION
    if _OTHER_AFTER.match(after) or _OTHER_BEFORE.search(before):
        return Money.OTHER
    return None


def amount_at(found: list[ReadAmount], text: str, start: int, end: int, language: str) -> ReadAmount | None:
    """The amount that a span of a field means: what the field's money overlaps it, else the span read by itself.

    A span may be too long or lack its currency; one without any currency gets the home currency of the language,
    or US dollars.
    """
    overlapping = [item for item in found if item.start < end and start < item.end]
    if overlapping:
        return max(overlapping, key=lambda item: (item.meaning is None, min(end, item.end) - max(start, item.start)))
    amount = parse_amount(text[start:end], _HOME_CURRENCY.get(language[:2], "USD"))
    if amount is None:
        return None
    return ReadAmount(start=start, end=end, amount=amount, meaning=meaning_of(text, start, end))


def same_amount(one: Amount, other: Amount, usd_one: Decimal | None, usd_other: Decimal | None) -> bool:
    """Whether two amounts are one: equal, one rounded from the other ($1B, $1.03B), or one in another currency."""
    if one.value is None or other.value is None:
        return one.value is other.value
    if one.currency == other.currency:
        if one.value == other.value:
            return True
        coarse, fine = sorted((one.value, other.value), key=_significant)
        if coarse == 0 or abs(coarse - fine) / max(coarse, fine) > Decimal("0.05"):
            return False
        step = Decimal(1).scaleb(coarse.adjusted() - _significant(coarse) + 1)
        return _significant(coarse) < _significant(fine) and abs(coarse - fine) <= step / 2
    if not usd_one or not usd_other:
        return False
    return abs(usd_one - usd_other) / max(usd_one, usd_other) <= Decimal("0.08")


def _significant(value: Decimal) -> int:
    """Significant digits as written: 1030000000 has three."""
    return len(str(value.normalize().as_tuple().digits).replace(", ", "").strip("(),")) or 1


def precision(amount: Amount) -> int:
    """How exactly an amount is told: more digits tell more, a range or "about" less."""
    if amount.value is None:
        return -1
    return _significant(amount.value) - (2 if amount.approximate else 0)
