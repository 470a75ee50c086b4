"""Structured logs: one line per finished piece of work, JSON unless somebody looks on.

An event is a fact in past-tense snake_case; who and what are fields. ``task_id``, ``stage`` and ``attempt`` are bound
once per piece of work through contextvars and appear on every line below it.
"""

from __future__ import annotations

import logging
import sys

import structlog

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def configure_logging(service: str, *, level: str = "info", as_json: bool | None = None) -> None:
    """Send structlog and the standard library's logging to stderr in one format; unset: JSON unless on a terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    first: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _named(service: str) -> structlog.typing.Processor:
    def add(
        logger: structlog.typing.WrappedLogger, method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event.setdefault("service", service)
        return event

    return add
