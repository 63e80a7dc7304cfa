"""Companies, deals and launches, with evidence."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.archive.tables.base import flag, metadata, story_key, where
from monitor.archive.tables.kinds import Cents, Exact, Id, Moment, Name, Title

entities = sa.Table(
    "entities",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("name", Name, nullable=False),
    # folded: case, accents and spaces do not make two of one
    sa.Column("key", sa.String(512), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("owner", Name),
    flag("by_hand"),
    sa.Column("merged_into", Id, sa.ForeignKey("entities.id")),
    sa.Index("uq_entities_key", "key", unique=True),
    sa.Index("ix_entities_merged_into", "merged_into", **where("merged_into IS NOT NULL")),
    sa.Index("ix_entities_owner", "owner", **where("owner IS NOT NULL")),
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
    flag("weak"),
    flag("by_hand"),
    sa.Index("ix_entity_aliases_key", "key"),
)

records = sa.Table(
    "records",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    story_key(),
    sa.Column("kind", sa.String(32), nullable=False),
    # the story's first, second ... of that kind
    sa.Column("number", sa.Integer, nullable=False, default=0),
    flag("is_deal"),
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
    sa.Index("ix_records_round", "round_key", "announced_at", **where("round_key IS NOT NULL")),
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
    flag("approximate"),
    sa.Column("usd", Cents),
    flag("by_hand"),
    sa.Index("ix_facts_record_id", "record_id"),
    sa.Index("ix_facts_entity_id", "entity_id", **where("entity_id IS NOT NULL")),
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
    flag("is_deal"),
    sa.Column("announced_at", Moment, nullable=False),
    sa.Column("usd", Cents),
    sa.Index("ix_record_parties_entity", "entity_id", "is_deal", "announced_at", "record_id", "role", "usd"),
)
