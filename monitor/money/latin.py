"""Amounts in digits and Latin letters, in number words, and vague ones, as atoms. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from monitor.money import patterns as p
from monitor.money import words as w
from monitor.money.atoms import Atom, currency_of, plain_scale


def latin_atoms(plain: str) -> list[Atom]:
    """Numbers in digits with what stands before and after them: "$6.6bn", "385 Mio. Euro", "CHF 30M"."""
    atoms = []
    for match in p.latin().finditer(plain):
        scale_word = (match["scale"] or match["glued"] or "").rstrip(".")
        scale = _scale_of(scale_word, plain, match) if scale_word else None
        before, after = match["pre"], match["post"]
        number = _decimal(
            match["num"], comma=bool(scale_word and w.COMMA_SCALES.fullmatch(scale_word)), scaled=bool(scale)
        )
        currency = currency_of(before, after, strong=scale is not None or number >= 1000)
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
            Atom(
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
    return next(scale for scale, pattern in p.scale_patterns() if pattern.fullmatch(low))


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


def word_atoms(plain: str) -> list[Atom]:
    """Numbers in words: "half a billion dollars", "un milliard de dollars", "billion-dollar"."""
    atoms = []
    for match in p.words().finditer(plain):
        words = re.sub(r"[\s-]+", " ", match["num"] or "").strip().lower()
        currency = currency_of(None, match["post"], strong=True) if match["post"] else None
        if currency is None and not words:
            continue
        scale = plain_scale(match["scale"])
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
        atoms.append(Atom(start=start, end=end, number=number, scale=scale, currency=currency, more=multi, vague=vague))
    return atoms


def vague_atoms(plain: str, default: str | None) -> list[Atom]:
    """Sums without a number: "nine-figure", "hundreds of millions of dollars", "billions"."""
    atoms = []
    for match in p.figures().finditer(plain):
        count = match["count"].lower()
        digits = int(count) if count.isdecimal() else int(w.WORD_NUMBERS[count])
        if 5 <= digits <= 13:
            ends = Decimal(10 ** (digits - 1)), Decimal(10**digits)
            atoms.append(_vague(match.start(), match.end("fig"), default or "USD", *ends))
    for match in p.plurals().finditer(plain):
        low = plain_scale(match["scale"]) * _TENS.get((match["tens"] or "")[:2].lower(), 1)
        currency = currency_of(match["pre"], match["post"], strong=True)
        end = match.end() if match["post"] and currency else match.end("scale")
        if match["few"]:
            atoms.append(_vague(match.start(), end, currency, low * 2, None))
        else:
            atoms.append(_vague(match.start(), end, currency, low, low * 10 if match["tens"] else None))
    return atoms


#: what "tens of", "centaines de", "miles de" multiply by, by their first two letters
_TENS = {"te": 10, "do": 10, "di": 10, "de": 10, "hu": 100, "ce": 100, "ci": 100, "th": 1000, "mi": 1000}


def _vague(start: int, end: int, currency: str | None, low: Decimal, high: Decimal | None) -> Atom:
    """From low to high, or from low with an open end."""
    number = low if high is None else (low + high) / 2
    ends = (None, None) if high is None else (low, high)
    return Atom(
        start=start, end=end, number=number, scale=Decimal(1), currency=currency, more=high is None, vague=True,
        low=ends[0], high=ends[1],
    )  # fmt: skip
