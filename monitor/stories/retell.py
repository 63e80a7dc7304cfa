"""A story for a reader of certain languages: title, lead and link of its best telling in one of them. Pure.

The stored story keeps the title that its best entry gave it. A reader who knows English, and has Chinese feeds in the
list, gets the English telling of a story that a Chinese outlet told first. Nothing is translated, and a story that
nobody tells in those languages stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from monitor.language import base, language_of
from monitor.stories.leads import lead_of, words_of_weight
from monitor.stories.merge import Part, best_part, publishers_of
from monitor.stories.sketch import form
from monitor.types import Classification, Entry, Story

#: a title with so many names has half of them in common with whatever tells the same
NAMES_TO_TELL: Final = 2


def needs_retelling(story: Story, languages: Sequence[str]) -> bool:
    """Whether its entries may say it better to that reader: the title or the lead is not in the first language."""
    if not languages or story.entry_count < 2:
        return False
    first = base(languages[0])
    title = language_of(story.title, story.language)
    return title != first or bool(story.lead and language_of(story.lead, title) != title)


def retold(story: Story, entries: Sequence[tuple[Entry, Classification | None]], languages: Sequence[str]) -> Story:
    """The story with title, lead, link and language of its best telling in the first language that has one.

    A round-up, a live blog or an entry about something else of the story is no telling. Publishers who tell it in that
    language stand first.
    """
    parts = [Part(entry=entry, read=read) for entry, read in entries if read is not None]
    best = next(filter(None, (_best(story, parts, base(code)) for code in languages)), None)
    if best is None:
        return story
    language = _language(best.entry)
    own = [part for part in parts if _language(part.entry) == language]
    named = {domain: (domain, name, url) for domain, name, url in publishers_of(own)}
    same = best.entry.title == story.title
    return replace(
        story,
        title=best.entry.title,
        lead=lead_of(best, parts),
        url=story.url if same else best.entry.url or story.url,
        language=language,
        publishers=(*named.values(), *(each for each in story.publishers if each[0] not in named)),
    )


def _best(story: Story, parts: Sequence[Part], language: str) -> Part | None:
    tellings = [
        part
        for part in parts
        if _language(part.entry) == language
        and form(part.entry.title) in ("report", "talk")
        and (not story.tags or set(story.tags) & set(part.read.tags))
    ]
    tellings = _nearest(tellings, story.title)
    if not tellings:
        return None
    # the story's own title stays where it is in that language
    own = [part for part in tellings if part.entry.title == story.title]
    return own[0] if own else best_part(tellings, story.tags)


def _nearest(tellings: Sequence[Part], title: str) -> list[Part]:
    """Those that share half of the stored title's names in Latin letters, which are the same in most languages.

    A story of many entries holds asides, too; and an entry that joined it wrongly must not speak for it.
    """
    known = {word for word in words_of_weight(title) if word.isascii() and word.isalpha()}
    shared = [len(known & words_of_weight(part.entry.title)) for part in tellings]
    most = max(shared, default=0)
    need = max(len(known) if len(known) >= NAMES_TO_TELL else 0, most)
    return [part for part, count in zip(tellings, shared, strict=True) if 2 * count >= need]


def _language(entry: Entry) -> str:
    return language_of(entry.title, entry.language)
