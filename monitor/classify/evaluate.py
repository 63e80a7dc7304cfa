"""Measures classifications against labelled entries: pure functions, numbers in, numbers out.

Tags: precision, recall and F1 for each tag and over all (micro), average precision, status accuracy over entries that
have an event, expected calibration error. Facts: the same for each role, exact after trimming and case-folding, over
all entries, so that a fact invented where there is none counts against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.classify.taxonomy import ROLES, TAGS
from monitor.types import Classification

BINS: Final = 10


@dataclass(slots=True)
class Counts:
    """Right, invented and missed ones of one name."""

    right: int = 0
    invented: int = 0
    missed: int = 0

    def add(self, wanted: bool, given: bool) -> None:
        """Counts one decision."""
        self.right += wanted and given
        self.invented += given and not wanted
        self.missed += wanted and not given

    def figures(self) -> dict[str, float]:
        """Precision, recall and F1; a ratio of nothing is 0."""
        precision = _ratio(self.right, self.right + self.invented)
        recall = _ratio(self.right, self.right + self.missed)
        f1 = _ratio(2 * self.right, 2 * self.right + self.invented + self.missed)
        return {"precision": precision, "recall": recall, "f1": f1}


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def evaluate_tags(gold: Sequence[Mapping[str, Any]], given: Sequence[Classification]) -> dict[str, Any]:
    """The report on tags, status and calibration; `unsure` tags of an entry are not scored."""
    per = {tag: Counts() for tag in TAGS}
    scored: dict[str, list[tuple[float, bool]]] = {tag: [] for tag in TAGS}
    for row, one in zip(gold, given, strict=True):
        for tag in TAGS:
            if tag in (row.get("unsure") or ()):
                continue
            per[tag].add(tag in row["tags"], tag in one.tags)
            scored[tag].append((one.scores.get(tag, 0.0), tag in row["tags"]))
    return {
        "n": len(gold),
        "micro": _micro(per.values()),
        "per": {
            tag: {
                **per[tag].figures(),
                "support": per[tag].right + per[tag].missed,
                "average_precision": average_precision(scored[tag]),
            }
            for tag in TAGS
        },
        "status_accuracy": status_accuracy(gold, given),
        "ece": {tag: expected_calibration_error(scored[tag]) for tag in TAGS},
    }


def evaluate_facts(gold: Sequence[Mapping[str, Any]], given: Sequence[Classification]) -> dict[str, Any]:
    """The report on facts; `unsure_facts` of an entry are not scored."""
    per = {role: Counts() for role in ROLES}
    for row, one in zip(gold, given, strict=True):
        ignored = {(role, _plain(text)) for role, text in row.get("unsure_facts") or ()}
        wanted = {(role, _plain(text)) for role, texts in (row.get("facts") or {}).items() for text in texts}
        found = {(str(span.role), _plain(span.text)) for span in one.spans}
        for fact in (wanted | found) - ignored:
            per[fact[0]].add(fact in wanted, fact in found)
    return {
        "n": len(gold),
        "micro": _micro(per.values()),
        "per": {role: {**per[role].figures(), "support": per[role].right + per[role].missed} for role in ROLES},
    }


def _plain(text: str) -> str:
    return text.strip().casefold()


def _micro(counts: Iterable[Counts]) -> dict[str, float]:
    total = Counts()
    for one in counts:
        total.right += one.right
        total.invented += one.invented
        total.missed += one.missed
    return total.figures()


def status_accuracy(gold: Sequence[Mapping[str, Any]], given: Sequence[Classification]) -> float:
    """Over entries with an event in the gold: how often the status is right, whether or not a tag was found."""
    right = total = 0
    for row, one in zip(gold, given, strict=True):
        if not row.get("status"):
            continue
        total += 1
        right += row["status"] == ("rumoured" if one.status_score >= 0.5 else "confirmed")
    return _ratio(right, total)


def average_precision(scored: Iterable[tuple[float, bool]]) -> float:
    """The mean of the precisions at each right one, best scores first."""
    found, total = 0, 0.0
    for place, (_score, right) in enumerate(sorted(scored, key=lambda pair: -pair[0]), 1):
        if right:
            found += 1
            total += found / place
    return _ratio(total, found)


def expected_calibration_error(scored: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """How far, over bins of like scores, the mean score lies from the share that is right."""
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for score, right in scored:
        held[min(bins - 1, int(score * bins))].append((score, right))
    gap = sum(abs(sum(score for score, _ in one) - sum(right for _, right in one)) for one in held)
    return _ratio(gap, len(scored))
