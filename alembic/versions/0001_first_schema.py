"""The first schema.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('digests',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('key', sa.String(length=256), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('story_count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digests')),
    sqlite_autoincrement=True
    )
    op.create_index('uq_digests_due', 'digests', ['name', 'due_at'], unique=True)
    op.create_table('entities',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('key', sa.String(length=512), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('owner', sa.Text(), nullable=True),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.Column('merged_into', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['merged_into'], ['entities.id'], name=op.f('fk_entities_merged_into')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entities')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_entities_merged_into', 'entities', ['merged_into'], unique=False, sqlite_where=sa.text('merged_into IS NOT NULL'), postgresql_where=sa.text('merged_into IS NOT NULL'))
    op.create_index('uq_entities_key', 'entities', ['key'], unique=True)
    op.create_table('feeds',
    sa.Column('id', sa.String(length=128), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('category', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('authority', sa.Integer(), nullable=False),
    sa.Column('spec_url', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('configured', sa.Boolean(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('etag', sa.Text(), nullable=True),
    sa.Column('last_modified', sa.Text(), nullable=True),
    sa.Column('body_hash', sa.String(length=128), nullable=True),
    sa.Column('next_poll_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_poll_why', sa.Text(), nullable=False),
    sa.Column('interval', sa.Float(), nullable=False),
    sa.Column('polled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ok_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('full_get_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('new_entry_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.Float(), nullable=False),
    sa.Column('error_kind', sa.String(length=64), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('redirect_url', sa.Text(), nullable=True),
    sa.Column('redirect_count', sa.Integer(), nullable=False),
    sa.Column('baseline_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('polls', sa.BigInteger(), nullable=False),
    sa.Column('not_modified', sa.BigInteger(), nullable=False),
    sa.Column('failed', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('gaps', sa.BigInteger(), nullable=False),
    sa.Column('entries', sa.BigInteger(), nullable=False),
    sa.Column('gap_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rhythm', sa.Float(), nullable=True),
    sa.Column('silent_since', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feeds'))
    )
    op.create_index('ix_feeds_next_poll_at', 'feeds', ['next_poll_at'], unique=False)
    op.create_table('hosts',
    sa.Column('host', sa.String(length=256), nullable=False),
    sa.Column('pause_until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('host', name=op.f('pk_hosts'))
    )
    op.create_table('meta',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_meta'))
    )
    op.create_table('past_keys',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('feed_id', sa.String(length=128), nullable=False),
    sa.Column('guid_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('link_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('content_hash', sa.LargeBinary(length=16), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_past_keys'))
    )
    op.create_index('ix_past_keys_content', 'past_keys', ['content_hash', 'feed_id'], unique=False)
    op.create_index('ix_past_keys_entry', 'past_keys', ['entry_id'], unique=False)
    op.create_index('ix_past_keys_guid', 'past_keys', ['guid_hash', 'feed_id'], unique=False, sqlite_where=sa.text('guid_hash IS NOT NULL'), postgresql_where=sa.text('guid_hash IS NOT NULL'))
    op.create_index('ix_past_keys_link', 'past_keys', ['link_hash', 'feed_id'], unique=False, sqlite_where=sa.text('link_hash IS NOT NULL'), postgresql_where=sa.text('link_hash IS NOT NULL'))
    op.create_table('stories',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('lead', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('news_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tags', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('possible', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('topics', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('scores', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=True),
    sa.Column('entry_count', sa.Integer(), nullable=False),
    sa.Column('publishers', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('independent', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('authority', sa.Integer(), nullable=False),
    sa.Column('pinned', sa.Boolean(), nullable=False),
    sa.Column('muted', sa.Boolean(), nullable=False),
    sa.Column('companies', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('feed_ids', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('categories', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('usd', sa.BigInteger(), nullable=True),
    sa.Column('merged_into', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['merged_into'], ['stories.id'], name=op.f('fk_stories_merged_into'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stories')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_stories_last_seen_at', 'stories', ['last_seen_at'], unique=False)
    op.create_index('ix_stories_merged_into', 'stories', ['merged_into'], unique=False, sqlite_where=sa.text('merged_into IS NOT NULL'), postgresql_where=sa.text('merged_into IS NOT NULL'))
    op.create_index('ix_stories_news_at', 'stories', ['news_at'], unique=False, sqlite_where=sa.text('news_at IS NOT NULL'), postgresql_where=sa.text('news_at IS NOT NULL'))
    op.create_table('suppressions',
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('recipient', name=op.f('pk_suppressions'))
    )
    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('digest_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('channel', sa.String(length=128), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('of', sa.Integer(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=False),
    sa.Column('markdown', sa.Text(), nullable=False),
    sa.Column('payload', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('story_ids', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('message_id', sa.String(length=320), nullable=False),
    sa.Column('in_reply_to', sa.String(length=320), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code', sa.Integer(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('receipt', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['digest_id'], ['digests.id'], name=op.f('fk_deliveries_digest_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_deliveries_waiting', 'deliveries', ['state', 'next_try_at'], unique=False, sqlite_where=sa.text("state IN ('ready', 'sending', 'uncertain')"), postgresql_where=sa.text("state IN ('ready', 'sending', 'uncertain')"))
    op.create_index('uq_deliveries_part', 'deliveries', ['digest_id', 'channel', 'recipient', 'number'], unique=True)
    op.create_table('digest_stories',
    sa.Column('digest_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('channel', sa.String(length=128), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('development_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.ForeignKeyConstraint(['digest_id'], ['digests.id'], name=op.f('fk_digest_stories_digest_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest_id', 'channel', 'recipient', 'story_id', name=op.f('pk_digest_stories'))
    )
    op.create_index('ix_digest_stories_sent', 'digest_stories', ['story_id', 'name', 'channel', 'recipient'], unique=False)
    op.create_table('entity_aliases',
    sa.Column('entity_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('key', sa.String(length=512), nullable=False),
    sa.Column('alias', sa.Text(), nullable=False),
    sa.Column('weak', sa.Boolean(), nullable=False),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['entity_id'], ['entities.id'], name=op.f('fk_entity_aliases_entity_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('entity_id', 'key', name=op.f('pk_entity_aliases'))
    )
    op.create_index('ix_entity_aliases_key', 'entity_aliases', ['key'], unique=False)
    op.create_table('entries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('feed_id', sa.String(length=128), nullable=False),
    sa.Column('guid', sa.Text(), nullable=True),
    sa.Column('guid_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('link_hash', sa.LargeBinary(length=16), nullable=True),
    sa.Column('content_hash', sa.LargeBinary(length=16), nullable=False),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('pieces_title', sa.Text(), nullable=True),
    sa.Column('pieces_summary', sa.Text(), nullable=True),
    sa.Column('marks', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('publisher', sa.String(length=256), nullable=False),
    sa.Column('publisher_name', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('announce', sa.Boolean(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('pending', sa.Boolean(), nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('placed_by_hand', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['feed_id'], ['feeds.id'], name=op.f('fk_entries_feed_id')),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_entries_story_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entries')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_entries_content', 'entries', ['content_hash', 'feed_id'], unique=False)
    op.create_index('ix_entries_first_seen_at', 'entries', ['first_seen_at'], unique=False)
    op.create_index('ix_entries_link', 'entries', ['link_hash', 'feed_id'], unique=False, sqlite_where=sa.text('link_hash IS NOT NULL'), postgresql_where=sa.text('link_hash IS NOT NULL'))
    op.create_index('ix_entries_pending', 'entries', ['id'], unique=False, sqlite_where=sa.text('pending'), postgresql_where=sa.text('pending'))
    op.create_index('ix_entries_story', 'entries', ['story_id'], unique=False, sqlite_where=sa.text('story_id IS NOT NULL'), postgresql_where=sa.text('story_id IS NOT NULL'))
    op.create_index('uq_entries_content_alone', 'entries', ['content_hash', 'feed_id'], unique=True, sqlite_where=sa.text('guid_hash IS NULL AND link_hash IS NULL'), postgresql_where=sa.text('guid_hash IS NULL AND link_hash IS NULL'))
    op.create_index('uq_entries_guid', 'entries', ['guid_hash', 'feed_id'], unique=True, sqlite_where=sa.text('guid_hash IS NOT NULL'), postgresql_where=sa.text('guid_hash IS NOT NULL'))
    op.create_index('uq_entries_link_alone', 'entries', ['link_hash', 'feed_id'], unique=True, sqlite_where=sa.text('guid_hash IS NULL AND link_hash IS NOT NULL'), postgresql_where=sa.text('guid_hash IS NULL AND link_hash IS NOT NULL'))
    op.create_table('records',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('is_deal', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('usd', sa.BigInteger(), nullable=True),
    sa.Column('amount', sa.String(length=64), nullable=True),
    sa.Column('currency', sa.String(length=8), nullable=True),
    sa.Column('amount_text', sa.Text(), nullable=True),
    sa.Column('valuation_usd', sa.BigInteger(), nullable=True),
    sa.Column('round', sa.String(length=128), nullable=True),
    sa.Column('round_key', sa.String(length=128), nullable=True),
    sa.Column('name', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_records_story_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_records')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_records_kind', 'records', ['kind', 'announced_at'], unique=False)
    op.create_index('ix_records_round', 'records', ['round_key', 'announced_at'], unique=False, sqlite_where=sa.text('round_key IS NOT NULL'), postgresql_where=sa.text('round_key IS NOT NULL'))
    op.create_index('ix_records_time', 'records', ['is_deal', 'announced_at', 'usd'], unique=False)
    op.create_index('ix_records_usd', 'records', ['is_deal', 'usd'], unique=False)
    op.create_index('uq_records_story', 'records', ['story_id', 'kind', 'number'], unique=True)
    op.create_table('story_publishers',
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('publisher', sa.String(length=256), nullable=False),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_story_publishers_story_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('story_id', 'publisher', name=op.f('pk_story_publishers'))
    )
    op.create_index('ix_story_publishers_publisher', 'story_publishers', ['publisher', 'story_id'], unique=False)
    op.create_table('classifications',
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('model_id', sa.String(length=128), nullable=False),
    sa.Column('scores', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('tags', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('possible', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=True),
    sa.Column('status_score', sa.Float(), nullable=False),
    sa.Column('spans', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('near_miss', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['entries.id'], name=op.f('fk_classifications_entry_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_classifications'))
    )
    op.create_index('ix_classifications_near_miss', 'classifications', ['entry_id'], unique=False, sqlite_where=sa.text('near_miss'), postgresql_where=sa.text('near_miss'))
    op.create_table('decisions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('numbers', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['entries.id'], name=op.f('fk_decisions_entry_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_decisions_story_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions'))
    )
    op.create_index('ix_decisions_entry_id', 'decisions', ['entry_id'], unique=False)
    op.create_index('ix_decisions_story_id', 'decisions', ['story_id'], unique=False)
    op.create_table('developments',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('line', sa.Text(), nullable=False),
    sa.Column('follow_up', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['entries.id'], name=op.f('fk_developments_entry_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_developments_story_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_developments')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_developments_entry_id', 'developments', ['entry_id'], unique=False)
    op.create_index('uq_developments_step', 'developments', ['story_id', 'entry_id', 'kind'], unique=True)
    op.create_table('entry_revisions',
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('revision', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['entries.id'], name=op.f('fk_entry_revisions_entry_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('entry_id', 'revision', name=op.f('pk_entry_revisions'))
    )
    op.create_table('entry_topics',
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('topic', sa.String(length=128), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['entries.id'], name=op.f('fk_entry_topics_entry_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('entry_id', 'topic', name=op.f('pk_entry_topics'))
    )
    op.create_table('facts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('record_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('field', sa.String(length=32), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('entity_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('amount', sa.String(length=64), nullable=True),
    sa.Column('currency', sa.String(length=8), nullable=True),
    sa.Column('amount_text', sa.Text(), nullable=True),
    sa.Column('low', sa.String(length=64), nullable=True),
    sa.Column('high', sa.String(length=64), nullable=True),
    sa.Column('approximate', sa.Boolean(), nullable=False),
    sa.Column('usd', sa.BigInteger(), nullable=True),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['entity_id'], ['entities.id'], name=op.f('fk_facts_entity_id')),
    sa.ForeignKeyConstraint(['record_id'], ['records.id'], name=op.f('fk_facts_record_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_facts'))
    )
    op.create_index('ix_facts_entity_id', 'facts', ['entity_id'], unique=False, sqlite_where=sa.text('entity_id IS NOT NULL'), postgresql_where=sa.text('entity_id IS NOT NULL'))
    op.create_index('ix_facts_record_id', 'facts', ['record_id'], unique=False)
    op.create_table('record_parties',
    sa.Column('record_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('entity_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('is_deal', sa.Boolean(), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('usd', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['entity_id'], ['entities.id'], name=op.f('fk_record_parties_entity_id')),
    sa.ForeignKeyConstraint(['record_id'], ['records.id'], name=op.f('fk_record_parties_record_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('record_id', 'entity_id', 'role', name=op.f('pk_record_parties'))
    )
    op.create_index('ix_record_parties_entity', 'record_parties', ['entity_id', 'is_deal', 'announced_at', 'record_id', 'role', 'usd'], unique=False)
    op.create_table('evidence',
    sa.Column('fact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('publisher', sa.String(length=256), nullable=False),
    sa.Column('field', sa.String(length=16), nullable=False),
    sa.Column('start', sa.Integer(), nullable=False),
    sa.Column('stop', sa.Integer(), nullable=False),
    sa.Column('quote', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['fact_id'], ['facts.id'], name=op.f('fk_evidence_fact_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('fact_id', 'position', name=op.f('pk_evidence'))
    )
    op.create_index('ix_evidence_entry_id', 'evidence', ['entry_id'], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.create_table(
            "entry_search",
            sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("document", postgresql.TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_entry_search")),
        )
        op.create_index("ix_entry_search_document", "entry_search", ["document"], postgresql_using="gin")
        return
    for statement in SQLITE_SEARCH:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore the backup that was made before the upgrade")


SQLITE_SEARCH = (
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
