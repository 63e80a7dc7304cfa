"""Which entries a person is asked about, and how the answers are written. Pure; standard library only.

Two of three questions are about entries that the model is unsure of: there a label teaches most. The third is about
any recent entry, sure or without a tag, so that what is measured on the labels holds for the rest as well.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.classify.taxonomy import TAGS
from monitor.types import Classification, Entry, Status

UNSURE: Final = 2
KEYS: Final[Mapping[str, str]] = {str(number): tag for number, tag in enumerate(TAGS, 1)}
HELP: Final = (
    ", ".join(f"{key} {tag}" for key, tag in KEYS.items())
    + ", 0 none, r rumoured; Enter as shown, s skip, b back, q quit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was typed. kind: "label", "skip", "back", "quit"."""

    kind: str
    tags: tuple[str, ...] = ()
    status: Status | None = None


def read_answer(text: str, read: Classification) -> Answer | None:
    """An answer; None: not understood. `34r` is funding and acquisition, rumoured."""
    plain = text.strip().lower().replace(" ", "").replace(",", "")
    if plain in ("s", "skip"):
        return Answer(kind="skip")
    if plain in ("b", "back"):
        return Answer(kind="back")
    if plain in ("q", "quit"):
        return Answer(kind="quit")
    if not plain:
        return Answer(kind="label", tags=read.tags, status=read.status if read.tags else None)
    rumoured = plain.endswith("r")
    digits = plain.removesuffix("r")
    if not digits or not set(digits) <= {"0", *KEYS} or ("0" in digits and (len(digits) > 1 or rumoured)):
        return None
    tags = tuple(tag for key, tag in KEYS.items() if key in digits)
    status = (Status.RUMOURED if rumoured else Status.CONFIRMED) if tags else None
    return Answer(kind="label", tags=tags, status=status)


def unsureness(read: Classification, thresholds: Mapping[str, float]) -> float:
    """How near the least certain tag lies to its threshold: 1 on it, towards 0 far away."""

    def logit(value: float) -> float:
        held = min(1 - 1e-4, max(1e-4, value))
        return math.log(held / (1 - held))

    gaps = [abs(logit(read.scores[tag]) - logit(limit)) for tag, limit in thresholds.items() if tag in read.scores]
    return 1 / (1 + min(gaps)) if gaps else 0.0


def in_order(
    entries: Sequence[tuple[Entry, Classification]], thresholds: Mapping[str, float], seed: int
) -> Iterator[tuple[Entry, Classification]]:
    """Two unsure ones, then one of the others, and so on; a title is asked about once."""
    unsure = sorted(entries, key=lambda pair: -unsureness(pair[1], thresholds))
    others = list(entries)
    random.Random(seed).shuffle(others)  # noqa: S311  which entries are asked about is no secret
    seen: set[str] = set()
    rows, more = iter(unsure), iter(others)

    def following(source: Iterator[tuple[Entry, Classification]]) -> tuple[Entry, Classification] | None:
        for entry, read in source:
            title = " ".join(entry.title.casefold().split())
            if title not in seen:
                seen.add(title)
                return entry, read
        return None

    number = 0
    while True:
        found = following(rows if number % (UNSURE + 1) < UNSURE else more) or following(rows) or following(more)
        if found is None:
            return
        yield found
        number += 1
