"""Feeds, hosts and entries: what collect writes."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.archive.tables.base import entry_key, flag, metadata, where
from monitor.archive.tables.kinds import SUMMARY_BYTES, TITLE_BYTES, Id, Key, Moment, Name, Title, Url, Words

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("name", Name, nullable=False),
    sa.Column("category", sa.String(64), nullable=False, default="press"),
    sa.Column("language", sa.String(16), nullable=False, default="en"),
    sa.Column("authority", sa.Integer, nullable=False, default=1),
    sa.Column("spec_url", Url, nullable=False),
    flag("enabled", True),
    # stands in feeds.yaml now
    flag("configured", True),
    sa.Column("added_at", Moment, nullable=False),
    # from here on: the fields of FeedState
    sa.Column("url", Url, nullable=False),
    sa.Column("etag", Words(2048)),
    sa.Column("last_modified", Words(256)),
    sa.Column("body_hash", sa.String(128)),
    sa.Column("next_poll_at", Moment),
    sa.Column("next_poll_why", Name, nullable=False, default=""),
    sa.Column("interval", sa.Float, nullable=False, default=3600.0),
    sa.Column("polled_at", Moment),
    sa.Column("ok_at", Moment),
    sa.Column("full_get_at", Moment),
    sa.Column("new_entry_at", Moment),
    sa.Column("failures", sa.Float, nullable=False, default=0.0),
    sa.Column("error_kind", sa.String(64)),
    sa.Column("error", Words(2048)),
    sa.Column("redirect_url", Url),
    sa.Column("redirect_count", sa.Integer, nullable=False, default=0),
    sa.Column("baseline_at", Moment),
    sa.Column("polls", sa.BigInteger, nullable=False, default=0),
    sa.Column("not_modified", sa.BigInteger, nullable=False, default=0),
    sa.Column("failed", sa.BigInteger, nullable=False, default=0),
    sa.Column("bytes", sa.BigInteger, nullable=False, default=0),
    sa.Column("gaps", sa.BigInteger, nullable=False, default=0),
    sa.Column("entries", sa.BigInteger, nullable=False, default=0),
    sa.Column("gap_at", Moment),
    sa.Column("rhythm", sa.Float),
    sa.Column("silent_since", Moment),
    sa.Index("ix_feeds_next_poll_at", "next_poll_at"),
)

hosts = sa.Table(
    "hosts",
    metadata,
    sa.Column("host", sa.String(256), primary_key=True),
    sa.Column("pause_until", Moment, nullable=False),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("feed_id", sa.String(128), sa.ForeignKey("feeds.id"), nullable=False),
    sa.Column("guid", Url),
    sa.Column("guid_hash", Key),
    sa.Column("link_hash", Key),
    sa.Column("content_hash", Key, nullable=False),
    sa.Column("url", Url),
    sa.Column("title", Title, nullable=False),
    sa.Column("summary", Words(SUMMARY_BYTES), nullable=False),
    # the same cut into pieces where they hold Chinese or Japanese; what SQLite indexes instead
    sa.Column("pieces_title", Words(4 * TITLE_BYTES)),
    sa.Column("pieces_summary", Words(4 * SUMMARY_BYTES)),
    # words of our own that are indexed with the text: month, publisher, language, tags, companies (see search.py)
    sa.Column("marks", Words(8192), nullable=False, default=""),
    sa.Column("author", Name),
    sa.Column("published_at", Moment, nullable=False),
    sa.Column("first_seen_at", Moment, nullable=False),
    sa.Column("publisher", sa.String(256), nullable=False),
    sa.Column("publisher_name", Name, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    flag("announce", True),
    sa.Column("revision", sa.Integer, nullable=False, default=1),
    # not yet understood
    flag("pending", True),
    sa.Column("story_id", Id, sa.ForeignKey("stories.id", ondelete="SET NULL")),
    # a person put it into its story; the matcher leaves it there
    flag("placed_by_hand"),
    # The hash leads: a batch asks for many hashes of many feeds, and (feed, hash) would be their cross product.
    sa.Index("uq_entries_guid", "guid_hash", "feed_id", unique=True, **where("guid_hash IS NOT NULL")),
    sa.Index("ix_entries_link", "link_hash", "feed_id", **where("link_hash IS NOT NULL")),
    sa.Index("ix_entries_content", "content_hash", "feed_id"),
    sa.Index(
        "uq_entries_link_alone",
        "link_hash",
        "feed_id",
        unique=True,
        **where("guid_hash IS NULL AND link_hash IS NOT NULL"),
    ),
    sa.Index(
        "uq_entries_content_alone",
        "content_hash",
        "feed_id",
        unique=True,
        **where("guid_hash IS NULL AND link_hash IS NULL"),
    ),
    sa.Index("ix_entries_pending", "id", **where("pending")),
    sa.Index("ix_entries_story", "story_id", **where("story_id IS NOT NULL")),
    sa.Index("ix_entries_first_seen_at", "first_seen_at"),
    sqlite_autoincrement=True,
)

#: Keys that an entry had before, and those of entries that were pruned: neither may come back as new.
past_keys = sa.Table(
    "past_keys",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    # no foreign key: the entry may be gone
    sa.Column("entry_id", Id, nullable=False),
    sa.Column("feed_id", sa.String(128), nullable=False),
    sa.Column("guid_hash", Key),
    sa.Column("link_hash", Key),
    sa.Column("content_hash", Key, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, default=1),
    # of an entry that is gone: until when, to a month, its feed still listed it; none: not looked at yet
    sa.Column("seen_at", Moment),
    sa.Index("ix_past_keys_guid", "guid_hash", "feed_id", **where("guid_hash IS NOT NULL")),
    sa.Index("ix_past_keys_link", "link_hash", "feed_id", **where("link_hash IS NOT NULL")),
    sa.Index("ix_past_keys_content", "content_hash", "feed_id"),
    sa.Index("ix_past_keys_entry", "entry_id"),
)

#: What an entry said before its publisher edited it; evidence points into a revision.
entry_revisions = sa.Table(
    "entry_revisions",
    metadata,
    entry_key(primary=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("title", Title, nullable=False),
    sa.Column("summary", Words(SUMMARY_BYTES), nullable=False),
    sa.Column("url", Url),
    sa.Column("until", Moment, nullable=False),
)
