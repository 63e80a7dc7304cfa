"""Writes `pairs.jsonl`: entries of our own wording that teach where the border of each tag runs.

Every template stands beside its opposite: the same verbs, sums and rounds with and without AI in them; launches of
models beside news about models; deals beside talk of deals. A slot that bears a role's name
becomes a fact, one that bears two (`partner_and_investor`) becomes both.
`python -m monitor.classify.data.write` writes the file again, the same each time.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any, Final

from monitor.classify.data.templates import EVENTS, NOTHING, POOLS
from monitor.classify.taxonomy import ROLES

SLOT: Final = re.compile(r"\{([a-z_]+?)(\d?)\}")
EVENT_TIMES: Final = 9
NOTHING_TIMES: Final = 4
#: Which words fill a role's slot.
POOL_OF_ROLE: Final = {
    "developer": "company",
    "recipient": "startup",
    "acquirer": "company",
    "target": "startup",
    "partner": "company",
}


def fill(template: str, chance: random.Random, taken: dict[str, str]) -> str:
    """The template with its slots filled; a slot named twice is filled once, two slots never alike."""

    def word(match: re.Match[str]) -> str:
        slot, kind = match.group(0), match.group(1)
        if slot not in taken:
            first = kind.split("_and_")[0]
            pool = POOLS[POOL_OF_ROLE.get(first, first)]
            free = [text for text in pool if text not in taken.values()]
            taken[slot] = chance.choice(free)
        return taken[slot]

    return SLOT.sub(word, template)


def entry(title: str, summary: str, tags: str, rumoured: bool, chance: random.Random, lang: str) -> dict[str, Any]:
    """One labelled entry from one pair of templates."""
    taken: dict[str, str] = {}
    filled = fill(title, chance, taken), fill(summary, chance, taken)
    facts: dict[str, list[str]] = {}
    for slot, text in taken.items():
        match = SLOT.fullmatch(slot)
        for role in match.group(1).split("_and_") if tags and match else ():
            if role in ROLES:
                facts.setdefault(role, []).append(text)
    status = None if not tags else ("rumoured" if rumoured else "confirmed")
    return {
        "title": filled[0],
        "summary": filled[1],
        "tags": tags.split(),
        "status": status,
        "facts": facts,
        "lang": lang,
        "weight": 0.5 if tags else 1.0,
    }


def entries(seed: int = 7) -> list[dict[str, Any]]:
    """All entries; the same seed gives the same ones."""
    chance = random.Random(seed)  # noqa: S311
    made = []
    for lang, tags, rumoured, title, summary in EVENTS:
        made += [entry(title, summary, tags, rumoured, chance, lang) for _ in range(EVENT_TIMES)]
    for lang, title, summary in NOTHING:
        slots = SLOT.findall(title + summary)
        made += [entry(title, summary, "", False, chance, lang) for _ in range(NOTHING_TIMES if slots else 1)]
    once = {(row["title"], row["summary"]): row for row in made}
    return list(once.values())


def main() -> None:
    """Writes the file beside this module."""
    path = Path(__file__).with_name("pairs.jsonl")
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in entries()), encoding="utf-8")


if __name__ == "__main__":
    main()
