"""What a company owns is found by an index.

Revision: 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_entities_owner', 'entities', ['owner'], unique=False, sqlite_where=sa.text('owner IS NOT NULL'), postgresql_where=sa.text('owner IS NOT NULL'))
