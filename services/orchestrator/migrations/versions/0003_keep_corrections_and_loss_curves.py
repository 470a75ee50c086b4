"""People correct the texts of clips, and loss curves are seen while they grow."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("tasks", sa.Column("corrections", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "metrics",
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "stage", "step"),
    )


def downgrade() -> None:
    """Go back to the tables of 0002."""
    op.drop_table("metrics")
    op.drop_column("tasks", "corrections")
