"""Says how the gateway is, what it counts, which voice pack is in use, and documents itself."""

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway import messages
from gateway.messages import Language
from gateway.schemas import HealthResponse, MessagesResponse, PackResponse, ReadyResponse
from gateway.state import GatewayDep, LanguageDep, errors
from gateway.studio import Prepared, compressible
from gateway.views import pack_view

STATIC = Path(__file__).parent.parent / "static"
# Swagger UI sets styles on elements; everything that it runs or asks comes from here.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(tags=["service"])


@router.get("/healthz", response_model=HealthResponse)
async def check_health() -> HealthResponse:
    return HealthResponse()


@router.get("/readyz", response_model=ReadyResponse, responses={503: {"model": ReadyResponse}})
async def check_readiness(gateway: GatewayDep) -> Response:
    parts = await gateway.readiness.parts()
    ready = gateway.readiness.ready(parts)
    body = ReadyResponse(
        status="ready" if ready else "not_ready",
        parts={name: "ok" if serves else "missing" for name, serves in parts.items()},
    )
    headers = {} if ready else {"Retry-After": "1"}
    return JSONResponse(body.model_dump(), status_code=200 if ready else 503, headers=headers)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def show_metrics(gateway: GatewayDep) -> Response:
    return Response(gateway.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/packs", response_model=PackResponse, responses=errors(503))
async def show_pack(gateway: GatewayDep) -> PackResponse:
    return pack_view(await gateway.pack.get())


@cache
def _messages(language: Language) -> Prepared:
    body = MessagesResponse(
        language=language,
        messages={
            **messages.catalogue(language),
            **{f"studio.{key}": text for key, text in messages.catalogue(language, "studio").items()},
        },
        translated_args=dict(messages.TRANSLATED_ARGS),
    )
    return Prepared.of(body.model_dump_json().encode(), "application/json")


@router.get("/messages", response_model=MessagesResponse, responses={304: {}})
async def list_messages(request: Request, language: LanguageDep) -> Response:
    return compressible(request, _messages(language), "no-cache")


@router.get("/openapi.json", include_in_schema=False)
async def show_openapi(request: Request, language: LanguageDep) -> Response:
    documents: dict[Language, bytes] = request.app.state.openapi
    return Response(documents[language], media_type="application/json")


@router.get("/docs", include_in_schema=False)
async def show_docs() -> Response:
    page = (STATIC / "docs.html").read_text(encoding="utf-8")
    return HTMLResponse(page, headers={"Content-Security-Policy": DOCS_POLICY})
