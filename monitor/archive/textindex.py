"""Words to what the two full-text indexes understand.

PostgreSQL is given finished documents and queries (no parser or dictionary of its own), so that both databases cut
text at the same places and "GPT-5" is found by "gpt 5" on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import Connection

from monitor.archive.marks import ALL, words
from monitor.archive.sql import insert_into
from monitor.archive.tables import entry_search
from monitor.query import And, Node, Not, Or, Term
from monitor.text import cjk_pieces

if TYPE_CHECKING:
    from monitor.archive.engine import Database

#: PostgreSQL's own limits: positions of a document, positions of one lexeme, bytes of a lexeme
_POSITIONS: Final = 16_000
_PER_WORD: Final = 200
_WORD_CHARACTERS: Final = 500
#: characters of a summary that are indexed on PostgreSQL, which refuses documents of more than 1 MB
_INDEXED: Final = 60_000


def index_entries(database: Database, connection: Connection, rows: Sequence[tuple[int, str, str, str]]) -> None:
    """(id, title, summary, marks) into PostgreSQL's index. SQLite's triggers do it by themselves."""
    if not rows or database.is_sqlite:
        return
    statement = insert_into(database, entry_search)
    statement = statement.on_conflict_do_update(
        index_elements=["entry_id"], set_={"document": statement.excluded.document}
    )
    values = [
        {"entry_id": number, "document": document(title, summary, marks)} for number, title, summary, marks in rows
    ]
    connection.execute(statement, values)


def document(title: str, summary: str, marks: str) -> str:
    """A tsvector's text. The gap keeps a phrase from running out of the title into the summary."""
    places: dict[str, list[int]] = {}
    at = 0
    for text in (title, summary[:_INDEXED]):
        for word in words(cjk_pieces(text)):
            at += 1
            seen = places.setdefault(word[:_WORD_CHARACTERS], [])
            if at < _POSITIONS and len(seen) < _PER_WORD:
                seen.append(at)
        at += 2
    parts = [f"'{word}':{','.join(map(str, seen))}" if seen else f"'{word}'" for word, seen in places.items()]
    parts += [f"'_{mark}'" for mark in marks.split()]
    return " ".join(parts)


def fts5_match(node: Node | None, marks: Sequence[Sequence[str]], forbidden: Iterable[str] = ()) -> str:
    """An FTS5 query: the words, one of each group of marks, and none of the forbidden ones."""
    positive = [_fts5(node)] if node is not None else []
    positive += ["(" + " OR ".join(group) + ")" for group in marks if group]
    match = " AND ".join(positive) if positive else ALL
    if refused := list(forbidden):
        match = f"({match}) NOT ({' OR '.join(refused)})"
    return match


def _fts5(node: Node) -> str:
    if isinstance(node, Term):
        found = words(cjk_pieces(node.text))
        if not found:
            return ALL
        phrase = '"' + " ".join(found) + '"'
        # `q*` must not find the marks
        return "{title summary} : " + phrase + " *" if _goes_on(node, found) else phrase
    if isinstance(node, Not):
        return f"({ALL} NOT {_fts5(node.node)})"
    if isinstance(node, Or):
        return "(" + " OR ".join(_fts5(n) for n in node.nodes) + ")"
    return _fts5_and(node)


def _fts5_and(node: And) -> str:
    wanted = [_fts5(n) for n in node.nodes if not isinstance(n, Not)]
    refused = [_fts5(n.node) for n in node.nodes if isinstance(n, Not)]
    match = " AND ".join(wanted) if wanted else ALL
    return f"(({match}) NOT ({' OR '.join(refused)}))" if refused else f"({match})"


def _goes_on(term: Term, found: Sequence[str]) -> bool:
    """Whether the last word is a beginning: as asked, or one Chinese or Japanese character (pieces have two)."""
    return term.prefix or (len(found[-1]) == 1 and not found[-1].isascii() and len(term.text.strip()) == 1)


def tsquery(node: Node | None, marks: Sequence[Sequence[str]], forbidden: Iterable[str] = ()) -> str:
    """The same for PostgreSQL, to be cast to tsquery."""
    parts = [_ts(node)] if node is not None else []
    parts += ["(" + " | ".join(f"'_{mark}'" for mark in group) + ")" for group in marks if group]
    parts += [f"!'_{mark}'" for mark in forbidden]
    return " & ".join(parts) if parts else f"'_{ALL}'"


def _ts(node: Node) -> str:
    if isinstance(node, Term):
        found = [w[:_WORD_CHARACTERS] for w in words(cjk_pieces(node.text))]
        if not found:
            return f"'_{ALL}'"
        last = f"'{found[-1]}'" + (":*" if _goes_on(node, found) else "")
        return "(" + " <-> ".join([*(f"'{w}'" for w in found[:-1]), last]) + ")"
    if isinstance(node, Not):
        return f"!{_ts(node.node)}"
    operator = " | " if isinstance(node, Or) else " & "
    return "(" + operator.join(_ts(n) for n in node.nodes) + ")"
