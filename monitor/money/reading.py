"""A text's amounts: atoms of all kinds, joined, with the words around them. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from monitor.errors import UsageError
from monitor.money import patterns as p
from monitor.money import words as w
from monitor.money.atoms import Atom
from monitor.money.cjk import cjk_atoms
from monitor.money.latin import latin_atoms, vague_atoms, word_atoms
from monitor.money.ranges import join_ranges, without_overlap
from monitor.types import Amount

#: ISO 4217 for "no currency": of an undisclosed amount
NO_CURRENCY = "XXX"

#: more than all money there is: a limit above it is a slip of the key
_LARGEST = Decimal(10**15)


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
    if not text or not p.worth_reading().search(text):
        return []
    plain = text.translate(w.PLAIN)
    atoms = [*latin_atoms(plain), *cjk_atoms(plain), *word_atoms(plain), *vague_atoms(plain, default)]
    atoms = join_ranges(plain, without_overlap(atoms))
    found = []
    for atom in atoms:
        currency = atom.currency
        if currency is None:
            if default is None or (atom.scale is None and not atom.vague):
                continue
            currency = default
        found.append((atom.start, atom.end, _amount_of(plain, text, replace(atom, currency=currency))))
    taken = [(start, end) for start, end, _ in found]
    for match in p.undisclosed().finditer(plain):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            amount = Amount(value=None, currency=NO_CURRENCY, text=text[match.start() : match.end()])
            found.append((match.start(), match.end(), amount))
    return sorted(found, key=lambda item: item[0])


def _amount_of(plain: str, text: str, atom: Atom) -> Amount:
    """The atom with the words around it: "more than" gives an open end, "about" only says so."""
    value, low, high = atom.value, atom.low, atom.high
    before, after = plain[max(0, atom.start - 24) : atom.start], plain[atom.end : atom.end + 10]
    approximate = atom.vague or low is not None or high is not None
    start = atom.start
    if low is None and high is None:
        if atom.more or p.qualifier(w.MORE).search(before) or p.more_after().match(after):
            low, approximate = value, True
        elif p.qualifier(w.LESS).search(before) or p.less_after().match(after):
            high, approximate = value, True
    if p.qualifier(w.ABOUT).search(before) or p.about_after().match(after):
        approximate = True
    assert atom.currency is not None
    currency = _yen_or_yuan(plain, atom)
    return Amount(
        value=value, currency=currency, text=text[start : atom.end], low=low, high=high, approximate=approximate
    )


def _yen_or_yuan(plain: str, atom: Atom) -> str:
    """What "¥" and a bare "元" mean in this text."""
    assert atom.currency is not None
    written = plain[atom.start : atom.end]
    if "¥" in written and "CN¥" not in written and "JP¥" not in written and atom.currency == "JPY":
        kana = p.kana().search(plain) is not None
        if p.says_yuan().search(plain) or (not kana and p.han().search(plain) is not None):
            return "CNY"
    if (
        atom.currency == "CNY"
        and written.endswith("元")
        and p.traditional().search(plain)
        and not p.kana().search(plain)
    ):
        says_mainland = p.says_mainland().search(plain)
        return atom.currency if says_mainland or written[:2] in {"人民", "RM"} else "TWD"
    return atom.currency


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
