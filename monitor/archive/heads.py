"""Stories under their own heads: one title for a story, wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.archive.sql import chunks
from monitor.archive.tables import entries, stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands over a story in digests, in `show` and in the ledger: its best entry's title, link and publisher."""

    title: str
    url: str | None
    #: None: that entry was pruned
    publisher: str | None = None
    publisher_name: str | None = None


def story_heads(connection: Connection, story_ids: Sequence[int]) -> dict[int, Head]:
    """The heads of these stories, by their numbers."""
    found: dict[int, Head] = {}
    titles = sa.select(stories.c.id, stories.c.title, stories.c.url)
    best = sa.select(entries.c.story_id, entries.c.publisher, entries.c.publisher_name).join_from(
        entries,
        stories,
        sa.and_(
            entries.c.story_id == stories.c.id,
            entries.c.title == stories.c.title,
            entries.c.url.is_not_distinct_from(stories.c.url),
        ),
    )
    for part in chunks(sorted(set(story_ids)), 1000):
        for row in connection.execute(titles.where(stories.c.id.in_(part))):
            found[row.id] = Head(title=row.title, url=row.url)
        # two feeds may bring the same article: the first that did names its publisher
        for row in connection.execute(best.where(entries.c.story_id.in_(part)).order_by(entries.c.id.desc())):
            head = found[row.story_id]
            found[row.story_id] = Head(
                title=head.title, url=head.url, publisher=row.publisher, publisher_name=row.publisher_name
            )
    return found
