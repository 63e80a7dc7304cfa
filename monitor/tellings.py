"""Stories that we grouped by reading: which public entries tell one event. Only training reads them.

The texts belong to their publishers and are not kept: an entry is known by the hash of its title and summary, and found
again in a file of unlabelled entries. The classifier's story vector and the story matching learn from the same groups.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from monitor.errors import DataError

OWN: Final = Path(__file__).parent / "stories" / "data" / "tellings.jsonl"
CORPUS: Final = "corpus.jsonl.gz"


def text_key(title: str, summary: str) -> str:
    """16 hexadecimal digits of the SHA-256 of title, line feed, summary."""
    return hashlib.sha256(f"{title}\n{summary}".encode()).hexdigest()[:16]


def unlabelled(folder: Path) -> Iterator[dict[str, Any]]:
    """The entries of a folder's corpus.jsonl.gz: `id`, `title`, `summary`, `source`, `url`, `published`, `lang`.

    None where there is no such file. Raises DataError for one that cannot be read.
    """
    path = folder / CORPUS
    if not path.is_file():
        return
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error


def without_texts(
    window: str,
    entries: Sequence[Mapping[str, Any]],
    groups: Iterable[Sequence[int]],
    unsure: Iterable[Sequence[int]],
    left_out: Iterable[int] = (),
) -> list[dict[str, Any]]:
    """Lines of the file: one an entry of the window, with its group's number where it has one.

    `groups`, `unsure` (pairs) and `left_out` hold places in `entries`. Of entries with the same text only the first
    gets a line.
    """
    group_of = {place: number for number, members in enumerate(groups) for place in members}
    gone = set(left_out)
    keys = [text_key(entry["title"], entry.get("summary") or "") for entry in entries]
    doubtful: dict[int, set[str]] = {}
    for one, other in unsure:
        doubtful.setdefault(one, set()).add(keys[other])
        doubtful.setdefault(other, set()).add(keys[one])
    lines: dict[str, dict[str, Any]] = {}
    for place, key in enumerate(keys):
        if place in gone or key in lines:
            continue
        line: dict[str, Any] = {"key": key, "window": window}
        if place in group_of:
            line["group"] = group_of[place]
        if place in doubtful:
            line["unsure"] = sorted(doubtful[place])
        lines[key] = line
    return list(lines.values())


def own_tellings(folder: Path, labels: Path = OWN) -> list[dict[str, Any]]:
    """Our groups with the texts of a folder's corpus, in the form of stories-train.jsonl, in order of publication.

    Entries that the corpus does not hold are left out. Raises DataError.
    """
    try:
        wanted = {line["key"]: line for line in map(json.loads, labels.read_text(encoding="utf-8").splitlines())}
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{labels}: {error}") from error
    rows = []
    for record in unlabelled(folder):
        key = text_key(record["title"], record.get("summary") or "")
        line = wanted.pop(key, None)
        if line is not None:
            story = f"{line['window']}-{line.get('group', key)}"
            # an entry is known by its key here: a corpus need not number its entries
            rows.append(
                {**record, "id": key, "window": line["window"], "story": story, "unsure": line.get("unsure", [])}
            )
    return sorted(rows, key=lambda row: str(row["published"]))
