"""Chooses the language of an answer: ``?lang=``, else ``Accept-Language``, else Chinese."""

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.messages import DEFAULT_LANGUAGE, LANGUAGES, Language


def _known(tag: str) -> Language | None:
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return next((language for language in LANGUAGES if language == primary), None)


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def accepted(header: str) -> Language | None:
    """The language with the greatest weight in an Accept-Language header (RFC 9110, 12.5.4) that we speak."""
    best: tuple[float, Language] | None = None
    for item in header.split(","):
        tag, _, parameters = item.partition(";")
        language, weight = _known(tag), _weight(parameters)
        if language is not None and weight > 0 and (best is None or weight > best[0]):
            best = weight, language
    return best[1] if best else None


def language_of(scope: Scope) -> Language:
    """The language in which a request wants to be answered."""
    query = scope.get("query_string", b"")
    if b"lang=" in query:
        asked = parse_qs(query.decode("latin-1")).get("lang")
        if asked and (language := _known(asked[-1])):
            return language
    return accepted(Headers(scope=scope).get("accept-language", "")) or DEFAULT_LANGUAGE
