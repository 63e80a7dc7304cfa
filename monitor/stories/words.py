"""Words as the matcher sees them, and how common each is.

A word here is lower-cased and lightly stemmed; Chinese and Japanese runs are cut into two-character pieces.
`words.tsv` holds facts only: the commonest words of news, in how many of N texts each stands, and how often it is
written with a capital inside a sentence.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

#: letters and digits of any script; a point stays inside a number ("5.5")
TOKEN: Final = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+")
CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+")
MARKS: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "\u2010": "-", "\u2011": "-", "\u00a0": " "})
POSSESSIVE: Final = re.compile(r"(?<=\w)'s?(?!\w)")

STOP: Final = frozenset(
    "a an and are as at be been but by can could did do does for from had has have he her his how i if in into is it "
    "its just may me more most my new no not now of on or our out over she should so some such t than that the their "
    "them then there these they this to up us was we were what when where which while who why will with would you your "
    "s re ve ll d m says said say after about via amid "
    "der die das und ist im den von zu mit auf ein eine le la les de des du et en un une pour dans sur au aux el los "
    "las del y una por con para que se su il lo di che per".split()
)


def fold(text: str) -> str:
    """Compatibility forms, one kind of apostrophe and hyphen; case is kept."""
    return unicodedata.normalize("NFKC", text).translate(MARKS)


def stem(word: str) -> str:
    """A crude English stem: plural, -ing and -ed go. One word always gives one stem; that is all it is for."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return word[:-3].rstrip("e")
    if len(word) > 4 and word.endswith("ed"):
        return word[:-2].rstrip("e")
    if len(word) > 3 and word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def tokens(text: str) -> Iterator[str]:
    """The written tokens of a folded text, case kept; runs of CJK are cut into overlapping pairs."""
    for match in TOKEN.finditer(POSSESSIVE.sub("", text)):
        token = match.group()
        if token.isascii() or not CJK.search(token):
            yield token
            continue
        for part in re.findall(CJK.pattern + r"|[^\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+", token):
            if CJK.match(part) and len(part) > 1:
                yield from (part[i : i + 2] for i in range(len(part) - 1))
            else:
                yield part


def words(text: str) -> list[str]:
    """Stems in order, stop words left out. One object for each word: thousands of entries hold the same ones."""
    return [sys.intern(stem(low)) for low in map(str.lower, tokens(text)) if low not in STOP]


@dataclass(frozen=True, slots=True)
class WordTable:
    """In how many of `texts` texts a word stands, and its share of capitals within sentences."""

    texts: int
    counts: Mapping[str, int]
    capitals: Mapping[str, float]

    def share(self, word: str) -> float:
        """Part of all texts that hold the word. What the table does not know is rarer than what it does."""
        return self.counts.get(word, 0.5) / self.texts

    def is_name(self, word: str) -> bool:
        """Mostly written with a capital; a word that the table has never seen is taken for a name."""
        share = self.capitals.get(word)
        return word not in self.counts if share is None else share >= 0.6


def parse_table(lines: Iterable[str]) -> WordTable:
    """First line: the number of texts. Then word, count, share of capitals in per cent, tab-separated."""
    rows = iter(lines)
    texts = int(next(rows))
    counts: dict[str, int] = {}
    capitals: dict[str, float] = {}
    for row in rows:
        word, count, share = row.rstrip("\n").split("\t")
        counts[word] = int(count)
        if share:
            capitals[word] = int(share) / 100
    return WordTable(texts, counts, capitals)


def load_table() -> WordTable:
    """The table that ships with the monitor."""
    with (files("monitor.stories") / "words.tsv").open(encoding="utf-8") as lines:
        return parse_table(lines)
