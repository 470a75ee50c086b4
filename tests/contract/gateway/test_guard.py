"""Who may ask: allowed hosts and origins, by default those of this machine."""

from typing import Any

import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:1", "localhost.", "[::1]", "[::1]:8000"]
)
async def test_loopback_hosts_are_served(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::", "10.0.0.1"],
)
async def test_foreign_hosts_are_refused(http: httpx.AsyncClient, fake: FakeOrchestrator, host: str) -> None:
    for method, path in [("GET", "/tasks"), ("POST", "/api/v1/tasks"), ("GET", "/docs"), ("DELETE", "/files/f1")]:
        response = await http.request(method, path, headers={"Host": host})
        assert response.status_code == 403
        assert response.json()["code"] == "HOST_NOT_ALLOWED"
        assert response.headers["x-request-id"]
    assert not fake.calls


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:8000", "https://localhost", "http://[::1]:5173"]
)
async def test_loopback_origins_are_served(http: httpx.AsyncClient, origin: str) -> None:
    assert (await http.get("/tasks", headers={"Origin": origin})).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost.evil.example", "null", "", "file://", "http://localhost@evil.example"],
)
async def test_foreign_origins_are_refused(http: httpx.AsyncClient, fake: FakeOrchestrator, origin: str) -> None:
    task_id = fake.add_task()
    for method, path in [
        ("POST", "/tasks"),
        ("GET", "/tasks"),
        ("DELETE", f"/tasks/{task_id}"),
        ("GET", f"/tasks/{task_id}/progress"),
        ("OPTIONS", "/tasks"),
        ("POST", "/files"),
    ]:
        response = await http.request(method, path, headers={"Origin": origin})
        assert response.status_code == 403
        assert response.json()["code"] == "ORIGIN_NOT_ALLOWED"
    assert not fake.calls


async def test_what_a_foreign_page_embeds_is_refused_but_links_work(http: httpx.AsyncClient) -> None:
    embedded = await http.get("/tasks", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert embedded.status_code == 403
    link = await http.get("/docs", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert link.status_code == 200


async def test_settings_widen_hosts_and_origins(start: Any) -> None:
    gateway = await start(allowed_hosts=("voice.example",), allowed_origins=("https://studio.example",))
    own = {"Host": "voice.example", "Origin": "https://voice.example"}
    assert (await gateway.http.get("/tasks", headers=own)).status_code == 200
    friend = {"Host": "voice.example", "Origin": "https://studio.example"}
    response = await gateway.http.get("/tasks", headers=friend)
    assert response.headers["access-control-allow-origin"] == "https://studio.example"
    assert {"Origin", "Accept-Language"} <= set(response.headers["vary"].split(", "))
    preflight = {**friend, "Access-Control-Request-Method": "DELETE"}
    assert (await gateway.http.options("/tasks/t1", headers=preflight)).status_code == 200
    preflight = {**friend, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    allowed = await gateway.http.options("/tasks", headers=preflight)
    assert "idempotency-key" in allowed.headers["access-control-allow-headers"].lower()
    # Where the gateway is public, a page on the visitor's own machine is foreign.
    local = {"Host": "voice.example", "Origin": "http://localhost:3000"}
    assert (await gateway.http.get("/tasks", headers=local)).status_code == 403
    assert (await gateway.http.get("/tasks", headers={"Host": "localhost"})).status_code == 403
