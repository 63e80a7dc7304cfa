"""Texts to token numbers, the same way in training and in service.

An entry becomes `<s> title </s> summary </s>`; an entry without a summary `<s> title </s>`. The title is encoded
first and the summary fills what is left, so that a long summary never costs a word of the title.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from monitor.classify.vocabulary import END, START

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TITLE_CHARACTERS: Final = 600
SUMMARY_CHARACTERS: Final = 1_200
Field = Literal["title", "summary"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One entry as the encoder reads it. Offsets count characters of the field; specials have none."""

    ids: list[int]
    title_offsets: list[tuple[int, int]]
    summary_offsets: list[tuple[int, int]]

    def position(self, field: Field, token: int) -> int:
        """Where a field's token stands in `ids`."""
        return 1 + token if field == "title" else 2 + len(self.title_offsets) + token


def encode(tokenizer: Tokenizer, texts: Sequence[tuple[str, str]], max_length: int) -> list[Encoded]:
    """(title, summary) pairs to token numbers, at most `max_length` each, in order."""
    titles = tokenizer.encode_batch([title[:TITLE_CHARACTERS] for title, _ in texts], add_special_tokens=False)
    summaries = tokenizer.encode_batch([text[:SUMMARY_CHARACTERS] for _, text in texts], add_special_tokens=False)
    encoded = []
    for title, summary in zip(titles, summaries, strict=True):
        first = title.ids[: max_length - 2]
        room = max_length - len(first) - 3
        second = summary.ids[: max(0, room)]
        ids = [START, *first, END]
        if second:
            ids += [*second, END]
        encoded.append(Encoded(ids, title.offsets[: len(first)], summary.offsets[: len(second)]))
    return encoded
