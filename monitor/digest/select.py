"""Which stories a selection keeps, and which of them are still to be told to a recipient. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.types import Development, Selection, Story


def why_not(story: Story, selection: Selection) -> str | None:
    """The first condition that the story fails, in words; None if it qualifies.

    Fields join by `and`, values of one field by `or`. The full-text query and the aliases of companies are the
    archive's to answer: what it hands over as arrived qualifies, and this says in words why another does not.
    """
    if story.muted:
        return "it is muted"
    if not story.tags and not story.topics and not story.pinned:
        possible = f", only possible ones: {', '.join(story.possible)}" if story.possible else ""
        return f"it has no tag and no topic{possible}"
    return (
        _none_of("tags", selection.tags, (*story.tags, *story.topics))
        or _none_of("topics", selection.topics, story.topics)
        or _none_of("companies", selection.companies, story.companies)
        or _none_of("languages", _languages(selection.languages), _languages((story.language,)))
        or _none_of("feeds", selection.feeds, story.feed_ids)
        or _none_of("categories", selection.categories, story.categories)
        or _too_low(story, selection)
    )


def _none_of(what: str, wanted: Sequence[str], has: Sequence[str]) -> str | None:
    if not wanted or not _folded(wanted).isdisjoint(_folded(has)):
        return None
    shown = ", ".join(has) or "none"
    return f"its {what} ({shown}) are none of: {', '.join(wanted)}"


def _folded(names: Iterable[str]) -> set[str]:
    return {" ".join(name.casefold().split()) for name in names}


def _languages(codes: Sequence[str]) -> tuple[str, ...]:
    """`pt-BR` and `pt` are the same language."""
    return tuple(code.replace("_", "-").partition("-")[0] for code in codes)


def _too_low(story: Story, selection: Selection) -> str | None:
    score = top_score(story, selection)
    if score < selection.min_score:
        return f"its score {score:.2f} is below {selection.min_score:.2f}"
    if selection.min_amount is not None and (story.usd is None or story.usd < selection.min_amount):
        amount = "no amount" if story.usd is None else f"${story.usd:,.0f}"
        return f"it has {amount}, below ${selection.min_amount:,.0f}"
    if story.independent < selection.min_publishers:
        return f"it has {story.independent} independent publishers, below {selection.min_publishers}"
    return None


def top_score(story: Story, selection: Selection) -> float:
    """The highest score among the tags that the selection asks for, or among the story's own. A topic counts as 1."""
    if selection.topics and not set(selection.topics).isdisjoint(story.topics):
        return 1.0
    wanted = selection.tags or story.tags
    scores = [story.scores[tag] for tag in wanted if tag in story.scores]
    # a story that is kept for a topic alone has no tag whose score could be too low
    return max(scores, default=1.0 if story.topics and not selection.tags else 0.0)


def highest_development(story: Story) -> int:
    """The id of the story's newest development; 0 if it has none. This is what a sent story is recorded with."""
    return max((d.id or 0 for d in story.developments), default=0)


def news_for(story: Story, sent: Mapping[int, int]) -> tuple[Development, ...] | None:
    """What of the story is still to be told: () for the whole story, its new developments, or None for nothing.

    `sent`: story id to the highest development id that went out in this digest to this recipient.
    """
    if story.id not in sent:
        return ()
    fresh = tuple(d for d in story.developments if d.follow_up and (d.id or 0) > sent[story.id])
    return fresh or None


def explain_not_sent(
    story: Story,
    selection: Selection,
    *,
    digest: str,
    sent: Mapping[int, int],
    in_look_back: bool = True,
    shown: bool | None = None,
) -> str:
    """One sentence for `explain`: why the story is not (or is) in the digest for a recipient."""
    failed = why_not(story, selection)
    if failed:
        return f"not in {digest!r}: {failed}"
    if story.news_at is None:
        return f"not in {digest!r}: its entries came with a first poll, an import or were old, so they are not news"
    if story.id in sent and news_for(story, sent) is None:
        return f"not again in {digest!r}: it went out before, and no development came since"
    if not in_look_back:
        return f"not in {digest!r}: it arrived {story.news_at:%Y-%m-%d %H:%M} UTC, outside the look-back"
    if shown is False:
        return f"listed by title at the end of {digest!r}: its section was full"
    return f"qualifies for {digest!r}: it is in the next one, if it has not gone out yet"
