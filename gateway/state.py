"""What every route shares, and how a route asks for it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.clients import Clients
from gateway.language import language_of
from gateway.messages import Language
from gateway.metrics import Metrics
from gateway.packs import PackFacts
from gateway.readiness import Readiness
from gateway.schemas import ErrorResponse
from gateway.settings import GatewaySettings
from gateway.sse import Hub


@dataclass(frozen=True)
class Gateway:
    """The parts of one running gateway."""

    settings: GatewaySettings
    clients: Clients
    hub: Hub
    metrics: Metrics
    readiness: Readiness
    pack: PackFacts


async def _gateway_of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


async def _language_of(request: Request) -> Language:
    return language_of(request.scope)


GatewayDep = Annotated[Gateway, Depends(_gateway_of)]
LanguageDep = Annotated[Language, Depends(_language_of)]


def errors(*statuses: int) -> dict[int | str, dict[str, object]]:
    """OpenAPI's ``responses`` for the errors that a route may answer."""
    return {status: {"model": ErrorResponse} for status in statuses}
