"""Tells a client's webhook that its task has ended: at least once, not for ever, and never inside our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from services.orchestrator.models import Task
from services.orchestrator.store import Store
from services.runtime.errors import InvalidInputError
from services.runtime.log import log

POLL_S = 2.0
RETRY_S = 5.0


class RefusedAddressError(Exception):
    """A webhook that resolves to an address which clients must not make us call."""


def checked_url(url: str, *, allow_private: bool) -> SplitResult:
    """The parts of a webhook's address. Raises InvalidInputError (INVALID_REQUEST)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise InvalidInputError("INVALID_REQUEST", problem="callback_url") from exc
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or port == 0 or parts.username is not None:
        raise InvalidInputError("INVALID_REQUEST", problem="callback_url")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return parts
    if not allow_private and not literal.is_global:
        raise InvalidInputError("INVALID_REQUEST", problem="callback_url")
    return parts


class Webhooks:
    """Delivers what is due: a POST with the task's id, name, status and error code as JSON."""

    def __init__(self, store: Store, *, allow_private: bool, timeout_s: float, max_tries: int) -> None:
        self._store, self._allow_private = store, allow_private
        self._timeout_s, self._max_tries = timeout_s, max_tries

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                await self.deliver_due()
            except SQLAlchemyError as exc:
                log.error("task_store_failed", exc_info=exc)
            await asyncio.sleep(POLL_S)

    async def deliver_due(self) -> None:
        """Try once for every delivery whose time has come."""
        due = select(Task).where(Task.callback_state == "due", Task.callback_at <= time.time()).limit(20)
        async with self._store.reading() as session:
            tasks = list(await session.scalars(due))
        if tasks:
            await asyncio.gather(*(self._deliver(task) for task in tasks))

    async def _deliver(self, task: Task) -> None:
        # Only a task with a webhook pays for an HTTP client.
        import httpx

        tries = task.callback_tries + 1
        state = "sent"
        try:
            parts = checked_url(task.callback_url, allow_private=self._allow_private)
            async with asyncio.timeout(self._timeout_s):
                await self._post(parts, await self._address(parts), payload(task))
        except (InvalidInputError, RefusedAddressError) as exc:
            state = "given_up"
            log.warning("webhook_refused", task_id=task.id, reason=str(exc))
        except (httpx.HTTPError, OSError, TimeoutError) as exc:
            state = "due" if tries < self._max_tries else "given_up"
            log.info("webhook_failed", task_id=task.id, tries=tries, error=type(exc).__name__)
        else:
            log.info("webhook_sent", task_id=task.id, tries=tries)
        values = {"callback_state": state, "callback_tries": tries, "callback_at": time.time() + RETRY_S * 2**tries}
        async with self._store.writing() as session:
            await session.execute(update(Task).where(Task.id == task.id).values(**values))

    async def _address(self, parts: SplitResult) -> str:
        """The address to call, looked up once and checked, so that a name cannot change its mind in between."""
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM
        )
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(ipaddress.ip_address(address).is_global for address in addresses):
            raise RefusedAddressError(f"{parts.hostname} is not a public address")
        return addresses[0]

    async def _post(self, parts: SplitResult, address: str, body: dict[str, Any]) -> None:
        import httpx

        target = httpx.URL(parts.geturl()).copy_with(host=address)
        headers = {
            "host": parts.netloc,
            "user-agent": "voiceloom",
            "webhook-id": f"{body['task_id']}/{body['status']}",
            "webhook-timestamp": str(int(time.time())),
        }
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self._timeout_s) as client:
            request = client.build_request("POST", target, json=body, headers=headers)
            request.extensions["sni_hostname"] = parts.hostname
            response = await client.send(request, stream=True)
            await response.aclose()  # what it says is of no interest
            response.raise_for_status()


def payload(task: Task) -> dict[str, Any]:
    """What a webhook is told; sentences for people are the gateway's business."""
    fault = task.fault
    return {
        "task_id": task.id,
        "exp_name": task.exp_name,
        "status": task.state,
        "error": {"code": fault["code"], "stage": fault["stage"]} if fault else None,
        "completed_at": datetime.fromtimestamp(task.completed_at or 0.0, UTC).isoformat(),
    }
