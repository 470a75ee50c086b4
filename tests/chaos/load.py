"""The clients: each wish becomes an upload, a task, its followers, and what is done to the task on the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache

import grpc.aio

from services.voice.decode import decode
from tests.audio_fixtures import SAMPLES, encode
from tests.chaos.clients import Grpc, Rest
from tests.chaos.followers import Follower, follow_grpc, follow_sse
from tests.chaos.report import Violations
from tests.chaos.state import ENDED, Watch
from tests.chaos.wishes import CANCEL, CANCEL_RESUME, NOTHING, PURGE, Wish
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

# The shortest that holds ten seconds of usable speech wherever it is cut from the sample.
PIECE_S, STEP_S = 15.0, 0.5
FOLLOWERS = 3
LOOK_S = 1.0


@dataclass(eq=False)
class Accepted:
    """A task that the system has promised to end."""

    wish: Wish
    task_id: str
    followers: list[Follower] = field(default_factory=list)
    # What was done to it and confirmed.
    deeds: list[str] = field(default_factory=list)
    done: bool = False

    @property
    def purged(self) -> bool:
        """Whether it was removed."""
        return "purged" in self.deeds


@cache
def piece(number: int) -> bytes:
    """A recording like no other: so many seconds of the sample, from another place each."""
    samples, rate = decode(SAMPLES / "bella_90s.flac")
    places = int((len(samples) / rate - PIECE_S) / STEP_S)
    begin = int((number * 37 % places) * STEP_S * rate) + number
    return encode(samples[begin : begin + int(PIECE_S * rate)], rate, "flac")


class Load:
    """All clients of a run."""

    def __init__(self, rest: Rest, grpc_client: Grpc, watch: Watch, violations: Violations, seed: int) -> None:
        self._rest, self._grpc, self._watch, self._violations = rest, grpc_client, watch, violations
        self._draw = random.Random(f"load/{seed}")
        self._files: dict[tuple[str, int], asyncio.Task[str]] = {}
        self._following: list[asyncio.Task[None]] = []
        self._doing: list[asyncio.Task[None]] = []
        self._looking = asyncio.create_task(self._look_around())
        self.accepted: list[Accepted] = []

    def want(self, wish: Wish) -> None:
        """Have a client go about it."""
        self._doing.append(asyncio.create_task(self._live(wish), name=wish.name))

    @property
    def file_ids(self) -> set[str]:
        """Every recording that was taken."""
        return {upload.result() for upload in self._files.values() if upload.done() and not upload.exception()}

    @property
    def wanted(self) -> int:
        """How many tasks were asked for."""
        return len(self._doing)

    @property
    def unfinished(self) -> int:
        """How many clients have not got all that they want."""
        return sum(not task.done() for task in self._doing)

    def check(self) -> None:
        """Raise what a client gave up with, if one did."""
        for task in (*self._doing, *self._following, self._looking):
            if task.done():
                task.result()

    async def finish(self) -> None:
        """Wait for every client; one that gave up raises."""
        await asyncio.gather(*self._doing)

    async def settle_followers(self) -> None:
        """Have every follower look once more, and wait until it has heard that there is nothing more."""
        followers = [follower for task in self.accepted for follower in task.followers]
        for follower in followers:
            follower.look_again()
        await asyncio.sleep(0)
        while not all(follower.up_to_date or follower.gone for follower in followers):
            await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Stop following."""
        for task in (*self._doing, *self._following, self._looking):
            task.cancel()
        await asyncio.gather(*self._doing, *self._following, self._looking, return_exceptions=True)

    async def _look_around(self) -> None:
        """Ask about some task now and then, as people do: it is there, and no answer takes back an earlier one."""
        seen: dict[str, float] = {}
        while True:
            await asyncio.sleep(LOOK_S)
            steady = [task for task in self.accepted if task.wish.over_rest and task.wish.deed == NOTHING]
            if not steady:
                continue
            task = self._draw.choice(steady)
            for what in ("", "/outputs"):
                answer = await self._rest.ask("GET", f"/tasks/{task.task_id}{what}")
                if answer.status_code != 200:
                    self._violations.add("answers", f"{task.wish.name}{what}: {answer.status_code} {answer.text[:200]}")
                elif not what:
                    # An end counts as more than any progress.
                    told = answer.json()
                    progress = told["progress"] + (told["status"] in ENDED)
                    if progress < seen.get(task.task_id, 0.0):
                        self._violations.add("answers", f"{task.wish.name}: {seen[task.task_id]}, then {progress}")
                    seen[task.task_id] = progress

    async def _live(self, wish: Wish) -> None:
        file_id = await self._file(wish)
        task_id = await (self._create_rest if wish.over_rest else self._create_grpc)(wish, file_id)
        accepted = Accepted(wish, task_id)
        self.accepted.append(accepted)
        self._follow(accepted)
        await self._do(accepted)
        accepted.done = True

    def _follow(self, accepted: Accepted) -> None:
        task_id, wish = accepted.task_id, accepted.wish
        for number in range(FOLLOWERS if wish.over_rest else 1):
            follower = Follower(task_id, from_start=number != 1, label=f"{wish.name}/{number}")
            accepted.followers.append(follower)
            draw = random.Random(self._draw.random())
            following = (
                follow_sse(follower, self._rest, draw)
                if wish.over_rest
                else follow_grpc(follower, self._grpc, wish.owner)
            )
            self._following.append(asyncio.create_task(following, name=follower.label))

    async def _file(self, wish: Wish) -> str:
        """The piece as a file of the owner, uploaded once."""
        key = (wish.owner, wish.piece)
        if key not in self._files:
            self._files[key] = asyncio.create_task(self._upload(wish))
        return await asyncio.shield(self._files[key])

    async def _upload(self, wish: Wish) -> str:
        data = await asyncio.to_thread(piece, wish.piece)
        name, key = f"piece-{wish.piece}.flac", f"{wish.owner}/{wish.piece}"
        if wish.over_rest:
            form = {"file": (name, data)}
            answer = await self._rest.ask("POST", "/files", files=form, headers={"Idempotency-Key": key})
            assert answer.status_code == 200, answer.text
            return str(answer.json()["file_id"])

        async def parts() -> AsyncIterator[pb.WriteFileRequest]:
            header = pb.WriteFileHeader(owner=wish.owner, filename=name, idempotency_key=key)
            yield pb.WriteFileRequest(header=header)
            for start in range(0, len(data), 1 << 18):
                yield pb.WriteFileRequest(chunk=data[start : start + (1 << 18)])

        def send(request: Callable[[], AsyncIterator[pb.WriteFileRequest]], timeout: float) -> object:
            return self._grpc.files.WriteFile(request(), timeout=timeout * 3)

        answer = await self._grpc.ask(send, parts)
        return str(answer.file.id)

    async def _create_rest(self, wish: Wish, file_id: str) -> str:
        body = {
            "exp_name": wish.name,
            "audio_file_id": file_id,
            "options": {"quality": "fast", "language": "en", "inference": {"enabled": wish.inference}},
        }
        answer = await self._rest.ask("POST", "/tasks", json=body, headers={"Idempotency-Key": wish.name})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def _create_grpc(self, wish: Wish, file_id: str) -> str:
        options = pipeline.TaskOptions(
            quality=pipeline.QUALITY_FAST,
            language="en",
            inference=pipeline.Synthesis(disabled=not wish.inference),
        )
        request = pb.CreateTaskRequest(
            owner=wish.owner, exp_name=wish.name, file_ids=[file_id], options=options, idempotency_key=wish.name
        )
        answer = await self._grpc.ask(self._grpc.tasks.CreateTask, request)
        return str(answer.task.id)

    async def _do(self, accepted: Accepted) -> None:
        wish, task_id = accepted.wish, accepted.task_id
        if wish.deed in (CANCEL, CANCEL_RESUME, PURGE):
            await self._watch.until(lambda: self._watch.reached(task_id, wish.stage))
        else:
            await self._watch.until(lambda: self._watch.ended(task_id))
        match wish.deed:
            case "nothing":
                pass
            case "cancel" | "cancel_and_resume":
                if await self._cancel(wish, task_id):
                    accepted.deeds.append("cancelled")
                    if wish.deed == CANCEL_RESUME:
                        await self._again(accepted, "resumed")
            case "retry":
                await self._again(accepted, "retried")
            case "purge" | "purge_ended":
                await self._purge(wish, task_id)
                accepted.deeds.append("purged")
        if not accepted.purged:
            await self._watch.until(lambda: self._watch.ended(task_id))

    async def _cancel(self, wish: Wish, task_id: str) -> bool:
        """Whether it was cancelled (else it had ended before)."""
        if wish.over_rest:
            answer = await self._rest.ask("DELETE", f"/tasks/{task_id}")
            assert answer.status_code in (200, 400), answer.text
        else:
            request = pb.CancelTaskRequest(owner=wish.owner, task_id=task_id)
            await self._grpc.ask(self._grpc.tasks.CancelTask, request, fine=grpc.StatusCode.FAILED_PRECONDITION)
        # An answer that got lost makes the second request be refused; what counts is how the task stands.
        answer = await self._grpc.ask(self._grpc.tasks.GetTask, pb.GetTaskRequest(owner=wish.owner, task_id=task_id))
        return bool(answer.task.state == pipeline.TASK_STATE_CANCELLED)

    async def _again(self, accepted: Accepted, deed: str) -> None:
        """Let a task that has ended go on, or run it again from a stage."""
        wish, task_id = accepted.wish, accepted.task_id
        # Refused when it is sent again because the answer got lost: the task runs already.
        fine = grpc.StatusCode.FAILED_PRECONDITION
        if deed == "resumed":
            resume = pb.ResumeTaskRequest(owner=wish.owner, task_id=task_id)
            await self._grpc.ask(self._grpc.tasks.ResumeTask, resume, fine=fine)
        else:
            stage = f"STAGE_{wish.stage.upper()}"
            retry = pb.RetryTaskRequest(owner=wish.owner, task_id=task_id, from_stage=stage)
            await self._grpc.ask(self._grpc.tasks.RetryTask, retry, fine=fine)
        accepted.deeds.append(deed)
        await self._watch.fresh()
        for follower in accepted.followers:
            follower.look_again()

    async def _purge(self, wish: Wish, task_id: str) -> None:
        if wish.over_rest:
            answer = await self._rest.ask("DELETE", f"/tasks/{task_id}", params={"purge": "true"})
            assert answer.status_code in (200, 404), answer.text
            return
        request = pb.PurgeTaskRequest(owner=wish.owner, task_id=task_id)
        await self._grpc.ask(self._grpc.tasks.PurgeTask, request, fine=grpc.StatusCode.NOT_FOUND)
