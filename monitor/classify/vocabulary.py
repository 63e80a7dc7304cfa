"""The tokenizer of the shipped model: XLM-R's unigram vocabulary, cut to the pieces that news uses.

The whole vocabulary of 250,000 pieces would be 96 million weights, four fifths of the model, for languages that no
feed here is written in. A piece stays when the texts use it, or when it is a single character of their scripts.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIALS: Final = ("<s>", "<pad>", "</s>", "<unk>")
START, PAD, END, UNKNOWN = range(4)
# What XLM-R's own character map does beyond NFKC: controls vanish, odd spaces and marks become a space.
DROPPED: Final = "[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
SPACED: Final = "[\\s\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]+"


def tokenizer_document(vocabulary: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """A tokenizer.json as the `tokenizers` library reads it, for these (piece, log probability) pairs."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number,
                "content": piece,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for number, piece in enumerate(SPECIALS)
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Replace", "pattern": {"Regex": DROPPED}, "content": ""},
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": SPACED}, "content": " "},
            ],
        },
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "post_processor": None,
        "decoder": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "model": {
            "type": "Unigram",
            "unk_id": UNKNOWN,
            "vocab": [[piece, round(float(score), 5)] for piece, score in vocabulary],
            "byte_fallback": False,
        },
    }


def build_tokenizer(vocabulary: Sequence[tuple[str, float]]) -> Tokenizer:
    """A tokenizer over these (piece, log probability) pairs."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json.dumps(tokenizer_document(vocabulary), ensure_ascii=False))


def count_pieces(tokenizer: Tokenizer, texts: Iterable[str], batch: int = 2_000) -> Counter[int]:
    """How often each piece of the whole vocabulary is used by these texts."""
    used: Counter[int] = Counter()
    waiting: list[str] = []
    for text in texts:
        waiting.append(text)
        if len(waiting) == batch:
            for encoding in tokenizer.encode_batch(waiting, add_special_tokens=False):
                used.update(encoding.ids)
            waiting.clear()
    for encoding in tokenizer.encode_batch(waiting, add_special_tokens=False):
        used.update(encoding.ids)
    return used


def choose_pieces(pieces: Sequence[str], used: Counter[int], size: int) -> list[int]:
    """The ids that stay, in their old order: specials, used characters, letters of Latin, then the most used."""
    chosen = set(range(len(SPECIALS)))
    for number, piece in enumerate(pieces):
        bare = piece.removeprefix("\u2581")
        if len(bare) <= 1 and (used[number] or not bare or _is_common_character(bare)):
            chosen.add(number)
    for number, _count in used.most_common():
        if len(chosen) >= size:
            break
        chosen.add(number)
    return sorted(chosen)


def _is_common_character(character: str) -> bool:
    """Latin letters, digits, signs and kana are kept even where these texts happen not to use them."""
    name = unicodedata.name(character, "")
    return character.isascii() or name.startswith(("LATIN", "HIRAGANA", "KATAKANA", "DIGIT"))
