"""Alembic's entry: runs migrations on the connection that the store has opened."""

from alembic import context

from services.orchestrator.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
