"""Saved selections (of digests, alerts, topics) as queries, and queries as selections. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.query.nodes import And, Query
from monitor.query.reading import parse_query
from monitor.query.writing import words_of_query
from monitor.types import Selection


def selection_of(text: str, now: datetime | None = None) -> Selection:
    """A selection from its words. Raises ValueError with what could not be read.

    What a selection has no field for (words, dates, publishers, exclusions) stays in its `query`.
    """
    query = parse_query(text, now)
    if query.problems:
        raise ValueError("; ".join(query.problems))
    rest = replace(
        query, tags=(), topics=(), companies=(), languages=(), feeds=(), categories=(), min_amount=None,
        min_publishers=1, min_score=0.0,
    )  # fmt: skip
    return Selection(
        tags=query.tags,
        topics=query.topics,
        companies=query.companies,
        languages=query.languages,
        feeds=query.feeds,
        categories=query.categories,
        min_score=query.min_score,
        min_amount=query.min_amount,
        min_publishers=query.min_publishers,
        query=words_of_query(rest),
    )


def words_of(selection: Selection) -> str:
    """A selection in the words of `monitor search`; `selection_of` reads them back."""
    own = Query(
        tags=selection.tags,
        topics=selection.topics,
        companies=selection.companies,
        languages=selection.languages,
        feeds=selection.feeds,
        categories=selection.categories,
        min_score=selection.min_score,
        min_amount=selection.min_amount,
        min_publishers=selection.min_publishers,
    )
    return " ".join(part for part in (selection.query.strip(), words_of_query(own)) if part)


def merged(query: Query, selection: Selection, now: datetime | None = None) -> Query:
    """The query narrowed by a selection: its fields and its own query words."""
    inner = parse_query(selection.query, now)
    nodes = tuple(n for n in (query.words, inner.words) if n is not None)
    later = [s for s in (query.since, inner.since) if s is not None]
    earlier = [u for u in (query.until, inner.until) if u is not None]
    amounts = [a for a in (query.min_amount, inner.min_amount, selection.min_amount) if a is not None]
    most = [a for a in (query.max_amount, inner.max_amount) if a is not None]
    return Query(
        words=And(nodes) if len(nodes) > 1 else nodes[0] if nodes else None,
        tags=_both(query.tags, selection.tags, inner.tags),
        topics=_both(query.topics, selection.topics, inner.topics),
        companies=_both(query.companies, selection.companies, inner.companies),
        publishers=_both(query.publishers, inner.publishers),
        languages=_both(query.languages, selection.languages, inner.languages),
        feeds=_both(query.feeds, selection.feeds, inner.feeds),
        categories=_both(query.categories, selection.categories, inner.categories),
        without_tags=(*query.without_tags, *inner.without_tags),
        without_companies=(*query.without_companies, *inner.without_companies),
        without_publishers=(*query.without_publishers, *inner.without_publishers),
        since=max(later, default=None),
        until=min(earlier, default=None),
        min_amount=max(amounts, default=None),
        max_amount=min(most, default=None),
        min_publishers=max(query.min_publishers, inner.min_publishers, selection.min_publishers),
        min_score=max(query.min_score, inner.min_score, selection.min_score),
        problems=(*query.problems, *inner.problems),
    )


def _both(*lists: tuple[str, ...]) -> tuple[str, ...]:
    """Any of the first list that is given; where several are, what they share (or the narrowest if nothing)."""
    given = [values for values in lists if values]
    if not given:
        return ()
    shared = [v for v in given[0] if all(v.lower() in {w.lower() for w in other} for other in given[1:])]
    return tuple(shared) if shared else ("\N{EMPTY SET}",)
