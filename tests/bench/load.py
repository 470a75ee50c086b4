"""Load on the gateway over plain sockets: cheap enough that the client does not distort what it measures."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Latencies:
    """Seconds per request, and answers that were not 200."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0

    def percentile(self, share: float) -> float:
        """Nearest-rank percentile in seconds; share is 0..1."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
    return status, headers


def _request(path: str, port: int) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()


async def get_at_rate(port: int, path: str, *, per_second: float, seconds: float, connections: int = 8) -> Latencies:
    """Sends GET requests on a fixed timetable and measures from the time each one was due (no coordinated omission)."""
    latencies = Latencies()
    start = time.perf_counter()
    due = iter([start + i / per_second for i in range(int(per_second * seconds))])

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for moment in due:
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            writer.write(_request(path, port))
            status, headers = await _read_head(reader)
            await reader.readexactly(int(headers["content-length"]))
            latencies.seconds.append(time.perf_counter() - moment)
            latencies.errors += status != 200
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return latencies


async def post_all(
    port: int, path: str, bodies: Sequence[object], *, connections: int = 8
) -> tuple[Latencies, list[dict]]:
    """Posts JSON as fast as answers come; the latencies, and the answers that were not errors."""
    latencies = Latencies()
    answers: list[dict] = []
    waiting = iter(bodies)

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in waiting:
            data = json.dumps(body).encode()
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            began = time.perf_counter()
            writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
            status, headers = await _read_head(reader)
            answer = json.loads(await reader.readexactly(int(headers["content-length"])))
            latencies.seconds.append(time.perf_counter() - began)
            if status < 300:
                answers.append(answer)
            else:
                latencies.errors += 1
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return latencies, answers


@dataclass
class Subscriber:
    """One SSE client: what it got, and when (time.time())."""

    received: dict[int, float] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    ended_with: str = ""


async def subscribe(port: int, task_id: str, subscriber: Subscriber, *, timeout_s: float) -> None:
    """Follows a task from its first event to its terminal one, noting the time of every id."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(_request(f"/tasks/{task_id}/progress?last_event_id=0", port))
    status, _ = await _read_head(reader)
    if status != 200:
        raise RuntimeError(f"subscription answered {status}")
    event = ""
    async with asyncio.timeout(timeout_s):
        while not subscriber.ended_with:
            line = (await reader.readline()).decode().rstrip("\r\n")
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("id:"):
                seq = int(line[3:])
                subscriber.received[seq] = time.time()
                subscriber.order.append(seq)
            elif line.startswith("data:"):
                json.loads(line[5:])
            elif not line and event in ("completed", "failed", "cancelled"):
                subscriber.ended_with = event
            elif not line and reader.at_eof():
                raise RuntimeError("the stream ended before the task did")
    writer.close()
