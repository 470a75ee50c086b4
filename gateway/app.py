"""The web application: routes under /api/v1 and at the root, over the gRPC services."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import grpc.aio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from gateway import errors, openapi, studio
from gateway.clients import Clients
from gateway.metrics import Metrics
from gateway.middleware import API_PREFIX, BodyLimit, Guard, RequestContext
from gateway.packs import PackFacts
from gateway.readiness import Readiness
from gateway.routes import estimate, files, metrics, outputs, progress, service, speak, tasks, transcripts
from gateway.settings import GatewaySettings
from gateway.speech import Speech
from gateway.sse import Hub
from gateway.state import Gateway

ROUTERS = (
    tasks.router,
    progress.router,
    metrics.router,
    transcripts.router,
    outputs.router,
    speak.router,
    estimate.router,
    files.router,
    service.router,
)
_EXPOSED_HEADERS = ("X-Request-ID", "Content-Disposition", "Content-Range", "ETag", "Retry-After")


def _operation_id(route: APIRoute) -> str:
    return route.name


def _methods_of(path: str) -> str:
    """The methods that a path takes, over all routes; the framework names only those of the first one."""
    path = path.removeprefix(API_PREFIX)
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    methods = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return ", ".join(sorted(methods))


def _middleware(settings: GatewaySettings, metrics: Metrics) -> Sequence[Middleware]:
    """Outermost first."""
    layers = [
        Middleware(RequestContext, metrics=metrics),
        Middleware(Guard, allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins),
    ]
    if settings.allowed_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
                allow_headers=("*",),
                expose_headers=_EXPOSED_HEADERS,
            )
        )
    uploads = ("/files", f"{API_PREFIX}/files")
    layers.append(Middleware(BodyLimit, max_bytes=settings.max_body_bytes, unlimited_paths=uploads))
    return layers


def create_app(settings: GatewaySettings) -> FastAPI:
    """The application for one set of settings. Connections open when it starts and close when it ends."""
    counted = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Clients(settings) as clients:
            app.state.gateway = Gateway(
                settings=settings,
                clients=clients,
                hub=Hub(clients, settings),
                metrics=counted,
                readiness=Readiness(clients),
                pack=PackFacts(clients),
                speech=Speech(clients, settings),
            )
            yield

    app = FastAPI(
        title="Voiceloom",
        version=version("voiceloom"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=_middleware(settings, counted),
        generate_unique_id_function=_operation_id,
        separate_input_output_schemas=False,
        exception_handlers={
            errors.ApiError: errors.on_api_error,
            grpc.aio.AioRpcError: errors.on_rpc_error,
            RequestValidationError: errors.on_validation_error,
            HTTPException: errors.on_http_exception,
        },
    )
    for router in ROUTERS:
        app.include_router(router, prefix=API_PREFIX)
        app.include_router(router, include_in_schema=False)
    app.include_router(studio.router(studio.Studio()))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.state.settings = settings
    app.state.methods_of = _methods_of
    app.state.openapi = openapi.build(app)
    return app
