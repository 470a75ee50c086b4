"""The studio page: one HTML page and its bundle, read once, compressed once, served with a strict policy."""

import gzip
import hashlib
import json
import mimetypes
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from gateway.errors import ApiError

STATIC = Path(__file__).parent / "static"
# Everything comes from here. Styles may come from a <style> element with the page's nonce, too: wavesurfer.js puts
# one into each shadow root that it makes. Recordings made in the page are played from blobs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Only the page itself may use the microphone, and it needs nothing else of the kind.
PERMISSIONS = "microphone=(self), camera=(), geolocation=(), payment=(), usb=()"
# The names of bundled files hold a digest of their content.
FOREVER = "public, max-age=31536000, immutable"
_COMPRESSED = (".js", ".css")


@dataclass(frozen=True)
class Prepared:
    """Bytes as they are sent, compressed once; ``zipped`` is empty where that saves nothing."""

    content: bytes
    zipped: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, media_type: str, *, compress: bool = True) -> Self:
        """Compress and tag."""
        zipped = gzip.compress(content, mtime=0) if compress else b""
        return cls(content, zipped, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


class Studio:
    """The page and its bundle in memory: less than a megabyte."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Raises FileNotFoundError without a bundle, which is committed with the sources."""
        built = json.loads((folder / "studio" / "build.json").read_text(encoding="utf-8"))
        page = (folder / "studio.html").read_text(encoding="utf-8")
        self._page = page.replace("{script}", built["script"]).replace("{style}", built["style"])
        bundle = sorted((folder / "studio").iterdir())
        self._assets = {path.name: _prepare(path) for path in bundle if path.name != "build.json"}

    def page(self) -> Response:
        """The HTML page, with a nonce of its own."""
        nonce = secrets.token_urlsafe(16)
        headers = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Permissions-Policy": PERMISSIONS}
        return HTMLResponse(self._page.replace("{nonce}", nonce), headers=headers)

    def asset(self, name: str, request: Request) -> Response:
        """One file of the bundle. Raises ApiError (NOT_FOUND)."""
        asset = self._assets.get(name)
        if asset is None:
            raise ApiError("NOT_FOUND")
        return compressible(request, asset, FOREVER)


def compressible(request: Request, prepared: Prepared, cache_control: str) -> Response:
    """What was prepared, compressed for those who take it so; 304 for those who have it."""
    headers = {"ETag": prepared.etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match", "") == prepared.etag:
        return Response(status_code=304, headers=headers)
    accepted = (word.split(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(","))
    if prepared.zipped and "gzip" in accepted:
        headers["Content-Encoding"] = "gzip"
        return Response(prepared.zipped, media_type=prepared.media_type, headers=headers)
    return Response(prepared.content, media_type=prepared.media_type, headers=headers)


@cache
def swagger() -> Prepared:
    """The script of the API's page, which is kept compressed; read when it is first asked for."""
    zipped = (STATIC / "swagger" / "swagger-ui-bundle.js.gz").read_bytes()
    content = gzip.decompress(zipped)
    return Prepared(content, zipped, "text/javascript", f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _prepare(path: Path) -> Prepared:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Prepared.of(path.read_bytes(), media_type, compress=path.suffix in _COMPRESSED)


def router(studio: Studio) -> APIRouter:
    """The page at the root, and its bundle."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def show_page() -> Response:
        return studio.page()

    @routes.get("/static/studio/{name}")
    async def show_asset(name: str, request: Request) -> Response:
        return studio.asset(name, request)

    @routes.get("/static/swagger/swagger-ui-bundle.js")
    async def show_api_script(request: Request) -> Response:
        return compressible(request, swagger(), "no-cache")

    return routes
