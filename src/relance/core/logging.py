"""Structured logs: one JSON object an event, with the request id; never a token, never the path of a link."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from relance.core.settings import Settings

_SECRET_KEYS = frozenset({"password", "token", "authorization", "secret", "api_key", "link", "url", "body"})


def _hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The last guard: a field with a secret's name is hidden, whoever logged it."""
    for key in event:
        if key.lower() in _SECRET_KEYS:
            event[key] = "[hidden]"
    return event


def configure_logging(settings: Settings) -> None:
    """Route structlog and the standard library's loggers to one stream, in one form."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if settings.log_format == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Our own middleware writes the access line, with the route template instead of the path.
    for name in ("uvicorn.access", "httpx", "arq", "mail.log"):
        logging.getLogger(name).setLevel(logging.WARNING)
