"""A Query written out as people would write it; reading it back gives the same. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from monitor.query.nodes import And, Node, Not, Query, Term


def words_of_query(query: Query) -> str:
    """The query written out; reading it back gives the same query."""
    parts = [_written(query.words)] if query.words is not None else []
    for name, field in (
        ("tag", "tags"), ("topic", "topics"), ("company", "companies"), ("publisher", "publishers"),
        ("lang", "languages"),
        ("feed", "feeds"), ("category", "categories"), ("-tag", "without_tags"), ("-company", "without_companies"),
        ("-publisher", "without_publishers"),
    ):  # fmt: skip
        parts += [f"{name}:{_quoted(value)}" for value in getattr(query, field)]
    if query.since is not None:
        parts.append(f"since:{_moment(query.since)}")
    if query.until is not None:
        parts.append(f"until:{_moment(query.until)}")
    if query.min_amount is not None:
        parts.append(f"amount>={query.min_amount:f}")
    if query.max_amount is not None:
        parts.append(f"amount<={query.max_amount:f}")
    if query.min_publishers > 1:
        parts.append(f"publishers>={query.min_publishers}")
    if query.min_score > 0:
        parts.append(f"score>={query.min_score:g}")
    return " ".join(parts)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S").zfill(19)


def _quoted(value: str) -> str:
    plain = re.fullmatch(r"[^\s\"()]+", value) and not value.endswith("*")
    return value if plain else '"' + value.replace('"', " ") + '"'


def _written(node: Node) -> str:
    if isinstance(node, Term):
        return f'"{node.text}"' + ("*" if node.prefix else "")
    if isinstance(node, Not):
        return "-" + (_written(node.node) if isinstance(node.node, Term) else f"({_written(node.node)})")
    if isinstance(node, And):
        return " ".join(_written(n) if isinstance(n, (Term, Not)) else f"({_written(n)})" for n in node.nodes)
    return " OR ".join(_written(n) if isinstance(n, (Term, Not)) else f"({_written(n)})" for n in node.nodes)
