"""Which revision of the schema a database has, and which ones this version knows."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.orchestrator.places import KeepingError, Places
from services.orchestrator.store import MIGRATIONS, Store


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migration_scripts() -> ScriptDirectory:
    """Every revision that this version knows."""
    return ScriptDirectory.from_config(_config())


def upgrade(connection: Connection, revision: str) -> None:
    """Bring a database to a revision, or to "head"."""
    command.upgrade(_config(connection), revision)


def newest_revision() -> str:
    """The revision that this version works with."""
    head = migration_scripts().get_current_head()
    assert head is not None
    return head


def is_known(revision: str) -> bool:
    """Whether this version can bring a revision up to date."""
    return any(script.revision == revision for script in migration_scripts().walk_revisions())


def current_revision(connection: Connection) -> str:
    """The revision of a database; "" when it has no tables."""
    return MigrationContext.configure(connection).get_current_revision() or ""


async def open_store(where: Places) -> Store:
    """The rows, as they are: they may be in use by another version. Raises KeepingError."""
    where.require_rows()
    revision = await _revision_at(where.settings.database_url)
    if revision != newest_revision():
        raise KeepingError(
            f"The rows have schema revision {revision or 'none'} and this version works with {newest_revision()}. "
            "Run the version that made them, or start this one once: that brings them up to date."
        )
    return await Store.open(where.settings.database_url)


async def _revision_at(url: str) -> str:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(current_revision)
    except (OSError, SQLAlchemyError) as exc:
        raise KeepingError(f"The database cannot be read: {exc}") from exc
    finally:
        await engine.dispose()
