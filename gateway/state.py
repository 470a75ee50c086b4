"""What every route shares, and how a route asks for it."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from gateway.clients import Clients
from gateway.errors import invalid
from gateway.language import language_of
from gateway.messages import Language
from gateway.metrics import Metrics
from gateway.packs import PackFacts
from gateway.readiness import Readiness
from gateway.schemas import ErrorResponse
from gateway.settings import GatewaySettings
from gateway.speech import Speech
from gateway.sse import Hub

_IDEMPOTENCY_KEY = "Idempotency-Key"
# Printable ASCII; blanks at the ends are no part of a header's value.
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
_KEY_SCHEMA = {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"}


@dataclass(frozen=True)
class Gateway:
    """The parts of one running gateway."""

    settings: GatewaySettings
    clients: Clients
    hub: Hub
    metrics: Metrics
    readiness: Readiness
    pack: PackFacts
    speech: Speech


async def _gateway_of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


async def _language_of(request: Request) -> Language:
    return language_of(request.scope)


async def _idempotency_key_of(
    request: Request,
    documented: Annotated[str | None, Header(alias=_IDEMPOTENCY_KEY, json_schema_extra=_KEY_SCHEMA)] = None,
) -> str:
    """The key of a request that must be done once, empty when it named none. Raises ApiError (400)."""
    given = request.headers.getlist(_IDEMPOTENCY_KEY)
    if len(given) > 1 or not all(map(_KEY.fullmatch, given)):
        raise invalid(_IDEMPOTENCY_KEY, "idempotency_key")
    return given[0] if given else ""


GatewayDep = Annotated[Gateway, Depends(_gateway_of)]
LanguageDep = Annotated[Language, Depends(_language_of)]
IdempotencyKeyDep = Annotated[str, Depends(_idempotency_key_of)]


def errors(*statuses: int) -> dict[int | str, dict[str, object]]:
    """OpenAPI's ``responses`` for the errors that a route may answer."""
    return {status: {"model": ErrorResponse} for status in statuses}
