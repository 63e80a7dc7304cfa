"""Money as headlines write it, in English, French, German, Spanish, Chinese and Japanese. Pure.

The libraries of this field misread the scale ("$40 million" -> 40), so this is a parser of its own. It works in three
steps: every number with its neighbours (currency before, scale, currency after) becomes an atom; neighbouring atoms
become ranges ("between $3 and $4 billion"); what has no currency is dropped, so years, percentages, model sizes ("70B")
and plain numbers are never money. Vague forms ("nine-figure", "billions of dollars", "undisclosed") are read apart.

The vocabulary is words.py, patterns.py the expressions made of it.
"""

from __future__ import annotations

from monitor.money.reading import NO_CURRENCY, parse_amount, parse_amounts, parse_limit
from monitor.money.writing import format_amount, format_usd

__all__ = ["NO_CURRENCY", "format_amount", "format_usd", "parse_amount", "parse_amounts", "parse_limit"]
