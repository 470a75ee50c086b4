"""Several replicas take turns, owners share what was computed, and a repeated request is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "owners",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("served_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    locks = op.create_table(
        "locks",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.bulk_insert(locks, [{"name": "schedule"}, {"name": "admission"}])
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "scope", "key"),
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"], unique=False)
    op.add_column("stages", sa.Column("cache_key", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("stages", sa.Column("origin", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("stages", sa.Column("away_since", sa.Float(), nullable=True))
    # What earlier stages made lies in their own folder.
    op.execute("UPDATE stages SET origin = 'tasks/' || task_id || '/' || name WHERE manifest IS NOT NULL")
    # What is released or running is all that a look at the slots has to read.
    released = sa.text("released_at IS NOT NULL")
    op.create_index("ix_stages_released", "stages", ["released_at"], sqlite_where=released, postgresql_where=released)
    op.create_index("ix_stages_cache_key", "stages", ["owner", "cache_key"], unique=False)
    op.create_index("ix_stages_origin", "stages", ["origin"], unique=False)


def downgrade() -> None:
    """Go back to the tables of 0001."""
    op.drop_index("ix_stages_released", "stages")
    op.drop_index("ix_stages_origin", "stages")
    op.drop_index("ix_stages_cache_key", "stages")
    op.drop_column("stages", "away_since")
    op.drop_column("stages", "origin")
    op.drop_column("stages", "cache_key")
    for table in ("idempotency_keys", "locks", "owners"):
        op.drop_table(table)
