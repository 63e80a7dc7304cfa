"""Labelled entries as training examples: reading, name swaps, encoding, batches of like length."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.classify.encoding import Encoded, Field, encode
from monitor.classify.taxonomy import ROLES, TAGS
from monitor.errors import DataError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Roles whose names a training entry may exchange with another entry's, so that the text around tells, not the name.
SWAPPED: Final = ("recipient", "investor", "acquirer", "target", "partner", "amount", "valuation")
BEGINS, INSIDE = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled entry, as the data files hold it."""

    title: str
    summary: str
    tags: tuple[str, ...] = ()
    status: str | None = None
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "en"
    published: str = ""
    weight: float = 1.0
    #: one of many everyday entries with nothing in them
    everyday: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row as numbers. `marks` holds (role, first token, last token) of each fact that fits."""

    ids: list[int]
    tags: list[float]
    #: 1 rumoured, 0 confirmed, -1 nothing to learn
    status: float
    marks: list[tuple[int, int, int]]
    weight: float = 1.0


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a .jsonl file; a broken line is a DataError that says which."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; --data wants a folder with train.jsonl and stories-train.jsonl")
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise DataError(f"{path}, line {number}: not JSON ({error})") from error
    return rows


def to_row(record: Mapping[str, Any]) -> Row:
    """One object of a data file."""
    return Row(
        title=record["title"],
        summary=record.get("summary") or "",
        tags=tuple(record.get("tags") or ()),
        status=record.get("status"),
        facts={role: tuple(texts) for role, texts in (record.get("facts") or {}).items()},
        language=record.get("lang") or "en",
        published=record.get("published") or "",
        weight=float(record.get("weight", 1.0)),
        everyday=record.get("sample") == "natural" and not record.get("tags"),
    )


def occurrences(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where `wanted` stands in `text` as whole words (scripts without spaces: anywhere)."""
    found = []
    for match in re.finditer(re.escape(wanted), text):
        start, end = match.span()
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if not (_joins(before, text[start]) or _joins(text[end - 1], after)):
            found.append((start, end))
    return found


def _joins(left: str, right: str) -> bool:
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


def swap_names(row: Row, pools: Mapping[str, Sequence[str]], chance: random.Random) -> Row:
    """The same event with other names and sums: each swapped wherever it stands, or not at all."""
    swaps: dict[str, str] = {}
    for role in SWAPPED:
        for old in row.facts.get(role, ()):
            plain = sum(old in other for texts in row.facts.values() for other in texts if other != old) == 0
            if plain and old not in swaps and chance.random() < 0.7:
                swaps[old] = chance.choice(pools[role])
    title, summary = row.title, row.summary
    for old, new in swaps.items():
        title, summary = _put(title, old, new), _put(summary, old, new)
    facts = {role: tuple(swaps.get(text, text) for text in texts) for role, texts in row.facts.items()}
    return replace(row, title=title, summary=summary, facts=facts)


def _put(text: str, old: str, new: str) -> str:
    for start, end in reversed(occurrences(text, old)):
        text = text[:start] + new + text[end:]
    return text


def name_pools(rows: Iterable[Row]) -> dict[str, list[str]]:
    """The names that each swappable role has in these rows."""
    pools: dict[str, dict[str, None]] = {role: {} for role in SWAPPED}
    for row in rows:
        for role in SWAPPED:
            pools[role].update(dict.fromkeys(row.facts.get(role, ())))
    return {role: list(names) or ["Aldora"] for role, names in pools.items()}


def to_examples(rows: Sequence[Row], tokenizer: Tokenizer, max_length: int) -> list[Example]:
    """Rows as numbers, in order."""
    encoded = encode(tokenizer, [(row.title, row.summary) for row in rows], max_length)
    return [_example(row, one) for row, one in zip(rows, encoded, strict=True)]


def _example(row: Row, encoded: Encoded) -> Example:
    marks = []
    for number, role in enumerate(ROLES):
        for wanted in row.facts.get(role, ()):
            marks += [(number, first, last) for first, last in _places(row, encoded, wanted)]
    status = -1.0 if row.status is None else float(row.status == "rumoured")
    return Example(
        ids=encoded.ids,
        tags=[float(tag in row.tags) for tag in TAGS],
        status=status,
        marks=marks,
        weight=row.weight,
    )


def _places(row: Row, encoded: Encoded, wanted: str) -> Iterator[tuple[int, int]]:
    fields: tuple[tuple[Field, str, list[tuple[int, int]]], ...] = (
        ("title", row.title, encoded.title_offsets),
        ("summary", row.summary, encoded.summary_offsets),
    )
    for name, text, offsets in fields:
        for start, end in occurrences(text, wanted):
            inside = [k for k, (a, b) in enumerate(offsets) if a < end and b > start and text[a:b].strip()]
            if inside:
                yield encoded.position(name, inside[0]), encoded.position(name, inside[-1])


def batches(lengths: Sequence[int], tokens: int, chance: random.Random, pool: int = 40) -> list[list[int]]:
    """Shuffled batches of about `tokens` padded tokens, of entries of like length."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    typical = max(1, tokens * len(lengths) // max(1, sum(lengths)))
    made: list[list[int]] = []
    for at in range(0, len(order), pool * typical):
        made += _fill(sorted(order[at : at + pool * typical], key=lengths.__getitem__), lengths, tokens)
    chance.shuffle(made)
    return made


def _fill(order: Iterable[int], lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for number in order:
        if batch and lengths[number] * (len(batch) + 1) > tokens:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
