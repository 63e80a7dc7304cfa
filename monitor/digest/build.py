"""From stories to a digest: select, subtract what went out, rank, put into sections. Pure.

Nothing is dropped silently: what is beyond a cap is listed in its section's `more`, and what fits no section
comes in a last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.digest.rank import order, rank
from monitor.digest.select import highest_development, news_for
from monitor.types import Digest, DigestSpec, FeedTrouble, RankedStory, Section, SectionSpec, Story, Tag

#: the sections of a digest that names none
DEFAULT_SECTIONS = (
    SectionSpec(title="Models", tags=(Tag.MODEL_LAUNCH,)),
    SectionSpec(title="Acquisitions", tags=(Tag.ACQUISITION,)),
    SectionSpec(title="Funding", tags=(Tag.FUNDING,)),
    SectionSpec(title="Partnerships", tags=(Tag.PARTNERSHIP,)),
    SectionSpec(title="Products", tags=(Tag.PRODUCT_LAUNCH,)),
)
#: the title of the section for what fits no other
REST = "Also in the news"


def digest_key(name: str, due_at: datetime) -> str:
    """`name@2024-02-26T08:00Z`: the same for the same due time."""
    return f"{name}@{due_at:%Y-%m-%dT%H:%MZ}" if not due_at.second else f"{name}@{due_at:%Y-%m-%dT%H:%M:%SZ}"


def build(
    spec: DigestSpec,
    stories: Sequence[Story],
    *,
    due_at: datetime,
    since: datetime,
    sent: Mapping[int, int],
    watched: Sequence[str] = (),
    trouble: Sequence[FeedTrouble] = (),
) -> Digest:
    """The digest for one recipient.

    `stories`: what qualifies and arrived in the look-back. `sent`: story id to the highest development id that went
    out to this recipient. `watched`: names that lift a story.
    """
    names = (*spec.selection.companies, *watched)
    ranked: list[RankedStory] = []
    for story in stories:
        told = news_for(story, sent)
        if told is None or story.muted:
            continue
        try:
            ranked.append(
                rank(
                    story,
                    now=due_at,
                    since=since,
                    watched=names,
                    developments=told,
                    languages=spec.reader_languages,
                )
            )
        except Exception:  # noqa: BLE001 - rendering finds out whether it can be shown, and names it if not
            ranked.append(RankedStory(story=story, score=0.0, reasons=(), developments=told))
    return Digest(
        name=spec.name,
        title=spec.title,
        due_at=due_at,
        time_zone=spec.time_zone,
        since=since,
        sections=into_sections(order(ranked), spec.sections or DEFAULT_SECTIONS, spec.cap),
        trouble=tuple(trouble),
        key=digest_key(spec.name, due_at),
        reader_languages=spec.reader_languages,
    )


def into_sections(ranked: Sequence[RankedStory], specs: Sequence[SectionSpec], cap: int) -> tuple[Section, ...]:
    """Each story in its first fitting section; at most `cap` shown in all, the best ones. Empty sections vanish."""
    taken: dict[int, list[RankedStory]] = {n: [] for n in range(len(specs) + 1)}
    for one in ranked:
        place = next((n for n, spec in enumerate(specs) if fits(one.story, spec)), len(specs))
        taken[place].append(one)
    rest = SectionSpec(title=REST)
    sections: list[Section] = []
    for n, spec in enumerate((*specs, rest)):
        if taken[n]:
            limit = max(spec.cap, 0)
            sections.append(Section(title=spec.title, stories=tuple(taken[n][:limit]), more=tuple(taken[n][limit:])))
    return _capped(sections, ranked, cap)


def _capped(sections: Sequence[Section], ranked: Sequence[RankedStory], cap: int) -> tuple[Section, ...]:
    shown = {one.story.id for section in sections for one in section.stories}
    best = [one.story.id for one in ranked if one.story.id in shown][: max(cap, 0)]
    if len(best) == len(shown):
        return tuple(sections)
    keep = set(best)
    return tuple(
        replace(
            section,
            stories=tuple(one for one in section.stories if one.story.id in keep),
            more=(*(one for one in section.stories if one.story.id not in keep), *section.more),
        )
        for section in sections
    )


def fits(story: Story, spec: SectionSpec) -> bool:
    """Whether the section takes the story: by any of its tags or topics; one that names none takes all."""
    if not spec.tags and not spec.topics:
        return True
    return not set(spec.tags).isdisjoint(story.tags) or not set(spec.topics).isdisjoint(story.topics)


def told(digest: Digest, left_out: frozenset[int] = frozenset()) -> tuple[tuple[int, int], ...]:
    """(story id, highest development id) of all that the digest tells, for the ledger of what went out."""
    return tuple((r.story.id, highest_development(r.story)) for r in digest.stories if r.story.id not in left_out)


def without(digest: Digest, story_ids: frozenset[int]) -> Digest:
    """The digest without those stories; sections that become empty vanish."""
    if not story_ids:
        return digest
    sections = []
    for section in digest.sections:
        stories = tuple(r for r in section.stories if r.story.id not in story_ids)
        more = tuple(r for r in section.more if r.story.id not in story_ids)
        if stories or more:
            sections.append(replace(section, stories=stories, more=more))
    return replace(digest, sections=tuple(sections))
