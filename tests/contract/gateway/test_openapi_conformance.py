"""Requests of every kind that the OpenAPI document allows or forbids: the answers are the documented ones, never a 5xx.

A real gateway and orchestrator, a real broker, workers without torch. VOICELOOM_TEST_REQUESTS says how many requests an
operation gets of each kind; by default they are the same ones every time.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.contract.gateway.conftest import running, settings_for
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from tests.contract.orchestrator.harness import Broker, System, stages
from voiceloom.pipeline.v1.pipeline_pb2 import TaskState

REQUESTS = 10
# What takes more than words: any string is an id.
CHOOSY = ("create_task", "list_tasks", "cancel_task", "upload_file", "list_files")
CHECKED = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


@dataclass(frozen=True)
class Service:
    """Where the gateway is, and what is there to be asked for."""

    url: str
    known: dict[str, list[str]]


class Background:
    """The whole system on an event loop of its own; requests come from outside, as in earnest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._stack = AsyncExitStack()

    def start(self) -> Service:
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(60)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> Service:
        (self._folder / "nats").mkdir()
        broker = Broker(self._folder / "nats")
        broker.start()
        self._stack.callback(broker.kill)
        system = System(self._folder, broker)
        system.overrides["max_queued_tasks"] = 10_000
        self._stack.push_async_callback(system.close)
        await system.start_preprocessing()
        await system.start_orchestrator()
        await system.start_workers(stages())
        others = FakeOrchestrator()  # whoever else the gateway asks: health, and which pack there is
        await others.reset()
        self._stack.push_async_callback(others.stop)
        settings = settings_for(others, orchestrator_address=system.address, rpc_timeout_s=10.0)
        gateway = await self._stack.enter_async_context(running(settings))
        file = await system.upload()
        done = await system.ended((await system.create("done", file_id=file.id)).id)
        assert done.state == TaskState.TASK_STATE_COMPLETED
        known = {
            "task_id": [done.id],
            "file_id": [file.id],
            "filename": ["output_0.wav", "done-e4.ckpt", "inference/1/reference.wav"],
        }
        return Service(f"http://127.0.0.1:{gateway.port}", known)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    background = Background(tmp_path)
    try:
        yield background.start()
    finally:
        background.stop()


def operations(url: str, mode: GenerationMode) -> list[Any]:
    """What can be asked; in the mode that sends nonsense, what can be asked in a wrong way. Removals come last."""
    api = httpx.get(f"{url}/openapi.json?lang=en", trust_env=False).json()
    found = [operation.ok() for operation in schemathesis.openapi.from_dict(api).get_all_operations()]
    assert len(found) == sum(len(item) for item in api["paths"].values())
    if mode is GenerationMode.NEGATIVE:
        found = [operation for operation in found if operation.definition.raw["operationId"] in CHOOSY]
        assert len(found) == len(CHOOSY)
    return sorted(found, key=lambda operation: operation.method.lower() == "delete")


def settled(requests: int, *, chosen: bool) -> Any:
    return settings(
        max_examples=requests,
        derandomize=not chosen,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_a_documented_one_and_none_is_a_server_error(service: Service, mode: GenerationMode) -> None:
    chosen = os.environ.get("VOICELOOM_TEST_REQUESTS")
    requests = int(chosen or REQUESTS)
    load_all_checks()
    checks = CHECKS.get_by_names(CHECKED)
    statuses: Counter[tuple[str, int]] = Counter()

    def examine(operation: Any) -> None:
        label = f"{operation.method.upper()} {operation.path}"

        @settled(requests, chosen=chosen is not None)
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans(), pick=st.integers(0, 9))
        def ask(case: Any, known: bool, pick: int) -> None:
            for name, values in service.known.items():
                if known and name in case.path_parameters:
                    case.path_parameters[name] = values[pick % len(values)]
            response = case.call(base_url=service.url, timeout=30)
            statuses[label, response.status_code] += 1
            case.validate_response(response, checks=checks)

        ask()

    found = operations(service.url, mode)
    for operation in found:
        examine(operation)
    assert {label for label, _ in statuses} == {f"{operation.method.upper()} {operation.path}" for operation in found}
    assert not [asked for asked in statuses if asked[1] >= 500]
    if mode is GenerationMode.POSITIVE:
        assert statuses.keys() >= {("GET /api/v1/tasks/{task_id}", 200), ("GET /api/v1/files/{file_id}", 200)}
