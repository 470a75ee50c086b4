"""Tells a client's webhook that its task has ended: at least once, not for ever, and never inside our own network.

What is sent follows Standard Webhooks (https://www.standardwebhooks.com). A delivery is one terminal state of one task;
it keeps its ``webhook-id`` over all tries, so that a receiver can tell a repetition from another end after a retry.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

from sqlalchemy import CursorResult, select, update

from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import Task
from services.orchestrator.store import Store
from services.orchestrator.webhook_address import RefusedAddressError, addresses_of, checked_url
from services.orchestrator.webhook_signature import signed_headers
from services.runtime.errors import InvalidInputError, VoiceloomError
from services.runtime.log import log

if TYPE_CHECKING:
    import httpx

POLL_S = 2.0
BATCH = 20
# Each wait is so many times the one before, give or take a fifth: many deliveries that failed together come apart.
GROWTH, JITTER = 3.0, 0.2
GONE = 410


@dataclass(frozen=True)
class DeliveryRules:
    """How often a delivery is tried, and how long to wait in between."""

    timeout_s: float
    max_tries: int
    backoff_s: float
    backoff_max_s: float

    def wait_s(self, tries: int, asked_s: float = 0.0) -> float:
        """Wait after so many tries; a receiver may ask for a longer one, up to the longest."""
        wait = min(self.backoff_max_s, self.backoff_s * GROWTH ** (tries - 1))
        return max(wait * random.uniform(1 - JITTER, 1 + JITTER), min(self.backoff_max_s, asked_s))


class NotTakenError(Exception):
    """A receiver answered something else than 2xx."""

    def __init__(self, status: int, retry_after_s: float) -> None:
        super().__init__(f"answered {status}")
        self.status, self.retry_after_s = status, retry_after_s


class Webhooks:
    """Delivers what is due: a signed POST that says which task ended, and how."""

    def __init__(
        self,
        store: Store,
        *,
        keys: tuple[bytes, ...],
        allow_private: bool,
        rules: DeliveryRules,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Without ``keys``, nothing is sent. ``trust``: whose certificates count, by default the web's usual ones."""
        self._store, self._keys, self._allow_private, self._rules = store, keys, allow_private, rules
        self._trust = trust

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                await self.deliver_due()
            except VoiceloomError as exc:
                log.warning("webhooks_wait", error=str(exc))
            await asyncio.sleep(POLL_S)

    async def deliver_due(self) -> None:
        """Try once for every delivery whose time has come."""
        if not self._keys:
            return
        due = select(Task).where(
            Task.callback_state == "due", Task.callback_at <= time.time(), Task.state.not_in(UNFINISHED)
        )
        async with self._store.reading() as session:
            tasks = list(await session.scalars(due.order_by(Task.callback_at).limit(BATCH)))
        if tasks:
            await asyncio.gather(*(self._deliver(task) for task in tasks))

    async def _deliver(self, task: Task) -> None:
        # Only a task with a webhook pays for an HTTP client.
        import httpx

        tries = task.callback_tries + 1
        if not await self._claim(task, tries):
            return
        state, asked_s = "sent", 0.0
        try:
            parts = checked_url(task.callback_url, allow_private=self._allow_private)
            async with asyncio.timeout(self._rules.timeout_s):
                addresses = await addresses_of(parts, allow_private=self._allow_private)
                await self._post(parts, addresses, webhook_id(task), payload(task))
        except (InvalidInputError, RefusedAddressError, httpx.InvalidURL) as exc:
            state = "given_up"
            log.warning("webhook_refused", task_id=task.id, reason=type(exc).__name__)
        except NotTakenError as exc:
            state, asked_s = self._after_failure(tries, gone=exc.status == GONE), exc.retry_after_s
            log.info("webhook_failed", task_id=task.id, tries=tries, status=exc.status, state=state)
        except (httpx.HTTPError, OSError, TimeoutError) as exc:
            state = self._after_failure(tries)
            log.info("webhook_failed", task_id=task.id, tries=tries, error=type(exc).__name__, state=state)
        else:
            log.info("webhook_sent", task_id=task.id, tries=tries)
        async with self._store.writing() as session:
            await session.execute(
                update(Task)
                # A task that was retried meanwhile has other things to tell.
                .where(Task.id == task.id, Task.last_seq == task.last_seq, Task.callback_tries == tries)
                .values(callback_state=state, callback_at=time.time() + self._rules.wait_s(tries, asked_s))
            )

    def _after_failure(self, tries: int, *, gone: bool = False) -> str:
        return "given_up" if gone or tries >= self._rules.max_tries else "due"

    async def _claim(self, task: Task, tries: int) -> bool:
        """Take a delivery for this process; one that dies over it is followed by another try a while later."""
        take = (
            update(Task)
            .where(
                Task.id == task.id,
                Task.last_seq == task.last_seq,
                Task.callback_state == "due",
                Task.callback_tries == task.callback_tries,
            )
            .values(callback_tries=tries, callback_at=time.time() + self._rules.timeout_s + self._rules.wait_s(tries))
        )
        async with self._store.writing() as session:
            result = await session.execute(take)
        return isinstance(result, CursorResult) and result.rowcount == 1

    async def _post(self, parts: SplitResult, addresses: list[str], name: str, body: bytes) -> None:
        import httpx

        headers = {
            "host": parts.netloc,
            "user-agent": "voiceloom",
            "content-type": "application/json",
            **signed_headers(self._keys, name, int(time.time()), body),
        }
        async with httpx.AsyncClient(
            trust_env=False, follow_redirects=False, timeout=self._rules.timeout_s, verify=self._trust or True
        ) as client:
            for number, address in enumerate(addresses, start=1):
                # The address that was checked is called; the name is what the certificate must be for.
                target = httpx.URL(parts.geturl()).copy_with(host=address)
                request = client.build_request("POST", target, content=body, headers=headers)
                request.extensions["sni_hostname"] = parts.hostname
                try:
                    response = await client.send(request, stream=True)
                except httpx.ConnectError:
                    if number == len(addresses):
                        raise
                    continue
                await response.aclose()  # what it says is of no interest
                if not response.is_success:
                    raise NotTakenError(response.status_code, _retry_after_s(response))
                return


def webhook_id(task: Task) -> str:
    """One terminal state of one task: the number of the event that ended it is its last."""
    return f"{task.id}_{task.last_seq}"


def payload(task: Task) -> bytes:
    """What a webhook is told; sentences for people are the gateway's business."""
    fault = task.fault
    ended = {
        "type": f"task.{task.state}",
        "timestamp": datetime.fromtimestamp(task.completed_at or 0.0, UTC).isoformat(),
        "data": {
            "task_id": task.id,
            "exp_name": task.exp_name,
            "status": task.state,
            "error": {"code": fault["code"], "stage": fault["stage"]} if fault else None,
        },
    }
    return json.dumps(ended, ensure_ascii=False, separators=(",", ":")).encode()


def _retry_after_s(response: httpx.Response) -> float:
    """How long a receiver asks us to wait: seconds, or a date (RFC 9110, 10.2.3); 0 when it does not say."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - time.time())
