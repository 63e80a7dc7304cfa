"""Digests and the outbox."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.archive.tables.base import metadata, where
from monitor.archive.tables.kinds import Id, Json, Moment, Name, Words

digests = sa.Table(
    "digests",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("title", Name, nullable=False),
    sa.Column("key", sa.String(256), nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("story_count", sa.Integer, nullable=False),
    sa.Index("uq_digests_due", "name", "due_at", unique=True),
    sqlite_autoincrement=True,
)

#: What went to whom: the reason why nothing comes twice.
digest_stories = sa.Table(
    "digest_stories",
    metadata,
    sa.Column("digest_id", Id, sa.ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("channel", sa.String(128), primary_key=True),
    sa.Column("recipient", sa.String(320), primary_key=True),
    # no foreign key: what was sent stays known when the story is pruned
    sa.Column("story_id", Id, primary_key=True, autoincrement=False),
    # 0: the story itself; else the newest development that was in it
    sa.Column("development_id", Id, nullable=False, default=0),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Index("ix_digest_stories_sent", "story_id", "name", "channel", "recipient"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("digest_id", Id, sa.ForeignKey("digests.id", ondelete="CASCADE"), nullable=False),
    sa.Column("channel", sa.String(128), nullable=False),
    sa.Column("recipient", sa.String(320), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("markdown", sa.Text, nullable=False),
    sa.Column("payload", Json),
    sa.Column("story_ids", Json, nullable=False),
    sa.Column("message_id", sa.String(320), nullable=False),
    sa.Column("in_reply_to", sa.String(320)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("next_try_at", Moment),
    # of the first attempt since it was made, or since a person asked for it again
    sa.Column("started_at", Moment),
    sa.Column("sent_at", Moment),
    sa.Column("code", sa.Integer),
    sa.Column("error", Words(2048)),
    sa.Column("receipt", Words(2048)),
    # attempts that nobody answered; null: none
    sa.Column("silences", sa.Integer),
    sa.Index("uq_deliveries_part", "digest_id", "channel", "recipient", "number", unique=True),
    sa.Index("ix_deliveries_waiting", "state", "next_try_at", **where("state IN ('ready', 'sending', 'uncertain')")),
    sqlite_autoincrement=True,
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("recipient", sa.String(320), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("why", Words(2048), nullable=False),
)
