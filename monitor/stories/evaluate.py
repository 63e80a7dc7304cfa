"""How well stories are told apart: the online matcher over labelled entries, pairwise and B-cubed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from monitor.clock import parse_utc
from monitor.errors import DataError
from monitor.stories.match import Matcher
from monitor.types import Classification, StoryMember

if TYPE_CHECKING:
    from numpy.typing import NDArray


def evaluate_stories(
    rows: Sequence[Mapping[str, Any]],
    classifications: Sequence[Classification],
    matcher: Matcher,
    *,
    order: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Runs an empty matcher over the rows, by time of publication unless `order` says otherwise, and scores the result.

    rows: id, title, summary, published, story and, where it has them, source, lang, unsure (ids whose pairing with
    this one is not scored). Raises DataError for a row without these.
    """
    members = to_members(rows, classifications)
    matcher.focus(classifications)
    found = assign(members, matcher, order)
    return score(rows, found)


def to_members(rows: Sequence[Mapping[str, Any]], classifications: Sequence[Classification]) -> list[StoryMember]:
    """The rows as entries of the archive; entry_id is the row's place."""
    members = []
    for place, (row, read) in enumerate(zip(rows, classifications, strict=True)):
        try:
            published = parse_utc(str(row["published"]).replace("Z", "+00:00"))
            title, _, _ = row["title"], row["id"], row["story"]
        except (KeyError, ValueError) as error:
            raise DataError(f"line {place + 1}: {error} (each line needs id, title, published, story)") from error
        members.append(
            StoryMember(
                entry_id=place,
                story_id=0,
                title=title,
                summary=row.get("summary") or "",
                publisher=row.get("source") or f"line {place + 1}",
                published_at=published,
                first_seen_at=published,
                classification=read,
                language=row.get("lang") or "en",
            )
        )
    return members


def assign(members: Sequence[StoryMember], matcher: Matcher, order: Sequence[int] | None = None) -> list[int]:
    """A story key for each member, matched one by one."""
    if order is None:
        order = sorted(range(len(members)), key=lambda place: (members[place].published_at, place))
    keys = [0] * len(members)
    for place in order:
        one = matcher.sketch(members[place])
        matcher.slide(one.hour)
        found = matcher.decide(one).key
        keys[place] = -1 - place if found is None else found
        matcher.add(one, keys[place])
    # slide lets old entries go, never moves them: the keys stand
    return keys


def score(rows: Sequence[Mapping[str, Any]], found: Sequence[int]) -> dict[str, Any]:
    """Pairwise and B-cubed precision, recall and F1; pairs that are marked unsure count nowhere."""
    told = _same([row["story"] for row in rows])
    ours = _same(list(found))
    counted = _counted(rows)
    others = counted & ~np.eye(len(rows), dtype=bool)
    both = int((told & ours & others).sum()) // 2
    pair = _prf(both, int((ours & others).sum()) // 2, both, int((told & others).sum()) // 2)
    right = (told & ours & counted).sum(axis=1)
    precision = float(np.mean(right / (ours & counted).sum(axis=1))) if len(rows) else 0.0
    recall = float(np.mean(right / (told & counted).sum(axis=1))) if len(rows) else 0.0
    return {
        "n": len(rows),
        "pairwise": pair,
        "bcubed": {"precision": precision, "recall": recall, "f1": _f1(precision, recall)},
        "stories": len(set(found)),
    }


def _same(labels: Sequence[Any]) -> NDArray[np.bool_]:
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    values = np.array([numbers[label] for label in labels], np.int64)
    same: NDArray[np.bool_] = values[:, None] == values[None, :]
    return same


def _counted(rows: Sequence[Mapping[str, Any]]) -> NDArray[np.bool_]:
    """Which pairs are scored; an entry with itself always is."""
    place = {str(row["id"]): number for number, row in enumerate(rows)}
    counted = np.ones((len(rows), len(rows)), bool)
    for number, row in enumerate(rows):
        for other in row.get("unsure") or ():
            at = place.get(str(other), number)
            if at != number:
                counted[number, at] = counted[at, number] = False
    return counted


def _prf(right_found: int, found: int, right_told: int, told: int) -> dict[str, float]:
    precision = right_found / found if found else 1.0
    recall = right_told / told if told else 1.0
    return {"precision": precision, "recall": recall, "f1": _f1(precision, recall)}


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
