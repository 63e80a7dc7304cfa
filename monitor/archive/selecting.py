"""Whether a story is what a query asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.archive.marks import key_of
from monitor.query import Query
from monitor.types import Story


def fits(story: Story, query: Query) -> bool:
    """All of the query's fields but its words. Companies are compared by canonical name."""
    tags, companies = [*story.tags, *story.topics], {key_of(name) for name in story.companies}
    publishers = {p.lower() for domain, name, _ in story.publishers for p in (domain, name)}
    return (
        _any(query.tags, tags)
        and _any(query.topics, story.topics)
        and (not query.companies or not companies.isdisjoint(map(key_of, query.companies)))
        and _any(query.publishers, publishers)
        and _any(map(language, query.languages), [language(story.language)])
        and _any(query.feeds, story.feed_ids)
        and _any(query.categories, story.categories)
        and not (query.without_tags and _any(query.without_tags, tags))
        and companies.isdisjoint(map(key_of, query.without_companies))
        and not (query.without_publishers and _any(query.without_publishers, publishers))
        and _numbers_fit(story, query)
    )


def _numbers_fit(story: Story, query: Query) -> bool:
    usd = story.usd
    if query.min_amount is not None and (usd is None or usd < query.min_amount):
        return False
    if query.max_amount is not None and (usd is None or usd > query.max_amount):
        return False
    if query.since is not None and story.published_at < query.since:
        return False
    if query.until is not None and story.published_at > query.until:
        return False
    if story.independent < query.min_publishers:
        return False
    if query.min_score > 0:
        asked = [tag for tag in query.tags if tag in story.scores] or list(story.scores)
        return max((story.scores[tag] for tag in asked), default=0.0) >= query.min_score
    return True


def _any(wanted: Iterable[str], have: Iterable[str]) -> bool:
    """Whether one of the wanted is there; nothing wanted: yes."""
    asked = {w.lower() for w in wanted}
    return not asked or not asked.isdisjoint(h.lower() for h in have)


def language(code: str) -> str:
    """ "pt-BR" and "pt" are the same language."""
    return code.lower().replace("_", "-").partition("-")[0]
