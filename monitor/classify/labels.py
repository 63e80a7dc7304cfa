"""Labels of ours on texts of others: kept by the text's key and by places in it, so that no text is kept with them.

A line is `{"key", "tags", "status", "facts": {role: [[field, start, end], ...]}}`; joined with whoever has the text
(`corpus.jsonl.gz`), it is a training entry. Labels whose text is not at hand are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.classify.dataset import Row, occurrences
from monitor.errors import DataError
from monitor.tellings import text_key


def without_text(record: Mapping[str, Any]) -> dict[str, Any]:
    """The label of an entry with `title`, `summary`, `tags`, `status`, `facts`, as a line of the labels file."""
    title, summary = record["title"], record.get("summary") or ""
    label: dict[str, Any] = {"key": text_key(title, summary)}
    if record.get("tags"):
        facts = {
            role: [_place(title, summary, text) for text in texts]
            for role, texts in (record.get("facts") or {}).items()
            if texts
        }
        label |= {"tags": list(record["tags"]), "status": record["status"]} | ({"facts": facts} if facts else {})
    return label


def _place(title: str, summary: str, wanted: str) -> tuple[str, int, int]:
    for name, text in (("title", title), ("summary", summary)):
        for start, end in occurrences(text, wanted):
            return name, start, end
    for name, text in (("title", title), ("summary", summary)):
        if wanted in text:
            return name, text.index(wanted), text.index(wanted) + len(wanted)
    raise DataError(f"the fact {wanted!r} does not stand in the entry {title!r}: copy it letter by letter")


def join_labels(labels: Iterable[Mapping[str, Any]], texts: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Training rows for those `texts` (title, summary, lang, published) that have a label."""
    wanted = {label["key"]: label for label in labels}
    for record in texts:
        title, summary = record["title"], record.get("summary") or ""
        label = wanted.pop(text_key(title, summary), None)
        if label is None:
            continue
        fields = {"title": title, "summary": summary}
        facts = {
            role: tuple(fields[name][start:end] for name, start, end in places)
            for role, places in label.get("facts", {}).items()
        }
        yield Row(
            title=title,
            summary=summary,
            tags=tuple(label.get("tags", ())),
            status=label.get("status"),
            facts=facts,
            language=record.get("lang") or "en",
            published=record.get("published") or "",
        )
