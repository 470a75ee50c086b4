"""Health, readiness, figures, the voice pack, the OpenAPI document and its page."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from tests.contract.gateway.sse_client import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUMMARIES = {
    ("post", "/tasks"): "创建一键训练任务",
    ("get", "/tasks"): "获取任务列表",
    ("get", "/tasks/{task_id}"): "获取任务详情",
    ("delete", "/tasks/{task_id}"): "取消任务",
    ("get", "/tasks/{task_id}/progress"): "SSE 进度订阅",
    ("get", "/tasks/{task_id}/outputs"): "获取推理输出列表",
    ("get", "/tasks/{task_id}/outputs/{file_type}/{filename}"): "下载任务相关文件",
}
DESCRIPTIONS = {
    ("post", "/tasks", "200"): "任务创建成功",
    ("post", "/tasks", "400"): "请求参数错误",
    ("post", "/tasks", "404"): "音频文件不存在",
    ("post", "/tasks", "409"): "实验名称已存在",
    ("get", "/tasks/{task_id}", "200"): "任务详情",
    ("get", "/tasks/{task_id}", "404"): "任务不存在",
    ("delete", "/tasks/{task_id}", "200"): "任务已取消",
    ("delete", "/tasks/{task_id}", "400"): "任务无法取消(可能已完成或已取消)",
    ("get", "/tasks/{task_id}/outputs/{file_type}/{filename}", "404"): "任务或文件不存在",
}


async def document(http: httpx.AsyncClient, query: str = "") -> Any:
    return (await http.get(f"/openapi.json{query}", headers={"Accept-Language": ""})).json()


def operations(api: Any) -> dict[tuple[str, str], Any]:
    return {(method, path): value for path, item in api["paths"].items() for method, value in item.items()}


async def test_alive_even_when_nothing_else_is(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    await fake.stop()
    assert (await http.get("/healthz")).json() == {"status": "ok"}


async def test_ready_when_every_part_serves(http: httpx.AsyncClient) -> None:
    response = await http.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    assert set(response.json()["parts"]) >= {"broker", "orchestrator", "storage"}
    assert set(response.json()["parts"].values()) == {"ok"}


@pytest.mark.parametrize("part", ["broker", "storage"])
async def test_not_ready_says_what_is_missing(http: httpx.AsyncClient, fake: FakeOrchestrator, part: str) -> None:
    await fake.set_part(part, serving=False)
    response = await http.get("/readyz")
    assert response.status_code == 503
    assert [name for name, state in response.json()["parts"].items() if state == "missing"] == [part]


async def test_not_ready_without_an_orchestrator(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    await fake.stop()
    response = await http.get("/readyz")
    assert response.status_code == 503
    assert {"broker", "orchestrator", "storage"} <= {
        name for name, state in response.json()["parts"].items() if state == "missing"
    }


@pytest_asyncio.fixture(loop_scope="module")
async def worker() -> AsyncIterator[FakeOrchestrator]:
    """A service of its own, which has not come up yet."""
    worker = FakeOrchestrator()
    await worker.start()
    await worker.set_part("", serving=False)
    yield worker
    await worker.stop()


async def test_worker_must_have_come_up_once_but_may_restart_later(
    start: Any, fake: FakeOrchestrator, worker: FakeOrchestrator
) -> None:
    gateway = await start(training_address=f"127.0.0.1:{worker.port}")
    before = await gateway.http.get("/readyz")
    assert (before.status_code, before.json()["parts"]["training"]) == (503, "missing")
    await worker.set_part("", serving=True)
    assert (await gateway.http.get("/readyz")).status_code == 200
    await worker.stop()
    after = await gateway.http.get("/readyz")
    assert (after.status_code, after.json()["parts"]["training"]) == (200, "missing")


async def test_metrics_count_requests_by_route(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    await http.get(f"/tasks/{task_id}")
    await http.get(f"/api/v1/tasks/{task_id}")
    await http.get("/no/such/path")
    async with subscribe(http, task_id) as events:
        await events.next()
        response = await http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    counted = re.search(
        r'voiceloom_http_requests_total\{method="GET",route="/tasks/\{task_id\}",status="200"\} (\d+)', response.text
    )
    assert counted is not None
    assert int(counted[1]) >= 2
    assert 'route="unmatched",status="404"' in response.text
    assert "voiceloom_sse_subscribers 1.0" in response.text
    assert "process_resident_memory_bytes" in response.text
    assert task_id not in response.text.replace("{task_id}", "")


async def test_pack_in_use_and_its_languages(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start()
    pack = (await gateway.http.get("/packs")).json()
    assert (pack["name"], pack["languages"], pack["sample_rate"]) == ("nano", ["en"], 24000)
    await fake.stop()
    assert (await gateway.http.get("/packs")).json() == pack


async def test_pack_that_nobody_knows_is_503(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(inference_address="127.0.0.1:1", rpc_timeout_s=0.3)
    assert (await gateway.http.get("/packs")).status_code == 503


async def test_openapi_speaks_the_contract_in_chinese(http: httpx.AsyncClient) -> None:
    found = operations(await document(http))
    for (method, path), summary in SUMMARIES.items():
        assert found[method, f"/api/v1{path}"]["summary"] == summary
    for (method, path, status), description in DESCRIPTIONS.items():
        assert found[method, f"/api/v1{path}"]["responses"][status]["description"] == description
    create = found["post", "/api/v1/tasks"]["description"]
    for words in (
        "自动配置所有参数",
        "完整的训练流程",
        "options.inference",
        "禁用",
        "约10分钟",
        "约20分钟",
        "约40分钟",
    ):
        assert words in create


async def test_openapi_speaks_english_when_asked(http: httpx.AsyncClient) -> None:
    by_query = await document(http, "?lang=en")
    by_header = (await http.get("/api/v1/openapi.json", headers={"Accept-Language": "en"})).json()
    assert by_query == by_header
    assert operations(by_query)["post", "/api/v1/tasks"]["summary"] == "Create a one-click training task"
    assert not re.search(r"[\u4e00-\u9fff]", json.dumps(by_query, ensure_ascii=False))


async def test_openapi_documents_only_prefixed_paths_and_no_422(http: httpx.AsyncClient) -> None:
    api = await document(http)
    assert all(path.startswith("/api/v1/") for path in api["paths"])
    assert "422" not in json.dumps({key: list(item["responses"]) for key, item in _keyed(api)})
    assert not {"HTTPValidationError", "ValidationError"} & set(api["components"]["schemas"])


def _keyed(api: Any) -> list[tuple[str, Any]]:
    return [(f"{method} {path}", value) for (method, path), value in operations(api).items()]


async def test_openapi_references_resolve(http: httpx.AsyncClient) -> None:
    api = await document(http)
    references = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(api))
    assert references
    assert set(references) <= set(api["components"]["schemas"])


async def test_docs_load_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    for path in ("/docs", "/api/v1/docs"):
        page = await http.get(path)
        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)
        for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            response = await http.get(asset)
            assert response.status_code == 200, asset
            assert len(response.content) > 100


@pytest.mark.parametrize(("language", "words"), [("zh", "避免重复"), ("en", "sent again")])
async def test_document_tells_of_the_idempotency_key(http: httpx.AsyncClient, language: str, words: str) -> None:
    api = operations(await document(http, f"?lang={language}"))
    takers = {
        operation
        for operation, value in api.items()
        for parameter in value.get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter["in"] == "header" and words in parameter["description"]
    }
    assert {(method, path.removeprefix("/api/v1")) for method, path in takers} == {
        ("post", "/tasks"),
        ("post", "/files"),
    }
    for taker in takers:
        assert "Idempotency-Key" in api[taker]["description"]
        assert "409" in api[taker]["responses"]
