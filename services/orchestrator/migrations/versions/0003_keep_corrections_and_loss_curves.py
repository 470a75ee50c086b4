"""People correct the texts of clips and look for tasks by name, and loss curves are seen while they grow."""

import sqlalchemy as sa
from alembic import op

from services.orchestrator.names import searchable

revision = "0003"
down_revision = "0002"

NOT_PURGED = sa.text("purged_at IS NULL")


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("tasks", sa.Column("corrections", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("tasks", sa.Column("search_name", sa.Text(), nullable=False, server_default=""))
    _fold_names()
    op.drop_index("ix_tasks_owner_created", "tasks")
    op.create_index(
        "ix_tasks_listed",
        "tasks",
        ["owner", "created_at", "id", "search_name", "purged_at"],
        sqlite_where=NOT_PURGED,
        postgresql_where=NOT_PURGED,
    )
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


def _fold_names() -> None:
    """The databases cannot do it alike."""
    tasks = sa.table("tasks", sa.column("id"), sa.column("exp_name"), sa.column("search_name"))
    connection = op.get_bind()
    names = connection.execute(sa.select(tasks.c.id, tasks.c.exp_name)).all()
    fold = tasks.update().where(tasks.c.id == sa.bindparam("of")).values(search_name=sa.bindparam("folded"))
    if names:
        connection.execute(fold, [{"of": row.id, "folded": searchable(row.exp_name)} for row in names])


def downgrade() -> None:
    """Go back to the tables of 0002."""
    op.drop_table("metrics")
    op.drop_index("ix_tasks_listed", "tasks")
    op.create_index("ix_tasks_owner_created", "tasks", ["owner", "created_at", "id"])
    op.drop_column("tasks", "search_name")
    op.drop_column("tasks", "corrections")
