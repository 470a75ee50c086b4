"""What a task made, and its bytes: names, ranges, tags and types."""

import hashlib
from urllib.parse import quote

import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator, finished_outputs

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAV = b"RIFF" + bytes(range(256)) * 20


@pytest.fixture
def task_id(fake: FakeOrchestrator) -> str:
    task_id = fake.add_task("voice")
    finished_outputs(fake, task_id, "voice")
    return task_id


async def test_outputs_name_everything(http: httpx.AsyncClient, task_id: str) -> None:
    folder = f"tasks/{task_id}/inference/3"
    assert (await http.get(f"/tasks/{task_id}/outputs")).json() == {
        "task_id": task_id,
        "ref_text": "these are the words",
        "ref_audio_path": f"{folder}/reference.wav",
        "target_text": "hello there",
        "outputs": [
            {
                "filename": "output_0.wav",
                "gpt_model": "voice-e8.ckpt",
                "sovits_model": "voice_e4_s12.pth",
                "gpt_path": f"{folder}/e8.ckpt",
                "sovits_path": f"{folder}/e4_s12.pth",
                "file_path": "inference/3/output_0.wav",
                "size_bytes": len(WAV),
                "created_at": "2025-10-09T08:53:20Z",
                "seconds": 2.5,
                "word_error_rate": 0.5,
                "speaker_similarity": 0.75,
                "heard_text": "hello their",
                "speech_ratio": 0.9,
                "length_ratio": 1.1,
                "best": True,
            }
        ],
        "models": [
            {
                "kind": "gpt",
                "filename": "voice-e8.ckpt",
                "path": f"{folder}/e8.ckpt",
                "epoch": 8,
                "size_bytes": 3,
                "best": True,
            },
            {
                "kind": "sovits",
                "filename": "voice_e4_s12.pth",
                "path": f"{folder}/e4_s12.pth",
                "epoch": 4,
                "size_bytes": 6,
                "best": True,
            },
        ],
    }


async def test_unfinished_task_answers_with_what_it_has(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task("young")
    assert (await http.get(f"/tasks/{task_id}/outputs")).json() == {
        "task_id": task_id,
        "ref_text": None,
        "ref_audio_path": None,
        "target_text": None,
        "outputs": [],
        "models": [],
    }


async def test_every_name_that_outputs_returned_downloads(http: httpx.AsyncClient, task_id: str) -> None:
    made = (await http.get(f"/tasks/{task_id}/outputs")).json()
    output = made["outputs"][0]
    names = [
        ("output", output["filename"]),
        ("output", output["file_path"]),
        ("ref_audio", made["ref_audio_path"]),
        ("ref_audio", made["ref_audio_path"].rpartition("/")[2]),
        ("gpt_model", output["gpt_path"]),
        ("gpt_model", output["gpt_path"].rpartition("/")[2]),
        ("sovits_model", output["sovits_path"]),
        *((f"{model['kind']}_model", model["filename"]) for model in made["models"]),
        *((f"{model['kind']}_model", model["path"]) for model in made["models"]),
    ]
    for file_type, name in names:
        response = await http.get(f"/tasks/{task_id}/outputs/{file_type}/{name}")
        assert response.status_code == 200, name
        encoded = await http.get(f"/api/v1/tasks/{task_id}/outputs/{file_type}/{quote(name, safe='')}")
        assert encoded.content == response.content


@pytest.mark.parametrize(
    ("file_type", "name", "content_type"),
    [
        ("output", "output_0.wav", "audio/wav"),
        ("ref_audio", "reference.wav", "audio/wav"),
        ("gpt_model", "voice-e8.ckpt", "application/octet-stream"),
        ("sovits_model", "voice_e4_s12.pth", "application/octet-stream"),
    ],
)
async def test_download_headers(
    http: httpx.AsyncClient, task_id: str, file_type: str, name: str, content_type: str
) -> None:
    response = await http.get(f"/tasks/{task_id}/outputs/{file_type}/{name}")
    assert response.headers["content-type"] == content_type
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert response.headers["etag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'
    assert response.headers["accept-ranges"] == "bytes"


async def test_names_beyond_ascii_are_given_in_both_forms(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task("我")
    finished_outputs(fake, task_id, "我的声音")
    response = await http.get(f"/tasks/{task_id}/outputs/gpt_model/我的声音-e8.ckpt")
    assert response.status_code == 200
    expected = f"attachment; filename=\"____-e8.ckpt\"; filename*=UTF-8''{quote('我的声音-e8.ckpt')}"
    assert response.headers["content-disposition"] == expected


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, len(WAV) - 1),
        ("bytes=-10", len(WAV) - 10, len(WAV) - 1),
        ("bytes=5-5", 5, 5),
        ("bytes=1000-3500", 1000, 3500),
        ("bytes=0-99999999", 0, len(WAV) - 1),
        ("bytes=-99999999", 0, len(WAV) - 1),
    ],
)
async def test_one_range_is_answered_with_206(
    http: httpx.AsyncClient, task_id: str, header: str, first: int, last: int
) -> None:
    response = await http.get(f"/tasks/{task_id}/outputs/output/output_0.wav", headers={"Range": header})
    assert response.status_code == 206
    assert response.content == WAV[first : last + 1]
    assert response.headers["content-range"] == f"bytes {first}-{last}/{len(WAV)}"
    assert response.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize("header", [f"bytes={len(WAV)}-", "bytes=-0", f"bytes=9{'0' * 30}-"])
