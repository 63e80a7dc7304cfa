"""A digest as its outputs show it: texts cleaned and cut once, facts in words, so that all outputs agree. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.digest.wording import (
    STEP_WORDS,
    clock_time,
    counted,
    dollars,
    listed,
    long_date,
    short_date,
    tag_words,
)
from monitor.text import clean_line, shorten
from monitor.types import Digest, Fact, LedgerRecord, RankedStory, Role, Status, Story, Tag
from monitor.urls import http_url

HEADLINE, LEAD, LINE, NAME = 180, 320, 240, 60

#: the facts in the order in which they are read, and what they are called: one, several
FACT_WORDS: dict[str, tuple[str, str]] = {
    Role.AMOUNT: ("Amount", "Amounts"),
    Role.ROUND: ("Round", "Rounds"),
    Role.RECIPIENT: ("Company", "Companies"),
    Role.ACQUIRER: ("Buyer", "Buyers"),
    Role.TARGET: ("Target", "Targets"),
    Role.INVESTOR: ("Investor", "Investors"),
    Role.VALUATION: ("Valuation", "Valuations"),
    "stake": ("Stake", "Stakes"),
    Role.MODEL: ("Model", "Models"),
    "family": ("Family", "Families"),
    "version": ("Version", "Versions"),
    "size": ("Size", "Sizes"),
    "licence": ("Licence", "Licences"),
    Role.PRODUCT: ("Product", "Products"),
    Role.DEVELOPER: ("By", "By"),
    Role.PARTNER: ("Partner", "Partners"),
}
#: several values of these belong together; of all others the second is a contradiction
PLURAL = frozenset({Role.INVESTOR, Role.PARTNER, Role.MODEL, Role.PRODUCT, Role.TARGET, Role.ACQUIRER, Role.DEVELOPER})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """`Amount`, `€15M (about $16.3M)`."""

    label: str
    value: str
    #: what other entries said
    also: str = ""


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
    trouble: tuple[tuple[str, str], ...] = ()
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


def view(digest: Digest, *, base_url: str = "") -> DigestView:
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
        trouble=tuple((clean_line(t.name, limit=NAME), clean_line(t.words, limit=LINE)) for t in digest.trouble),
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
    headline = clean_line(story.title, limit=HEADLINE) or "(no title)"
    lead = clean_line(story.lead, limit=LEAD)
    return StoryView(
        id=story.id,
        section=clean_line(section, limit=NAME),
        headline=headline,
        url=http_url(story.url) or next((url for _, url in names if url), ""),
        lead="" if _repeats(lead, headline) else lead,
        labels=tuple(_capital(tag_words(tag)) for tag in (*story.tags, *story.topics)),
        rumoured=story.status is Status.RUMOURED,
        facts=facts(story.records),
        sources=listed([name for name, _ in names], 2),
        links=tuple(names[:2]),
        more_sources=max(len(dict.fromkeys(name for name, _ in names)) - 2, 0),
        changes=tuple(
            Change(step=STEP_WORDS[d.kind], line=clean_line(d.line, limit=LINE)) for d in ranked.developments
        ),
        date=short_date(story.published_at, digest.time_zone),
        pinned=story.pinned,
        page=f"{base_url}/stories/{story.id}" if base_url else "",
        why=", ".join(f"{name} {points:g}" for name, points in ranked.reasons),
        score=ranked.score,
        brief=brief,
    )


def _repeats(lead: str, headline: str) -> bool:
    """Feeds often give the title again as the summary."""
    return lead.rstrip(".… ").casefold() == headline.rstrip(".… ").casefold()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def facts(records: Sequence[LedgerRecord]) -> tuple[FactView, ...]:
    """Who, how much, which round, which model: of all records of a story, each once."""
    by_field: dict[str, list[Fact]] = {}
    for record in records:
        for fact in record.facts:
            known = by_field.setdefault(fact.field, [])
            if all(fact.value.casefold() != other.value.casefold() for other in known):
                known.append(fact)
    shown = [_fact(name, words, by_field[name]) for name, words in FACT_WORDS.items() if by_field.get(name)]
    return tuple(_without_repeats(shown))


def _fact(name: str, words: tuple[str, str], values: list[Fact]) -> FactView:
    texts = [_value(fact) for fact in values]
    if name in PLURAL:
        return FactView(label=words[0] if len(texts) == 1 else words[1], value=listed(texts, 4))
    return FactView(label=words[0], value=texts[0], also=listed(texts[1:], 2))


def _value(fact: Fact) -> str:
    text = clean_line(fact.amount.text if fact.amount and fact.amount.text else fact.value, limit=NAME)
    if fact.usd is not None:
        about = dollars(fact.usd)
        if fact.amount is not None and fact.amount.currency != "USD":
            return f"{text} (about {about})"
    return text


def _without_repeats(shown: list[FactView]) -> list[FactView]:
    """Partners or a developer that are all said already, as a deal's company or investor, are not said again."""
    said: set[str] = set()
    kept = []
    for fact in shown:
        names = set(fact.value.split(", "))
        if fact.label in ("By", "Partner", "Partners") and names <= said:
            continue
        said |= names
        kept.append(fact)
    return kept


def plain_facts(item: StoryView) -> str:
    """`Amount: €15M; Investor: Microsoft`."""
    return "; ".join(f"{f.label}: {f.value}" + (f" (also: {f.also})" if f.also else "") for f in item.facts)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, at a word's border."""
    return shorten(text, limit)
