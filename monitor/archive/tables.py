"""The schema, once, for SQLite and PostgreSQL. Only this package knows it.

Ids are given in order of arrival and never used twice. Times are aware UTC. Keys are 16-byte hashes. Money that is
compared or summed is whole cents in USD; what a text said stands beside it as an exact decimal with its currency.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

#: Every revision of alembic/versions, oldest first; the last is what this program works with. Kept here so that a
#: command that only reads can check the schema without importing alembic. A test compares it with the folder.
REVISIONS: Final = ("0001",)
TITLE_BYTES: Final = 1024
SUMMARY_BYTES: Final = 64 * 1024
NAME_BYTES: Final = 512
URL_BYTES: Final = 4096
#: what fits a signed 64-bit integer of cents; a larger sum is a misreading and is kept at this end
MOST_CENTS: Final = 9_000_000_000_000_000_000


def cap(text: str, limit: int) -> str:
    """The text cut to `limit` bytes of UTF-8, without NULs (PostgreSQL refuses them) and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text if len(text) <= limit else text[:limit]
    encoded = text.encode("utf-8", "ignore")
    return encoded[:limit].decode("utf-8", "ignore")


class Moment(TypeDecorator[datetime]):
    """An aware time, UTC in the database. SQLite drops zones, so a naive one is refused rather than guessed."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Cents(TypeDecorator[Decimal]):
    """USD as whole cents, so that both databases compare and sum it exactly."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None or not value.is_finite():
            return None
        cents = int((value * 100).to_integral_value()) if abs(value) < MOST_CENTS // 100 else MOST_CENTS
        return cents if value >= 0 or cents < 0 else -cents

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-2)


class Exact(TypeDecorator[Decimal]):
    """A decimal as it was read, digit by digit (SQLite would make a float of it)."""

    impl = sa.String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")[:64]

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Words(TypeDecorator[str]):
    """Text cut to a number of bytes."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, limit: int = SUMMARY_BYTES) -> None:
        super().__init__()
        self.limit = limit

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cap(value, self.limit)


class Lexemes(sa.types.UserDefinedType[str]):
    """PostgreSQL's TSVECTOR, without importing its dialect on SQLite."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "TSVECTOR"


#: 64 bits on PostgreSQL; on SQLite only a column declared INTEGER is the row's own id
Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Json = sa.JSON(none_as_null=True)
Key = sa.LargeBinary(16)
Name = Words(NAME_BYTES)
Title = Words(TITLE_BYTES)
Url = Words(URL_BYTES)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMES)
#: tables that only PostgreSQL has
postgres_metadata = sa.MetaData(naming_convention=NAMES)


def _flag(name: str, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, default=default)


def _where(condition: str) -> dict[str, Any]:
    """A partial index. PostgreSQL is told by `for_postgres`: naming it here would import its dialect everywhere."""
    return {"sqlite_where": sa.text(condition), "info": {"where": condition}}


def for_postgres() -> None:
    """Tells PostgreSQL's dialect the indexes' conditions and kinds: for creating and comparing tables."""
    for table in (*metadata.tables.values(), *postgres_metadata.tables.values()):
        for index in table.indexes:
            options = index.dialect_options["postgresql"]
            if "where" in index.info:
                options["where"] = sa.text(index.info["where"])
            if "using" in index.info:
                options["using"] = index.info["using"]


