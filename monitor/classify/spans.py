"""Marks of tokens to facts with exact places: the best legal path for each role, then clean edges."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.classify.encoding import Encoded, Field
from monitor.classify.taxonomy import ROLES
from monitor.money import parse_amounts
from monitor.types import Role, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OUTSIDE, BEGINS, INSIDE = range(3)
NEVER: Final = -1e9
EDGES: Final = " \t\n\u00a0,;:.!?\"'“”‘’«»()[]|–—-/…、。「」『』《》（）【】："
#: These may end a name: "Yahoo!", "Mistral Inc."
OPENERS: Final = {")": "(", "]": "["}
SUMS: Final = frozenset({Role.AMOUNT, Role.VALUATION})
#: no name ends in one of these: "Lemonade by"
DANGLING: Final = re.compile(r"(?<=\w)\s+(?:for|by|with|of|on|in|the|and|to|a|an|at|from)$", re.IGNORECASE)
Run = tuple[int, int, float]


def read_spans(
    marks: NDArray[np.float32],
    encoded: Encoded,
    title: str,
    summary: str,
    roles: Collection[str],
    biases: NDArray[np.float32],
    floors: Sequence[float],
) -> tuple[Span, ...]:
    """The facts of one entry. `marks` are logits (token, role, mark); `biases` are added to each role's "outside".

    A run whose mean probability is below its role's floor is left out: a mild bias with a floor finds names whole and
    tells few wrong ones, where a strong bias alone cuts them short.
    """
    found: list[Span] = []
    fields: tuple[tuple[Field, str, list[tuple[int, int]]], ...] = (
        ("title", title, encoded.title_offsets),
        ("summary", summary, encoded.summary_offsets),
    )
    for name, text, offsets in fields:
        if not offsets:
            continue
        first = encoded.position(name, 0)
        part = marks[first : first + len(offsets)]
        for number, role in enumerate(ROLES):
            if role not in roles:
                continue
            logits = part[:, number].copy()
            logits[:, OUTSIDE] += biases[number]
            for start, end, score in best_runs(logits):
                if score < floors[number]:
                    continue
                span = _place(text, offsets[start][0], offsets[end][1])
                if span is not None and role in SUMS:
                    span = whole_sum(text, *span)
                if span is not None:
                    found.append(
                        Span(
                            role=Role(role),
                            text=text[span[0] : span[1]],
                            field=name,
                            start=span[0],
                            end=span[1],
                            score=score,
                        )
                    )
    return tuple(without_parts(found))


def whole_sum(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The sum of money that the run touches, from its currency to its scale; None where there is none.

    The network knows which sum is meant, the parser where a sum begins and ends: 96 % of the labelled ones are what
    the parser reads, letter by letter.
    """
    for first, last, _amount in parse_amounts(text):
        if first < end and last > start:
            return _place(text, first, last)
    return None


def best_runs(logits: NDArray[np.float32]) -> list[Run]:
    """(first token, last token, mean probability) of each run; no inside follows an outside."""
    import numpy as np

    if (logits[:, OUTSIDE] > logits[:, 1:].max(axis=1)).all():
        return []
    shifted = logits - logits.max(axis=1, keepdims=True)
    likely = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    best = likely[0].copy()
    best[INSIDE] = NEVER
    back = np.zeros((len(likely), 3), dtype=np.int64)
    for at in range(1, len(likely)):
        outside_or_run = int(best.argmax())
        inside_from = BEGINS if best[BEGINS] >= best[INSIDE] else INSIDE
        back[at] = (outside_or_run, outside_or_run, inside_from)
        best = likely[at] + best[back[at]]
    path = [int(best.argmax())]
    for at in range(len(likely) - 1, 0, -1):
        path.append(int(back[at, path[-1]]))
    path.reverse()
    inside = np.exp(likely[:, BEGINS]) + np.exp(likely[:, INSIDE])
    return [(start, end, round(float(inside[start : end + 1].mean()), 4)) for start, end in _runs(path)]


def _runs(path: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at, mark in enumerate(path):
        if mark == BEGINS:
            runs.append((at, at))
        elif mark == INSIDE and runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
    return runs


def _place(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The run's characters without the spaces, quotes and commas around them, and never half a Latin word."""
    while start > 0 and end > start and _joined(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and end > start and _joined(text[end - 1], text[end]):
        end += 1
    while start < end and text[start] in EDGES:
        start += 1
    while (
        start < end
        and text[end - 1] in EDGES
        and not (text[end - 1] in OPENERS and OPENERS[text[end - 1]] in text[start:end])
    ):
        end -= 1
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    while (dangling := DANGLING.search(text, start, end)) is not None:
        end = dangling.start()
    return (start, end) if end > start else None


def _joined(left: str, right: str) -> bool:
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


def without_parts(spans: list[Span]) -> list[Span]:
    """Each fact once: of "Mistral" and "Mistral AI" in one role the longer; all places of what stays."""
    kept = []
    for span in spans:
        plain = span.text.casefold()
        longer = any(
            other.role == span.role and plain != other.text.casefold() and f" {plain} " in f" {other.text.casefold()} "
            for other in spans
        )
        if not longer:
            kept.append(span)
    best: dict[tuple[str, str], float] = {}
    for span in kept:
        key = (span.role, span.text.casefold())
        best[key] = max(best.get(key, 0.0), span.score)
    return [replace(span, score=best[span.role, span.text.casefold()]) for span in kept]
