"""A query's text becomes a Query. Any text is a valid one; what cannot be read is told in `problems`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from monitor.query.nodes import MAX_CHARACTERS, MAX_TERMS, And, Node, Not, Or, Query, Term
from monitor.query.values import parse_amount, parse_when

_LISTS: Final = {
    **dict.fromkeys(("tag", "tags"), "tags"),
    **dict.fromkeys(("topic", "topics"), "topics"),
    **dict.fromkeys(("company", "companies"), "companies"),
    **dict.fromkeys(("publisher", "publishers", "site"), "publishers"),
    **dict.fromkeys(("lang", "language", "languages"), "languages"),
    **dict.fromkeys(("feed", "feeds"), "feeds"),
    **dict.fromkeys(("category", "categories"), "categories"),
}
_FORBIDDING: Final = {"tags": "without_tags", "companies": "without_companies", "publishers": "without_publishers"}
_NUMBERS: Final = ("amount", "publishers", "score")

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<open>[-]?\() | (?P<close>\)) |
      (?P<minus>[-\u2212](?=\S))?
      (?:(?P<name>[A-Za-z]+)(?P<operator>:>=|:<=|:>|:<|>=|<=|>|<|:|=)(?="|[^\s"()]))?
      (?:"(?P<quoted>[^"]*)"?(?P<star>\*)? | (?P<plain>[^\s"()]+))
    )""",
    re.VERBOSE,
)


def parse_query(text: str, now: datetime | None = None) -> Query:
    """Reads any text. `now` is what ages such as `since:7d` count from; without it they are a problem."""
    clean = text[:MAX_CHARACTERS].replace("\x00", " ").encode("utf-8", "ignore").decode()
    return _Reader(clean, now).query()


class _Reader:
    """Reads tokens into words and fields; never fails."""

    def __init__(self, text: str, now: datetime | None) -> None:
        self._text = text
        self._now = now
        self._lists: dict[str, list[str]] = {}
        self._values: dict[str, object] = {}
        self._problems: list[str] = []
        self._terms = 0

    def query(self) -> Query:
        node, _ = self._group(list(_TOKEN.finditer(self._text)), 0, 0)
        lists = {name: tuple(dict.fromkeys(values)) for name, values in self._lists.items()}
        return Query(words=node, problems=tuple(self._problems), **lists, **self._values)  # type: ignore[arg-type]

    def _group(self, tokens: Sequence[re.Match[str]], at: int, depth: int) -> tuple[Node | None, int]:
        """Nodes up to the closing parenthesis: alternatives of conjunctions, as `a b OR c d` reads."""
        alternatives: list[list[Node]] = [[]]
        while at < len(tokens):
            token = tokens[at]
            at += 1
            if token["close"]:
                if depth:
                    break
            elif token["open"]:
                inner, at = self._group(tokens, at, depth + 1) if depth < 20 else (None, at)
                if inner is not None:
                    alternatives[-1].append(Not(inner) if token["open"][0] == "-" else inner)
            elif token["plain"] in ("OR", "|", "||") and not token["minus"] and not token["name"]:
                alternatives.append([])
            elif (node := self._node(token)) is not None:
                alternatives[-1].append(node)
        nodes = [n[0] if len(n) == 1 else And(tuple(n)) for n in alternatives if n]
        if not nodes:
            return None, at
        return (nodes[0] if len(nodes) == 1 else Or(tuple(nodes))), at

    def _node(self, token: re.Match[str]) -> Node | None:
        value = token["quoted"] if token["quoted"] is not None else token["plain"]
        name, forbid = (token["name"] or "").lower(), bool(token["minus"])
        if name and self._field(name, token["operator"], value, forbid):
            return None
        if token["name"]:
            value = f"{token['name']} {value}"
        if value in ("AND", "&", "&&") and token["quoted"] is None:
            return None
        prefix = bool(token["star"]) or (token["quoted"] is None and value.endswith("*"))
        value = value.rstrip("*").strip()
        if not any(c.isalnum() for c in value) or self._terms >= MAX_TERMS:
            return None
        self._terms += 1
        term = Term(value, prefix)
        return Not(term) if forbid else term

    def _field(self, name: str, operator: str, value: str, forbid: bool) -> bool:
        """Whether it was a field. A value that cannot be read is a problem, and no filter."""
        try:
            if name in _NUMBERS and operator.lstrip(":") and operator != "=":
                self._number(name, operator.lstrip(":"), value)
            elif operator not in (":", "="):
                return False
            elif name in ("since", "after"):
                self._values["since"] = parse_when(value, self._now)
            elif name in ("until", "before"):
                self._values["until"] = parse_when(value, self._now, end=True)
            elif name in _LISTS:
                return self._list(_LISTS[name], value, forbid)
            elif name in _NUMBERS:
                self._number(name, ">=", value)
            else:
                return False
        except ValueError as error:
            self._problems.append(f"{name}: {error}")
        return True

    def _list(self, field: str, value: str, forbid: bool) -> bool:
        field = _FORBIDDING.get(field, "") if forbid else field
        if not field or not value.strip():
            return False
        self._lists.setdefault(field, []).append(value.strip())
        return True

    def _number(self, name: str, operator: str, value: str) -> None:
        if name == "amount":
            self._values["min_amount" if operator[0] == ">" else "max_amount"] = parse_amount(value)
            return
        if operator[0] == "<":
            raise ValueError("only > and >= are understood")
        number = float(value) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value) else None
        if number is None:
            raise ValueError(f"{value!r} is no number")
        if name == "score":
            self._values["min_score"] = number
        else:
            self._values["min_publishers"] = int(number) + (operator == ">")
