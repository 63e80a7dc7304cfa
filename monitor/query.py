"""The query language of `monitor search`, of saved selections and of the web page. Pure; any text is a valid query.

    mistral "le chat" -rumour            words, phrases, not
    openai OR anthropic                  either
    agent*                               words that begin so
    tag:funding company:"Mistral AI"     fields: tag, topic, company, publisher, lang, feed, category
    since:2026-01-01 until:30d           by publication: a date, a month, a year, or an age (h, d, w, m, y)
    amount>=100M publishers>=2 score>0.8 numbers

`AND` may be written and means nothing; parentheses group. What is not understood is a word to look for, and what looks
like a field but has a value that cannot be read is told in `problems`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from monitor.types import Selection

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
_AGE: Final = re.compile(r"(\d{1,5})\s*(h|d|w|mo|m|y)\Z", re.I)
_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?(?:Z|\+00:00)?)?)?)?\Z", re.I
)
_MONEY: Final = re.compile(
    r"(?:US)?\$?\s*([\d.,_]+)\s*(k|m|mn|mio|million|b|bn|billion|t|tn|trillion)?\s*(?:usd|\$)?\Z", re.I
)
_SCALES: Final = {"k": 3, "m": 6, "b": 9, "t": 12}


def parse_query(text: str, now: datetime | None = None) -> Query:
    """Reads any text. `now` is what ages such as `since:7d` count from; without it they are a problem."""
    clean = text[:MAX_CHARACTERS].replace("\x00", " ").encode("utf-8", "ignore").decode()
    return _Reader(clean, now).query()


def parse_when(text: str, now: datetime | None = None, *, end: bool = False) -> datetime:
    """A date, month, year (UTC), time or age as a moment; with `end` the last of it. Raises ValueError in words."""
    text = text.strip()
    if age := _AGE.match(text):
        if now is None:
            raise ValueError(f"{text!r}: an age needs a present")
        try:
            return now - _age(int(age[1]), age[2].lower())
        except OverflowError:
            return datetime(1, 1, 1, tzinfo=UTC)
    if now is not None and text.lower() in ("today", "yesterday", "now"):
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if text.lower() == "now":
            return now
        return (
            _last_of(day - timedelta(days=text.lower() == "yesterday"), "day")
            if end
            else day - timedelta(days=text.lower() == "yesterday")
        )
    match = _DATE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no date: write 2026-05-31, 2026-05, 2026 or an age such as 7d")
    year, month, day_of, hour, minute, second = (None if g is None else int(g) for g in match.groups())
    try:
        start = datetime(year or 0, month or 1, day_of or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text!r} is no date of the calendar") from None
    unit = "year" if month is None else "month" if day_of is None else "day" if hour is None else "time"
    return _last_of(start, unit) if end else start


def parse_amount(text: str) -> Decimal:
    """USD: "100M", "$1.5bn", "250000". Raises ValueError in words."""
    match = _MONEY.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no amount: write 100M, 1.5B or 250000 (USD)")
    digits = match[1].replace("_", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        value = Decimal(digits.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount: write 100M, 1.5B or 250000 (USD)") from None
    return value.scaleb(_SCALES[match[2][0].lower()]) if match[2] else value


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


def terms(node: Node | None) -> Iterator[Term]:
    """The terms that are looked for (none under a Not)."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, (And, Or)):
        for child in node.nodes:
            yield from terms(child)


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


def _age(count: int, unit: str) -> timedelta:
    days = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "mo": 30, "y": 365}[unit]
    return timedelta(days=count * days)


def _last_of(start: datetime, unit: str) -> datetime:
    if unit == "time":
        return start
    if unit == "year":
        start = start.replace(month=12, day=31)
    elif unit == "month":
        start = start.replace(day=monthrange(start.year, start.month)[1])
    return start.replace(hour=23, minute=59, second=59, microsecond=999999)


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
