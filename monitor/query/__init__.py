"""The query language of `monitor search`, of saved selections and of the web page. Pure; any text is a valid query.

    mistral "le chat" -rumour            words, phrases, not
    openai OR anthropic                  either
    agent*                               words that begin so
    tag:funding company:"Mistral AI"     fields: tag, topic, company, publisher, lang, feed, category
    since:2026-01-01 until:30d           by publication: a date, a month, a year, an age (h, d, w, m, y) or a name
                                         (today, yesterday, last-week, this-month)
    amount>=100M publishers>=2 score>0.8 numbers

`AND` may be written and means nothing; parentheses group. What is not understood is a word to look for, and what looks
like a field but has a value that cannot be read is told in `problems`.
"""

from __future__ import annotations

from monitor.query.nodes import MAX_CHARACTERS, MAX_TERMS, And, Node, Not, Or, Query, Term, terms
from monitor.query.reading import parse_query
from monitor.query.selections import merged, selection_of, words_of
from monitor.query.values import parse_amount, parse_when
from monitor.query.writing import words_of_query

__all__ = [
    "MAX_CHARACTERS",
    "MAX_TERMS",
    "And",
    "Node",
    "Not",
    "Or",
    "Query",
    "Term",
    "merged",
    "parse_amount",
    "parse_query",
    "parse_when",
    "selection_of",
    "terms",
    "words_of",
    "words_of_query",
]
