"""The page at the root: a strict policy, everything from here, compressed, cached for good where names hold digests."""

import json
import re
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")
BUILT = Path(__file__).parents[3] / "gateway" / "static" / "studio" / "build.json"


async def test_the_page_may_load_only_what_comes_from_here(http: httpx.AsyncClient) -> None:
    response = await http.get("/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(
        directive.strip().split(" ", 1) for directive in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(r"""(src|href)=["'](https?:)?//""", response.text), "something is loaded from elsewhere"


async def test_every_page_has_a_nonce_of_its_own(http: httpx.AsyncClient) -> None:
    nonces = set()
    for _ in range(2):
        response = await http.get("/")
        (nonce,) = re.findall(r'nonce="([^"]+)"', response.text)
        assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
        nonces.add(nonce)
    assert len(nonces) == 2


async def test_the_bundle_is_compressed_and_kept_for_good(http: httpx.AsyncClient) -> None:
    built = json.loads(BUILT.read_text())
    page = (await http.get("/")).text
    for name, media_type in ((built["script"], "text/javascript"), (built["style"], "text/css")):
        assert f"/static/studio/{name}" in page
        response = await http.get(f"/static/studio/{name}", headers={"Accept-Encoding": "gzip"})
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Content-Type"].startswith(media_type)
        assert "immutable" in response.headers["Cache-Control"]
        assert response.content == (BUILT.parent / name).read_bytes()
        again = await http.get(f"/static/studio/{name}", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304


async def test_the_bundle_comes_plain_to_those_who_ask_so(http: httpx.AsyncClient) -> None:
    name = json.loads(BUILT.read_text())["script"]
    response = await http.get(f"/static/studio/{name}", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in response.headers
    assert response.content == (BUILT.parent / name).read_bytes()


async def test_the_script_of_the_api_page_comes_compressed_or_plain(http: httpx.AsyncClient) -> None:
    address = "/static/swagger/swagger-ui-bundle.js"
    assert f'src="{address}"' in (await http.get("/docs")).text
    zipped = await http.get(address, headers={"Accept-Encoding": "gzip"})
    plain = await http.get(address, headers={"Accept-Encoding": "identity"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert zipped.content == plain.content
    assert b"SwaggerUIBundle" in plain.content
    assert plain.headers["Content-Type"].startswith("text/javascript")


async def test_what_is_not_of_the_bundle_is_not_found(http: httpx.AsyncClient) -> None:
    for name in ("build.json", "nothing.js", "..%2f..%2fapp.py"):
        assert (await http.get(f"/static/studio/{name}")).status_code == 404


async def test_messages_come_by_key_in_the_language_asked_for(http: httpx.AsyncClient) -> None:
    zh, en = [(await http.get(f"/api/v1/messages?lang={lang}")).json() for lang in ("zh", "en")]
    assert (zh["language"], en["language"]) == ("zh", "en")
    assert zh["messages"].keys() == en["messages"].keys()
    assert zh["messages"]["error.TASK_NOT_FOUND"] == "任务不存在"
    assert en["messages"]["studio.nav.tasks"] == "My tasks"
    assert zh["translated_args"]["stage"] == "stage_name"


async def test_messages_that_are_known_are_not_sent_again(http: httpx.AsyncClient) -> None:
    first = await http.get("/messages?lang=en")
    assert first.headers["Cache-Control"] == "no-cache"
    again = await http.get("/messages?lang=en", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await http.get("/messages?lang=zh", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
