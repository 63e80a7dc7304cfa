"""What a query is once it was read: words as a tree, and the fields. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

MAX_TERMS: Final = 64
MAX_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand side by side; with `prefix` the last may go on."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple[Node, ...]


Node = Term | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query as it was understood. Several values of one field mean any of them; fields add up."""

    #: None: no words, only filters
    words: Node | None = None
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    without_companies: tuple[str, ...] = ()
    without_publishers: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    #: in USD
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    min_publishers: int = 1
    min_score: float = 0.0
    #: what could not be read, one line each
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for."""
        return replace(self, problems=()) == Query()


def terms(node: Node | None) -> Iterator[Term]:
    """The terms that are looked for (none under a Not)."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, (And, Or)):
        for child in node.nodes:
            yield from terms(child)
