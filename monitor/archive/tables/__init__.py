"""The schema, once, for SQLite and PostgreSQL. Only this package knows it.

Ids are given in order of arrival and never used twice. Times are aware UTC. Keys are 16-byte hashes. Money that is
compared or summed is whole cents in USD; what a text said stands beside it as an exact decimal with its currency.
"""

from __future__ import annotations

from monitor.archive.tables.base import REVISIONS, for_postgres, metadata, postgres_metadata
from monitor.archive.tables.collecting import entries, entry_revisions, feeds, hosts, meta, past_keys
from monitor.archive.tables.delivering import deliveries, digest_stories, digests, suppressions
from monitor.archive.tables.fulltext import SQLITE_SEARCH, entry_search
from monitor.archive.tables.kinds import (
    MOST_CENTS,
    NAME_BYTES,
    SUMMARY_BYTES,
    TITLE_BYTES,
    URL_BYTES,
    Cents,
    Exact,
    Id,
    Json,
    Key,
    Lexemes,
    Moment,
    Name,
    Title,
    Url,
    Words,
    cap,
)
from monitor.archive.tables.ledger import entities, entity_aliases, evidence, facts, record_parties, records
from monitor.archive.tables.understanding import (
    classifications,
    decisions,
    developments,
    entry_topics,
    heads,
    labels,
    set_aside,
    stories,
    story_publishers,
)

__all__ = [
    "MOST_CENTS",
    "NAME_BYTES",
    "REVISIONS",
    "SQLITE_SEARCH",
    "SUMMARY_BYTES",
    "TITLE_BYTES",
    "URL_BYTES",
    "Cents",
    "Exact",
    "Id",
    "Json",
    "Key",
    "Lexemes",
    "Moment",
    "Name",
    "Title",
    "Url",
    "Words",
    "cap",
    "classifications",
    "decisions",
    "deliveries",
    "developments",
    "digest_stories",
    "digests",
    "entities",
    "entity_aliases",
    "entries",
    "entry_revisions",
    "entry_search",
    "entry_topics",
    "evidence",
    "facts",
    "feeds",
    "for_postgres",
    "heads",
    "hosts",
    "labels",
    "meta",
    "metadata",
    "past_keys",
    "postgres_metadata",
    "record_parties",
    "records",
    "set_aside",
    "stories",
    "story_publishers",
    "suppressions",
]
