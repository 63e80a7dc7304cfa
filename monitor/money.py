"""Money as headlines write it, in English, French, German, Spanish, Chinese and Japanese. Pure.

The libraries of this field misread the scale ("$40 million" -> 40), so this is a parser of its own. It works in three
steps: every number with its neighbours (currency before, scale, currency after) becomes an atom; neighbouring atoms
become ranges ("between $3 and $4 billion"); what has no currency is dropped, so years, percentages, model sizes ("70B")
and plain numbers are never money. Vague forms ("nine-figure", "billions of dollars", "undisclosed") are read apart.

The vocabulary is money_words.py. Longer than most modules, because the three steps only make sense together.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from monitor import money_words as w
from monitor.errors import UsageError
from monitor.types import Amount

#: ISO 4217 for "no currency": of an undisclosed amount
NO_CURRENCY = "XXX"
#: more than all money there is: a limit above it is a slip of the key
_LARGEST = Decimal(10**15)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Atom:
    """A number with its neighbours. `number` is as written, `scale` what multiplies it."""

    start: int
    end: int
    number: Decimal
    scale: Decimal | None
    currency: str | None
    more: bool = False
    vague: bool = False
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def value(self) -> Decimal:
        return self.number * (self.scale or 1)


# ---------------------------------------------------------------- reading


def parse_amounts(text: str) -> list[tuple[int, int, Amount]]:
    """All money in a text, in order, as (start, end, amount); offsets count characters. Never raises.

    "¥" is yen unless the text is Chinese or says yuan; "元" in traditional characters is the New Taiwan dollar unless
    the text says otherwise.
    """
    return _read(text, default=None)


def parse_amount(text: str, default_currency: str | None = None) -> Amount | None:
    """The first amount of a text that is meant to hold one; None if there is none. Never raises.

    `default_currency` (ISO) is given to a scaled number without a currency ("2 billion"); without it such a number
    is no amount.
    """
    found = _read(text, default=default_currency)
    return found[0][2] if found else None


def _read(text: str, *, default: str | None) -> list[tuple[int, int, Amount]]:
    if not text or not w.worth_reading().search(text):
        return []
    plain = text.translate(w.PLAIN)
    atoms = [*_latin_atoms(plain), *_cjk_atoms(plain), *_word_atoms(plain), *_vague_atoms(plain, default)]
    atoms = _join_ranges(plain, _without_overlap(atoms))
    found = []
    for atom in atoms:
        currency = atom.currency
        if currency is None:
            if default is None or (atom.scale is None and not atom.vague):
                continue
            currency = default
        found.append((atom.start, atom.end, _amount_of(plain, text, replace(atom, currency=currency))))
    taken = [(start, end) for start, end, _ in found]
    for match in w.undisclosed().finditer(plain):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            amount = Amount(value=None, currency=NO_CURRENCY, text=text[match.start() : match.end()])
            found.append((match.start(), match.end(), amount))
    return sorted(found, key=lambda item: item[0])


def _amount_of(plain: str, text: str, atom: _Atom) -> Amount:
    """The atom with the words around it: "more than" gives an open end, "about" only says so."""
    value, low, high = atom.value, atom.low, atom.high
    before, after = plain[max(0, atom.start - 24) : atom.start], plain[atom.end : atom.end + 10]
    approximate = atom.vague or low is not None or high is not None
    start = atom.start
    if low is None and high is None:
        if atom.more or w.qualifier(w.MORE).search(before) or w.more_after().match(after):
            low, approximate = value, True
        elif w.qualifier(w.LESS).search(before) or w.less_after().match(after):
            high, approximate = value, True
    if w.qualifier(w.ABOUT).search(before) or w.about_after().match(after):
        approximate = True
    assert atom.currency is not None
    currency = _yen_or_yuan(plain, atom)
    return Amount(
        value=value, currency=currency, text=text[start : atom.end], low=low, high=high, approximate=approximate
    )


def _yen_or_yuan(plain: str, atom: _Atom) -> str:
    """What "¥" and a bare "元" mean in this text."""
    assert atom.currency is not None
    written = plain[atom.start : atom.end]
    if "¥" in written and "CN¥" not in written and "JP¥" not in written and atom.currency == "JPY":
        kana = w.kana().search(plain) is not None
        if w.says_yuan().search(plain) or (not kana and w.han().search(plain) is not None):
            return "CNY"
    if (
        atom.currency == "CNY"
        and written.endswith("元")
        and w.traditional().search(plain)
        and not w.kana().search(plain)
    ):
        says_mainland = w.says_mainland().search(plain)
        return atom.currency if says_mainland or written[:2] in {"人民", "RM"} else "TWD"
    return atom.currency


def _latin_atoms(plain: str) -> list[_Atom]:
    atoms = []
    for match in w.latin().finditer(plain):
        scale_word = (match["scale"] or match["glued"] or "").rstrip(".")
        scale = _scale_of(scale_word, plain, match) if scale_word else None
        before, after = match["pre"], match["post"]
        number = _decimal(
            match["num"], comma=bool(scale_word and w.COMMA_SCALES.fullmatch(scale_word)), scaled=bool(scale)
        )
        currency = _currency(before, after, strong=scale is not None or number >= 1000)
        end = match.end()
        if after and currency is None:
            end = match.start("post")
        glued = match["gluedcur"]
        if glued:
            currency = "SEK" if glued.lower() == "kr" else glued.upper()
        while end > match.start() and plain[end - 1] in " -":
            end -= 1
        if currency is None and scale is None and not match["num"]:
            continue
        start = match.start("tilde") if match["tilde"] and currency else match.start("pre" if before else "num")
        more = bool(match["plus"] or match["plus2"])
        atoms.append(
            _Atom(
                start=start,
                end=end,
                number=number,
                scale=scale,
                currency=currency,
                more=more,
                vague=bool(match["tilde"]),
            )
        )
    return atoms


def _currency(before: str | None, after: str | None, *, strong: bool) -> str | None:
    """Currency of the words around a number; what is also another word needs a scale or a long number."""
    first = None
    if before:
        key = before.strip()
        first = w.BEFORE.get(key) or next((v for k, v in w.BEFORE.items() if k.lower() == key.lower()), None)
        if first is None and key.upper() in w.CODES:
            first = key.upper() if strong or key.upper() in w.MAJOR else None
        elif key in {"RM", "Rp", "kr", "DH", "Dh", "NIS"} and not strong:
            first = None
    if after:
        second = _currency_after(after, strong=strong)
        if first is None or (second and first in {"USD", "JPY"} and before and before.strip() in {"$", "¥"}):
            return second or first
    return first


def _currency_after(after: str, *, strong: bool) -> str | None:
    word = after.strip()
    if word in w.AFTER_CJK:
        return w.AFTER_CJK[word]
    if word in w.BEFORE:
        return w.BEFORE[word]
    if word.upper() in w.CODES:
        return word.upper() if strong or word.upper() in w.MAJOR else None
    low = word.lower()
    if low in w.WEAK_AFTER and not strong:
        return None
    return next((code for pattern, code in w.after_patterns() if pattern.fullmatch(low)), None)


def _scale_of(word: str, plain: str, match: re.Match[str]) -> Decimal:
    low = word.lower().replace("-", " ")
    rest = plain[match.end("scale") : match.end("scale") + 24].lower() if match["scale"] else ""
    if low == "mil" and re.match(r" ?(?:de )?(?:d[óo]lares|euros|pesos|libras|reais|yuanes)", rest):
        return w.THOUSAND
    # "un billion de dollars" and "eine Billion Euro" are a million million; "a billion dollars" is not
    if low == "billion" and (
        rest.startswith((" de ", " d'")) or plain[: match.start("scale")].lower().endswith(("eine ", "einer "))
    ):
        return w.TRILLION
    return next(scale for scale, pattern in w.scale_patterns() if pattern.fullmatch(low))


def _decimal(written: str, *, comma: bool, scaled: bool) -> Decimal:
    """The number that is written; `comma`: the language writes 8.500,5. "1,125" is 1125 and "1.125 billion" is not."""
    digits = written.replace(" ", "").replace("'", "")
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        mark = "." if digits.rfind(".") > digits.rfind(",") else ","
    elif dots + commas > 1:
        mark = ""
    elif commas:
        thousands = len(digits.split(",")[1]) == 3 and not comma and digits[0] != "0"
        mark = "" if thousands else ","
    elif dots:
        thousands = len(digits.split(".")[1]) == 3 and (comma or not scaled) and digits[0] != "0"
        mark = "" if thousands else "."
    else:
        mark = ""
    clean = "".join("." if c == mark else c for c in digits if c.isdecimal() or c == mark)
    return Decimal(clean)


def _cjk_atoms(plain: str) -> list[_Atom]:
    atoms = []
    for match in w.cjk().finditer(plain):
        value, vague, high = _cjk_number(match["num"])
        if value is None:
            continue
        before, after = match["pre"], match["post"]
        currency = _currency(before, after, strong=True)
        if currency is None and not any(c in w.CJK_UNITS for c in match["num"]):
            continue
        start = match.start("near") if match["near"] else match.start("pre" if before else "num")
        near = match["near"] or ""
        more = (
            match["more"] is not None or any(c in match["num"] for c in "余多餘") or near in {"逾", "超", "超过", "上"}
        )
        low = value if high is not None else None
        number, scale = ((value + high) / 2 if high is not None else value), Decimal(1)
        simple = re.match(r"\d+(?:\.\d+)?(?=[^\d.,]+$)", match["num"])
        if simple and Decimal(simple[0]):
            # kept apart, so that "10至15亿" can share the scale
            scale, number = number / Decimal(simple[0]), Decimal(simple[0])
        atoms.append(
            _Atom(
                start=start, end=match.end(), number=number, scale=scale, currency=currency, more=more,
                vague=vague or bool(near), low=low, high=high,
            )
        )  # fmt: skip
    return atoms


def _cjk_number(written: str) -> tuple[Decimal | None, bool, Decimal | None]:
    """(value, vague, upper end) of "1兆5000億", "数十亿", "3.5万"; units multiply what stands before them."""
    several = written[0] in "数數几幾"
    total, section, number = Decimal(0), Decimal(0), None
    for token in re.findall(r"\d[\d,]*(?:\.\d+)?|.", written.lstrip("数數几幾")):
        if token[0].isdecimal():
            number = Decimal(token.replace(",", ""))
        elif token in w.CJK_DIGITS:
            digit = Decimal(str(w.CJK_DIGITS[token]))
            number = digit if number is None else number * 10 + digit
        elif token in w.CJK_UNITS:
            unit = Decimal(w.CJK_UNITS[token])
            if unit >= 10**4:
                section += number if number is not None else 0
                # 万亿 multiplies all that stands before it, 亿万 does not: a smaller unit adds its part
                total = (total + section) * unit if 0 < total < unit else total + (section or 1) * unit
                section, number = Decimal(0), None
            else:
                section += (1 if number is None else number) * unit
                number = None
    value = total + section + (number or 0)
    if value == 0:
        return None, False, None
    return (value, True, value * 10) if several else (value, False, None)


def _word_atoms(plain: str) -> list[_Atom]:
    """Numbers in words: "half a billion dollars", "un milliard de dollars", "billion-dollar"."""
    atoms = []
    for match in w.words().finditer(plain):
        words = re.sub(r"[\s-]+", " ", match["num"] or "").strip().lower()
        currency = _currency(None, match["post"], strong=True) if match["post"] else None
        if currency is None and not words:
            continue
        scale = _plain_scale(match["scale"])
        following = plain[match.end("scale") : match.end("scale") + 4].lower()
        if match["scale"].lower() == "billion" and (
            words in {"eine", "einer", "eine halbe"} or following.startswith((" de ", " d'"))
        ):
            scale = w.TRILLION
        start = match.start("num" if words else "multi" if match["multi"] else "scale")
        end = match.end() if currency else match.end("scale")
        number = Decimal(str(w.WORD_NUMBERS.get(words, 1)))
        # "a trillion-dollar company" is about its size
        vague = not (words or match["scale"].lower() == "mil millones") or (
            words in {"a", "an"} and plain[match.end("scale") : match.end("scale") + 1] == "-"
        )
        multi = bool(match["multi"])
        atoms.append(
            _Atom(start=start, end=end, number=number, scale=scale, currency=currency, more=multi, vague=vague)
        )
    return atoms


def _plain_scale(word: str) -> Decimal:
    low = word.lower().rstrip(".")
    return next(scale for scale, pattern in w.scale_patterns() if pattern.fullmatch(low))


def _vague_atoms(plain: str, default: str | None) -> list[_Atom]:
    """Sums without a number: "nine-figure", "hundreds of millions of dollars", "billions"."""
    atoms = []
    for match in w.figures().finditer(plain):
        count = match["count"].lower()
        digits = int(count) if count.isdecimal() else int(w.WORD_NUMBERS[count])
        if 5 <= digits <= 13:
            ends = Decimal(10 ** (digits - 1)), Decimal(10**digits)
            atoms.append(_vague(match.start(), match.end("fig"), default or "USD", *ends))
    for match in w.plurals().finditer(plain):
        low = _plain_scale(match["scale"]) * _TENS.get((match["tens"] or "")[:2].lower(), 1)
        currency = _currency(match["pre"], match["post"], strong=True)
        end = match.end() if match["post"] and currency else match.end("scale")
        if match["few"]:
            atoms.append(_vague(match.start(), end, currency, low * 2, None))
        else:
            atoms.append(_vague(match.start(), end, currency, low, low * 10 if match["tens"] else None))
    return atoms


#: what "tens of", "centaines de", "miles de" multiply by, by their first two letters
_TENS = {"te": 10, "do": 10, "di": 10, "de": 10, "hu": 100, "ce": 100, "ci": 100, "th": 1000, "mi": 1000}


def _vague(start: int, end: int, currency: str | None, low: Decimal, high: Decimal | None) -> _Atom:
    """From low to high, or from low with an open end."""
    number = low if high is None else (low + high) / 2
    ends = (None, None) if high is None else (low, high)
    return _Atom(
        start=start, end=end, number=number, scale=Decimal(1), currency=currency, more=high is None, vague=True,
        low=ends[0], high=ends[1],
    )  # fmt: skip


def _without_overlap(atoms: list[_Atom]) -> list[_Atom]:
    """The longest of overlapping atoms, one with a currency first; in order."""
    kept: list[_Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.currency is None, -(a.end - a.start), a.start)):
        index = bisect_left(kept, atom.start, key=lambda a: a.start)
        free_before = index == 0 or kept[index - 1].end <= atom.start
        free_after = index == len(kept) or atom.end <= kept[index].start
        if free_before and free_after:
            kept.insert(index, atom)
    return kept


def _join_ranges(plain: str, atoms: list[_Atom]) -> list[_Atom]:
    """Two neighbours with "-", "to" or "between ... and" become one range, or share the scale of the second."""
    joined: list[_Atom] = []
    index = 0
    while index < len(atoms):
        atom = atoms[index]
        following = atoms[index + 1] if index + 1 < len(atoms) else None
        pair = _range_of(plain, atom, following) if following is not None else None
        if pair is None:
            joined.append(atom)
            index += 1
        else:
            joined.extend(pair)
            index += 2
    return joined


def _range_of(plain: str, first: _Atom, second: _Atom) -> list[_Atom] | None:
    gap = plain[first.end : second.start]
    if len(gap) > 7 or first.vague or second.vague or first.low is not None or second.low is not None:
        return None
    before = plain[max(0, first.start - 10) : first.start].lower()
    between = re.search(r"(?:between|entre|zwischen|tra|介于|介於)\s*$", before)
    if not (w.range_gap().fullmatch(gap) or (between and w.and_gap().fullmatch(gap))):
        return None
    currency = first.currency or second.currency
    if currency is None or (first.currency and second.currency and first.currency != second.currency):
        return None
    if second.currency is None and re.match(rf"\s+(?:{w.COUNTED})\b", plain[second.end : second.end + 16], re.I):
        return None
    if first.scale is None and second.scale is not None:
        # "$3-4 billion"; a bare number far below the second is no part of it ("Top 3 - 500 million dollars")
        if not first.number < second.number <= first.number * (50 if first.currency else 10):
            return None
        first = replace(first, scale=second.scale)
    elif (
        second.currency is None and second.scale is None and (gap.strip() not in {"-", "~"} or first.scale is not None)
    ):
        return None
    first, second = replace(first, currency=currency), replace(second, currency=currency)
    moved = re.search(r"(?:\bfrom|\bde|\bvon|从|從)\s*$", before) and gap.strip() not in {"-", "~"}
    if moved or not first.value < second.value:
        return [first, second] if first.scale is not None or second.scale is None else None
    low, high = first.value, second.value
    return [
        _Atom(
            start=first.start, end=second.end, number=(low + high) / 2, scale=Decimal(1), currency=currency, vague=True,
            low=low, high=high,
        )
    ]  # fmt: skip


# ---------------------------------------------------------------- writing


def format_amount(amount: Amount) -> str:
    """Short, for people: "$6.6B", "€385M", "CHF 30M", "$3B–$4B", "$1B+", "up to $4B", "~$18B", "undisclosed".

    Three significant digits; `parse_amount` reads it back.
    """
    if amount.value is None:
        return "undisclosed"
    if amount.low is not None and amount.high is not None and amount.low < amount.high:
        return f"{_short(amount.low, amount.currency)}–{_short(amount.high, amount.currency)}"
    short = _short(amount.value, amount.currency)
    if amount.low is not None:
        return f"{short}+"
    if amount.high is not None:
        return f"up to {short}"
    return f"~{short}" if amount.approximate else short


def format_usd(value: Decimal) -> str:
    """US dollars, short: "$6.6B"."""
    return _short(value, "USD")


def _short(value: Decimal, currency: str) -> str:
    sign = "-" if value < 0 else ""
    size = _rounded(abs(value))
    for scale, letter in ((w.TRILLION, "T"), (w.BILLION, "B"), (w.MILLION, "M"), (w.THOUSAND, "K")):
        if size >= scale:
            number = f"{_plain(size / scale)}{letter}"
            break
    else:
        number = _plain(size)
    symbol = w.SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency} {number}"


def _rounded(value: Decimal) -> Decimal:
    """To three significant digits, cents at the finest."""
    if value == 0:
        return value
    step = Decimal(1).scaleb(max(value.adjusted() - 2, -2))
    return (value / step).to_integral_value(ROUND_HALF_EVEN) * step


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_limit(text: str) -> Decimal:
    """US dollars of "100m", "$1bn", "5e6", "1,000,000", for --min-amount. Raises UsageError on anything else."""
    trimmed = text.strip()
    way_out = "write for example 100m, $1bn or 5e6 (US dollars)"
    if not trimmed.isascii():
        raise UsageError(f"amount {text!r} is not understood: {way_out}")
    if re.fullmatch(r"\d{1,15}(?:\.\d{1,6})?(?:[eE]\+?\d{1,2})?", trimmed):
        number = Decimal(trimmed)
        if number > _LARGEST:
            raise UsageError(f"amount {text!r} is too large: {way_out}")
        return number.quantize(Decimal("0.01")) if number < _LARGEST / 10**6 and number % 1 else Decimal(int(number))
    probe = trimmed if re.match(r"\d", trimmed) is None else f"${trimmed}"
    found = parse_amounts(probe)
    if len(found) != 1 or found[0][0] != 0 or found[0][1] != len(probe):
        raise UsageError(f"amount {text!r} is not understood: {way_out}")
    amount = found[0][2]
    if amount.value is None or amount.low is not None or amount.high is not None:
        raise UsageError(f"amount {text!r} is not one number: {way_out}")
    if amount.currency != "USD":
        raise UsageError(f"amount {text!r} is in {amount.currency}: {way_out}")
    return amount.value
