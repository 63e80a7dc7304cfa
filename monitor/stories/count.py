"""Counts words.tsv from a corpus of entries: how common each word is, nothing of any text.

python -m monitor.stories.count --corpus corpus.jsonl.gz --out monitor/stories/words.tsv
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.stories.words import STOP, fold, stem, tokens, words


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m monitor.stories.count", description=__doc__)
    parser.add_argument(
        "--corpus", type=Path, required=True, help="JSON lines with title, summary, published; gzip or not"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--until", default="9999", help="count only entries published before this date")
    parser.add_argument("--keep", type=int, default=24000, help="how many words")
    given = parser.parse_args(arguments)
    rows = [row for row in read(given.corpus) if (row.get("published") or "") < given.until]
    given.out.write_text("".join(lines(rows, given.keep)), encoding="utf-8")
    sys.stderr.write(f"{len(rows)} texts counted into {given.out}\n")
    return 0


def read(path: Path) -> Iterator[Mapping[str, Any]]:
    """JSON lines, gzipped or plain."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def lines(rows: Iterable[Mapping[str, Any]], keep: int) -> Iterator[str]:
    """The table's lines."""
    texts = 0
    seen: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for row in rows:
        texts += 1
        title, summary = fold(row["title"]), fold(row.get("summary") or "")[:600]
        seen.update(set(words(f"{title} {summary}")))
        # a summary is written as sentences are; titles often carry capitals throughout
        for before, token in _neighbours(summary):
            if before and token[:1].isalpha() and token.lower() not in STOP:
                word = stem(token.lower())
                inside[word] += 1
                capital[word] += token[0].isupper()
    yield f"{texts}\n"
    for word, count in sorted(seen.most_common(keep), key=lambda item: (-item[1], item[0])):
        share = str(round(100 * capital[word] / inside[word])) if inside[word] >= 5 else ""
        yield f"{word}\t{count}\t{share}\n"


def _neighbours(text: str) -> Iterator[tuple[bool, str]]:
    """Each token, and whether it stands within a sentence."""
    for sentence in text.replace("!", ".").replace("?", ".").split(". "):
        for number, token in enumerate(tokens(sentence)):
            yield number > 0, token


if __name__ == "__main__":
    sys.exit(main())