def _entry(*, primary: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("entries.id", ondelete="CASCADE")
    return sa.Column("entry_id", Id, key, primary_key=primary, nullable=False, autoincrement=False)


def _story(*, primary: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("stories.id", ondelete="CASCADE")
    return sa.Column("story_id", Id, key, primary_key=primary, nullable=False, autoincrement=False)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# ---------------------------------------------------------------- collect

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("name", Name, nullable=False),
    sa.Column("category", sa.String(64), nullable=False, default="press"),
    sa.Column("language", sa.String(16), nullable=False, default="en"),
    sa.Column("authority", sa.Integer, nullable=False, default=1),
    sa.Column("spec_url", Url, nullable=False),
    _flag("enabled", True),
    # stands in feeds.yaml now
    _flag("configured", True),
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
    _flag("announce", True),
    sa.Column("revision", sa.Integer, nullable=False, default=1),
    # not yet understood
    _flag("pending", True),
    sa.Column("story_id", Id, sa.ForeignKey("stories.id", ondelete="SET NULL")),
    # a person put it into its story; the matcher leaves it there
    _flag("placed_by_hand"),
    # The hash leads: a batch asks for many hashes of many feeds, and (feed, hash) would be their cross product.
    sa.Index("uq_entries_guid", "guid_hash", "feed_id", unique=True, **_where("guid_hash IS NOT NULL")),
    sa.Index("ix_entries_link", "link_hash", "feed_id", **_where("link_hash IS NOT NULL")),
    sa.Index("ix_entries_content", "content_hash", "feed_id"),
    sa.Index(
        "uq_entries_link_alone",
        "link_hash",
        "feed_id",
        unique=True,
        **_where("guid_hash IS NULL AND link_hash IS NOT NULL"),
    ),
    sa.Index(
        "uq_entries_content_alone",
        "content_hash",
        "feed_id",
        unique=True,
        **_where("guid_hash IS NULL AND link_hash IS NULL"),
    ),
    sa.Index("ix_entries_pending", "id", **_where("pending")),
    sa.Index("ix_entries_story", "story_id", **_where("story_id IS NOT NULL")),
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
    sa.Index("ix_past_keys_guid", "guid_hash", "feed_id", **_where("guid_hash IS NOT NULL")),
    sa.Index("ix_past_keys_link", "link_hash", "feed_id", **_where("link_hash IS NOT NULL")),
    sa.Index("ix_past_keys_content", "content_hash", "feed_id"),
    sa.Index("ix_past_keys_entry", "entry_id"),
)

#: What an entry said before its publisher edited it; evidence points into a revision.
entry_revisions = sa.Table(
    "entry_revisions",
    metadata,
    _entry(primary=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("title", Title, nullable=False),
    sa.Column("summary", Words(SUMMARY_BYTES), nullable=False),
    sa.Column("url", Url),
    sa.Column("until", Moment, nullable=False),
)

# ---------------------------------------------------------------- understand

classifications = sa.Table(
    "classifications",
    metadata,
    _entry(primary=True),
    sa.Column("model_id", sa.String(128), nullable=False),
    sa.Column("scores", Json, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("possible", Json, nullable=False),
    sa.Column("status", sa.String(16)),
    sa.Column("status_score", sa.Float, nullable=False, default=0.0),
    sa.Column("spans", Json, nullable=False),
    # kept for entries that are in a story
    sa.Column("vector", sa.LargeBinary),
    sa.Column("at", Moment, nullable=False),
    # nothing but tags in the band below the thresholds: what a person may want to look through
    _flag("near_miss"),
    sa.Index("ix_classifications_near_miss", "entry_id", **_where("near_miss")),
)

entry_topics = sa.Table(
    "entry_topics",
    metadata,
    _entry(primary=True),
    sa.Column("topic", sa.String(128), primary_key=True),
    sa.Column("score", sa.Float, nullable=False),
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
    _flag("pinned"),
    _flag("muted"),
    sa.Column("companies", Json, nullable=False),
    sa.Column("feed_ids", Json, nullable=False),
    sa.Column("categories", Json, nullable=False),
    sa.Column("usd", Cents),
    # its entries went into another story by hand; links to the old number still lead somewhere
    sa.Column("merged_into", Id, sa.ForeignKey("stories.id", ondelete="CASCADE")),
    sa.Index("ix_stories_news_at", "news_at", **_where("news_at IS NOT NULL")),
    sa.Index("ix_stories_last_seen_at", "last_seen_at"),
    sa.Index("ix_stories_merged_into", "merged_into", **_where("merged_into IS NOT NULL")),
    sqlite_autoincrement=True,
)

story_publishers = sa.Table(
    "story_publishers",
    metadata,
    _story(primary=True),
    sa.Column("publisher", sa.String(256), primary_key=True),
    sa.Index("ix_story_publishers_publisher", "publisher", "story_id"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    _entry(),
    _story(),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("reason", Words(2048), nullable=False),
    sa.Column("numbers", Json, nullable=False),
    sa.Column("at", Moment, nullable=False),
    _flag("by_hand"),
    sa.Index("ix_decisions_entry_id", "entry_id"),
    sa.Index("ix_decisions_story_id", "story_id"),
)

developments = sa.Table(
    "developments",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    _story(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("at", Moment, nullable=False),
    _entry(),
    sa.Column("line", Title, nullable=False),
    _flag("follow_up"),
    sa.Index("uq_developments_step", "story_id", "entry_id", "kind", unique=True),
    sa.Index("ix_developments_entry_id", "entry_id"),
    sqlite_autoincrement=True,
)

# ---------------------------------------------------------------- the ledger

entities = sa.Table(
    "entities",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("name", Name, nullable=False),
    # folded: case, accents and spaces do not make two of one
    sa.Column("key", sa.String(512), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("owner", Name),
    _flag("by_hand"),
    sa.Column("merged_into", Id, sa.ForeignKey("entities.id")),
    sa.Index("uq_entities_key", "key", unique=True),
    sa.Index("ix_entities_merged_into", "merged_into", **_where("merged_into IS NOT NULL")),
    sqlite_autoincrement=True,
)

entity_aliases = sa.Table(
    "entity_aliases",
    metadata,
    sa.Column(
        "entity_id",
        Id,
        sa.ForeignKey("entities.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("key", sa.String(512), primary_key=True),
    sa.Column("alias", Name, nullable=False),
    # needs a second signal
    _flag("weak"),
    _flag("by_hand"),
    sa.Index("ix_entity_aliases_key", "key"),
)

records = sa.Table(
    "records",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    _story(),
    sa.Column("kind", sa.String(32), nullable=False),
    # the story's first, second ... of that kind
    sa.Column("number", sa.Integer, nullable=False, default=0),
    _flag("is_deal"),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("announced_at", Moment, nullable=False),
    sa.Column("usd", Cents),
    sa.Column("amount", Exact),
    sa.Column("currency", sa.String(8)),
    sa.Column("amount_text", Name),
    sa.Column("valuation_usd", Cents),
    sa.Column("round", sa.String(128)),
    sa.Column("round_key", sa.String(128)),
    # the model's or product's name
    sa.Column("name", Name),
    sa.Index("uq_records_story", "story_id", "kind", "number", unique=True),
    sa.Index("ix_records_time", "is_deal", "announced_at", "usd"),
    sa.Index("ix_records_usd", "is_deal", "usd"),
    sa.Index("ix_records_kind", "kind", "announced_at"),
    sa.Index("ix_records_round", "round_key", "announced_at", **_where("round_key IS NOT NULL")),
    sqlite_autoincrement=True,
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("record_id", Id, sa.ForeignKey("records.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("field", sa.String(32), nullable=False),
    sa.Column("value", Title, nullable=False),
    sa.Column("entity_id", Id, sa.ForeignKey("entities.id")),
    # an Amount's fields; amount_text says whether there is one
    sa.Column("amount", Exact),
    sa.Column("currency", sa.String(8)),
    sa.Column("amount_text", Name),
    sa.Column("low", Exact),
    sa.Column("high", Exact),
    _flag("approximate"),
    sa.Column("usd", Cents),
    _flag("by_hand"),
    sa.Index("ix_facts_record_id", "record_id"),
    sa.Index("ix_facts_entity_id", "entity_id", **_where("entity_id IS NOT NULL")),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("fact_id", Id, sa.ForeignKey("facts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    # no foreign key: the quote stands when the entry is pruned
    sa.Column("entry_id", Id, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("publisher", sa.String(256), nullable=False),
    sa.Column("field", sa.String(16), nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("stop", sa.Integer, nullable=False),
    sa.Column("quote", Title, nullable=False),
    sa.Index("ix_evidence_entry_id", "entry_id"),
)

#: Who takes part in which record. Repeats the record's kind, time and sum, so that "all deals of Microsoft since
#: 2024, by year" is one walk of one index.
record_parties = sa.Table(
    "record_parties",
    metadata,
    sa.Column("record_id", Id, sa.ForeignKey("records.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("entity_id", Id, sa.ForeignKey("entities.id"), primary_key=True, autoincrement=False),
    sa.Column("role", sa.String(32), primary_key=True),
    _flag("is_deal"),
    sa.Column("announced_at", Moment, nullable=False),
    sa.Column("usd", Cents),
    sa.Index("ix_record_parties_entity", "entity_id", "is_deal", "announced_at", "record_id", "role", "usd"),
)

# ---------------------------------------------------------------- deliver

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
    sa.Column("started_at", Moment),
    sa.Column("sent_at", Moment),
    sa.Column("code", sa.Integer),
    sa.Column("error", Words(2048)),
    sa.Column("receipt", Words(2048)),
    sa.Index("uq_deliveries_part", "digest_id", "channel", "recipient", "number", unique=True),
    sa.Index("ix_deliveries_waiting", "state", "next_try_at", **_where("state IN ('ready', 'sending', 'uncertain')")),
    sqlite_autoincrement=True,
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("recipient", sa.String(320), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("why", Words(2048), nullable=False),
)

# ---------------------------------------------------------------- full text

#: PostgreSQL's index of words, in a table of its own: an entry's other columns change without rewriting it.
entry_search = sa.Table(
    "entry_search",
    postgres_metadata,
    sa.Column("entry_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("document", Lexemes, nullable=False),
    sa.Index("ix_entry_search_document", "document", info={"using": "gin"}),
)

#: SQLite's: FTS5 over the entries themselves (nothing is stored twice), kept by triggers: no path can forget it.
SQLITE_SEARCH: Final = (
    """CREATE VIEW entry_texts AS
    SELECT id, coalesce(pieces_title, title) AS title, coalesce(pieces_summary, summary) AS summary, marks
    FROM entries""",
    """CREATE VIRTUAL TABLE entries_fts USING fts5(
    title, summary, marks, content='entry_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER entries_fts_insert AFTER INSERT ON entries BEGIN
    INSERT INTO entries_fts(rowid, title, summary, marks) VALUES (new.id,
        coalesce(new.pieces_title, new.title), coalesce(new.pieces_summary, new.summary), new.marks);
    END""",
    """CREATE TRIGGER entries_fts_delete AFTER DELETE ON entries BEGIN
    INSERT INTO entries_fts(entries_fts, rowid, title, summary, marks) VALUES ('delete', old.id,
        coalesce(old.pieces_title, old.title), coalesce(old.pieces_summary, old.summary), old.marks);
    END""",
    """CREATE TRIGGER entries_fts_update
    AFTER UPDATE OF title, summary, pieces_title, pieces_summary, marks ON entries BEGIN
    INSERT INTO entries_fts(entries_fts, rowid, title, summary, marks) VALUES ('delete', old.id,
        coalesce(old.pieces_title, old.title), coalesce(old.pieces_summary, old.summary), old.marks);
    INSERT INTO entries_fts(rowid, title, summary, marks) VALUES (new.id,
        coalesce(new.pieces_title, new.title), coalesce(new.pieces_summary, new.summary), new.marks);
    END""",
)
