"""Amounts as Chinese and Japanese write them, as atoms. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from monitor.money import patterns as p
from monitor.money import words as w
from monitor.money.atoms import Atom, currency_of


def cjk_atoms(plain: str) -> list[Atom]:
    """Numbers with 万, 亿, 兆 and their like, in digits or characters."""
    atoms = []
    for match in p.cjk().finditer(plain):
        value, vague, high = _cjk_number(match["num"])
        if value is None:
            continue
        before, after = match["pre"], match["post"]
        currency = currency_of(before, after, strong=True)
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
            Atom(
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