async def test_range_outside_the_file_is_416(http: httpx.AsyncClient, task_id: str, header: str) -> None:
    response = await http.get(f"/tasks/{task_id}/outputs/output/output_0.wav", headers={"Range": header})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(WAV)}"
    assert response.json()["code"] == "RANGE_NOT_SATISFIABLE"


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "bytes=9-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=²-"])
async def test_other_ranges_are_ignored(http: httpx.AsyncClient, task_id: str, header: str) -> None:
    response = await http.get(
        f"/tasks/{task_id}/outputs/output/output_0.wav", headers={"Range": header.encode("utf-8")}
    )
    assert response.status_code == 200
    assert response.content == WAV


async def test_range_of_another_version_is_ignored(http: httpx.AsyncClient, task_id: str) -> None:
    path = f"/tasks/{task_id}/outputs/output/output_0.wav"
    etag = (await http.head(path)).headers["etag"]
    same = await http.get(path, headers={"Range": "bytes=0-9", "If-Range": etag})
    other = await http.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def test_head_and_unchanged_answer_without_bytes(http: httpx.AsyncClient, task_id: str) -> None:
    path = f"/tasks/{task_id}/outputs/output/output_0.wav"
    head = await http.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(WAV)))
    unchanged = await http.get(path, headers={"If-None-Match": f'"x", W/{head.headers["etag"]}'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    missing = await http.head(f"/tasks/{task_id}/outputs/output/nope.wav")
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "nope.wav",
        "..%2f..%2fetc/passwd",
        "..%2F..%2F..%2F..%2Fetc%2Fpasswd",
        "%2fetc%2fpasswd",
        "voice-e8.ckpt",
        "%00",
        "%ff",
    ],
)
async def test_nothing_outside_the_task_can_be_named(http: httpx.AsyncClient, task_id: str, name: str) -> None:
    response = await http.get(f"/tasks/{task_id}/outputs/output/{name}")
    assert response.status_code == 404
    assert response.json()["detail"] == "任务或文件不存在"
    assert response.json()["code"] == "FILE_NOT_FOUND"


async def test_another_tasks_file_is_404(http: httpx.AsyncClient, fake: FakeOrchestrator, task_id: str) -> None:
    other = fake.add_task("other")
    stored = fake.add_artifact(other, 1, "secret.wav", b"RIFF")
    for name in ("secret.wav", stored.uri):
        response = await http.get(f"/tasks/{task_id}/outputs/output/{name}")
        assert (response.status_code, response.json()["detail"]) == (404, "任务或文件不存在")


async def test_unknown_task_is_404_with_the_same_sentence(http: httpx.AsyncClient) -> None:
    response = await http.get("/tasks/nope/outputs/output/a.wav")
    assert response.status_code == 404
    assert (response.json()["code"], response.json()["detail"]) == ("TASK_NOT_FOUND", "任务或文件不存在")


async def test_unknown_file_type_is_400(http: httpx.AsyncClient, task_id: str) -> None:
    response = await http.get(f"/tasks/{task_id}/outputs/secrets/a.wav")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "file_type"


async def test_download_goes_on_after_a_restart_in_the_middle(
    http: httpx.AsyncClient, fake: FakeOrchestrator, task_id: str
) -> None:
    fake.break_read_after = 2000
    response = await http.get(f"/tasks/{task_id}/outputs/output/output_0.wav", headers={"Range": "bytes=100-"})
    assert response.content == WAV[100:]
    assert fake.break_read_after is None
