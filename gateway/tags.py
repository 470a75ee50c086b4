"""Entity tags: what a client has already is not sent again (RFC 9110, 8.8.3 and 13.1.2)."""

from starlette.requests import Request
from starlette.responses import Response


def matches(request: Request, etag: str) -> bool:
    """Whether the client has what carries this tag."""
    tags = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in tags or "*" in tags


def tagged(request: Request, etag: str, body: bytes) -> Response:
    """A JSON answer that is asked for again and again: 304 when the client has it."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
