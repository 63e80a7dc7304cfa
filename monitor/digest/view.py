"""A digest as its outputs show it: texts cleaned and cut once, facts in words, so that all outputs agree. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.digest.facts import NAME, FactView, Reader, facts
from monitor.digest.wording import STEP_WORDS, clock_time, counted, listed, long_date, short_date, tag_words
from monitor.language import base, language_name, language_of
from monitor.text import clean_line, shorten
from monitor.types import Digest, RankedStory, Status, Story, Tag
from monitor.urls import http_url

HEADLINE, LEAD, LINE = 180, 320, 240
#: feeds in trouble that a digest names: an outage of hundreds must leave room for its stories
MOST_TROUBLE = 20
#: "(Reporter/Paper)" at the end of an aggregator's title
_CREDIT = re.compile(r"\s*\([^()/]{2,60}/[^()]{2,40}\)$")
#: "(Paper)" there, where the aggregator always ends with one
_PAPER = re.compile(r"\s*\([A-Z][^()]{2,40}\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`Now closed`, the line that said so."""

    step: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story as it is shown. All texts are plain, one line, cut to length; links are http(s) or empty."""

    id: int
    section: str
    headline: str
    url: str
    lead: str
    #: `Model launch`, `Partnership`
    labels: tuple[str, ...]
    rumoured: bool
    facts: tuple[FactView, ...]
    #: `TechCrunch, Le Monde +12`
    sources: str
    #: (name, url) of the first sources
    links: tuple[tuple[str, str], ...]
    more_sources: int
    changes: tuple[Change, ...]
    date: str
    pinned: bool
    #: in the web archive, where there is one
    page: str = ""
    #: `acquisition 30, amount 12`
    why: str = ""
    score: float = 0.0
    #: only its title is listed
    brief: bool = False
    #: `in Chinese`: the headline is in a language that the reader did not name
    tongue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """The head and foot of every part of a digest, and all of its stories."""

    name: str
    title: str
    key: str
    date: str
    due: str
    since: str
    #: `14 stories: 3 model launches, 5 funding deals`
    summary: str
    items: tuple[StoryView, ...]
    #: (feed, words) of the first feeds in trouble, and how many more there are
    trouble: tuple[tuple[str, str], ...] = ()
    more_trouble: int = 0
    archive: str = ""
    #: stories that could not be shown: (id, cause)
    left_out: tuple[tuple[int, str], ...] = ()
    language: str = "en"
    notes: tuple[str, ...] = field(default=())

    @property
    def top(self) -> str:
        """The headline for the subject: of the story with the most points, a pinned one before all."""
        best = max(self.items, key=lambda item: (item.pinned, item.score), default=None)
        return best.headline if best else ""


def view(digest: Digest, *, base_url: str = "", most_trouble: int = MOST_TROUBLE) -> DigestView:
    """The digest's view. A story whose data cannot be shown is left out and named in `left_out`; the rest goes on."""
    items: list[StoryView] = []
    left_out: list[tuple[int, str]] = []
    for section in digest.sections:
        for ranked, brief in (*((r, False) for r in section.stories), *((r, True) for r in section.more)):
            try:
                items.append(story_view(ranked, digest, section.title, base_url, brief=brief))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one story must not stop the digest
                left_out.append((ranked.story.id, f"{type(error).__name__}: {error}"[:200]))
    # shown ones first, then the list of the others, each in the order of sections
    items.sort(key=lambda item: item.brief)
    gone = {story_id for story_id, _ in left_out}
    return DigestView(
        name=digest.name,
        title=clean_line(digest.title, limit=120),
        key=digest.key,
        date=long_date(digest.due_at, digest.time_zone),
        due=clock_time(digest.due_at, digest.time_zone),
        since=clock_time(digest.since, digest.time_zone),
        summary=summary([r.story for r in digest.stories if r.story.id not in gone]),
        items=tuple(items),
        trouble=tuple(
            (clean_line(t.name, limit=NAME), clean_line(t.words, limit=LINE)) for t in digest.trouble[:most_trouble]
        ),
        more_trouble=max(len(digest.trouble) - most_trouble, 0),
        archive=base_url,
        left_out=tuple(left_out),
    )


def summary(stories: Sequence[Story]) -> str:
    """`14 stories: 3 model launches, 5 funding deals`."""
    counts = [(tag, sum(tag in s.tags for s in stories)) for tag in Tag]
    kinds = ", ".join(counted(n, tag_words(tag), tag_words(tag, 2)) for tag, n in counts if n)
    total = counted(len(stories), "story", "stories")
    return f"{total}: {kinds}" if kinds else total


def story_view(ranked: RankedStory, digest: Digest, section: str, base_url: str, *, brief: bool) -> StoryView:
    """One story's view. Raises whatever its data make impossible to show."""
    story = ranked.story
    names = [(clean_line(name or domain, limit=NAME), http_url(url) or "") for domain, name, url in story.publishers]
    headline = headline_of(story)
    lead = clean_line(story.lead, limit=LEAD)
    languages = digest.reader_languages
    return StoryView(
        id=story.id,
        section=clean_line(section, limit=NAME),
        headline=headline,
        url=http_url(story.url) or next((url for _, url in names if url), ""),
        lead="" if _repeats(lead, headline) else lead,
        labels=tuple(_capital(tag_words(tag)) for tag in (*story.tags, *story.topics)),
        rumoured=story.status is Status.RUMOURED,
        facts=facts(story.records, Reader(languages=languages, headline=headline)),
        sources=listed([name for name, _ in names], 2),
        links=tuple(names[:2]),
        more_sources=max(len(dict.fromkeys(name for name, _ in names)) - 2, 0),
        changes=tuple(
            Change(step=STEP_WORDS[d.kind], line=clean_line(d.line, limit=LINE)) for d in ranked.developments
        ),
        date=short_date(story.published_at, digest.time_zone),
        pinned=story.pinned,
        tongue=_tongue(story, languages),
        page=f"{base_url}/stories/{story.id}" if base_url else "",
        why=", ".join(f"{name} {points:g}" for name, points in ranked.reasons),
        score=ranked.score,
        brief=brief,
    )


def headline_of(story: Story) -> str:
    """The title, without what aggregators hang on it: `... - Bloomberg.com`, `... (Reporter/Paper)`."""
    title = clean_line(story.title, limit=HEADLINE) or "(no title)"
    title = _CREDIT.sub("", title)
    if "techmeme.com/" in (story.url or ""):
        title = _PAPER.sub("", title)
    head, _, tail = (part.strip() for part in title.rpartition(" - "))
    if not head or len(tail) > 40 or len(head) < len(tail):
        return title
    known = {_letters(text) for domain, name, _ in story.publishers for text in (domain, domain.split(".")[0], name)}
    return head if _letters(tail) in known else title


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _tongue(story: Story, languages: Sequence[str]) -> str:
    """Nothing where the reader names no language, or reads this one."""
    language = language_of(story.title, story.language)
    if not languages or language in map(base, languages):
        return ""
    return f"in {language_name(language)}"


def _repeats(lead: str, headline: str) -> bool:
    """Feeds often give the title again as the summary."""
    return lead.rstrip(".… ").casefold() == headline.rstrip(".… ").casefold()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def plain_facts(item: StoryView) -> str:
    """`Amount: €15M; Investor: Microsoft`."""
    return "; ".join(f"{f.label}: {f.value}" + (f" (also: {f.also})" if f.also else "") for f in item.facts)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, at a word's border."""
    return shorten(text, limit)
