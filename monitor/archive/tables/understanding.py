"""Classifications, labels, stories: what understand writes, and what people teach it."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.archive.tables.base import entry_key, flag, metadata, story_key, where
from monitor.archive.tables.kinds import SUMMARY_BYTES, Cents, Id, Json, Moment, Title, Url, Words

classifications = sa.Table(
    "classifications",
    metadata,
    entry_key(primary=True),
    sa.Column("model_id", sa.String(128), nullable=False),
    sa.Column("scores", Json, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("possible", Json, nullable=False),
    sa.Column("status", sa.String(16)),
    sa.Column("status_score", sa.Float, nullable=False, default=0.0),
    sa.Column("spans", Json, nullable=False),
    # for matching and topics; `forget_vectors` drops old ones
    sa.Column("vector", sa.LargeBinary),
    sa.Column("at", Moment, nullable=False),
    # nothing but tags in the band below the thresholds: what a person may want to look through
    flag("near_miss"),
    sa.Index("ix_classifications_near_miss", "entry_id", **where("near_miss")),
)

#: Entries on which the program failed, and when they are tried again. They are not pending meanwhile.
set_aside = sa.Table(
    "set_aside",
    metadata,
    entry_key(primary=True),
    sa.Column("error", Words(2048), nullable=False),
    # program and model that failed: others try again at once
    sa.Column("reader", sa.String(256), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("retry_at", Moment, nullable=False),
)

entry_topics = sa.Table(
    "entry_topics",
    metadata,
    entry_key(primary=True),
    sa.Column("topic", sa.String(128), primary_key=True),
    sa.Column("score", sa.Float, nullable=False),
)

#: What a person says an entry is about. With its text: what was taught outlives what is pruned.
labels = sa.Table(
    "labels",
    metadata,
    # no foreign key: see above
    sa.Column("entry_id", Id, primary_key=True, autoincrement=False),
    sa.Column("title", Title, nullable=False),
    sa.Column("summary", Words(SUMMARY_BYTES), nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("status", sa.String(16)),
    sa.Column("at", Moment, nullable=False),
)

#: What was learned here, beside the model that ships: heads of the tags and of topics. Older ones stay, to go back to.
heads = sa.Table(
    "heads",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    # of what it was learned from: another one means that it is out of date
    sa.Column("key", sa.String(64), nullable=False),
    # the model whose features it reads
    sa.Column("base", sa.String(128), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("figures", Json, nullable=False),
    sa.Column("at", Moment, nullable=False),
    flag("in_use"),
    sa.Index("ix_heads_name", "kind", "name"),
    sqlite_autoincrement=True,
)

stories = sa.Table(
    "stories",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("title", Title, nullable=False),
    sa.Column("lead", Words(8192), nullable=False),
    sa.Column("url", Url),
    sa.Column("first_seen_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("news_at", Moment),
    sa.Column("published_at", Moment, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("possible", Json, nullable=False),
    sa.Column("topics", Json, nullable=False),
    sa.Column("scores", Json, nullable=False),
    sa.Column("status", sa.String(16)),
    sa.Column("entry_count", sa.Integer, nullable=False),
    sa.Column("publishers", Json, nullable=False),
    sa.Column("independent", sa.Integer, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("authority", sa.Integer, nullable=False),
    flag("pinned"),
    flag("muted"),
    sa.Column("companies", Json, nullable=False),
    sa.Column("feed_ids", Json, nullable=False),
    sa.Column("categories", Json, nullable=False),
    sa.Column("usd", Cents),
    # its entries went into another story by hand; links to the old number still lead somewhere
    sa.Column("merged_into", Id, sa.ForeignKey("stories.id", ondelete="CASCADE")),
    sa.Index("ix_stories_news_at", "news_at", **where("news_at IS NOT NULL")),
    sa.Index("ix_stories_last_seen_at", "last_seen_at"),
    sa.Index("ix_stories_merged_into", "merged_into", **where("merged_into IS NOT NULL")),
    sqlite_autoincrement=True,
)

story_publishers = sa.Table(
    "story_publishers",
    metadata,
    story_key(primary=True),
    sa.Column("publisher", sa.String(256), primary_key=True),
    sa.Index("ix_story_publishers_publisher", "publisher", "story_id"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    entry_key(),
    story_key(),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("reason", Words(2048), nullable=False),
    sa.Column("numbers", Json, nullable=False),
    sa.Column("at", Moment, nullable=False),
    flag("by_hand"),
    sa.Index("ix_decisions_entry_id", "entry_id"),
    sa.Index("ix_decisions_story_id", "story_id"),
)

developments = sa.Table(
    "developments",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    story_key(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("at", Moment, nullable=False),
    entry_key(),
    sa.Column("line", Title, nullable=False),
    flag("follow_up"),
    sa.Index("uq_developments_step", "story_id", "entry_id", "kind", unique=True),
    sa.Index("ix_developments_entry_id", "entry_id"),
    sqlite_autoincrement=True,
)
