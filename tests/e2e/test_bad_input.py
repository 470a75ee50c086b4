"""Bad input: a clear error for the person who sent it, nothing lost, and nothing told about the machine."""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import audio_fixtures as audio
from tests.e2e.conftest import LOW_LIMITS, Stack
from tests.e2e.rest import Rest
from tests.stack import ROOT

RATE = 24_000
MAX_RECORDING_S = float(LOW_LIMITS["VOICELOOM_MAX_RECORDING_S"])
MAX_UPLOAD_BYTES = int(LOW_LIMITS["VOICELOOM_MAX_UPLOAD_BYTES"])

# What no client may ever read: how the program failed, and where it lives.
LEAKS = re.compile(
    r"Traceback|File \"|\.py\b|\b\w+(Error|Exception)\b|site-packages|sqlite|grpc|StatusCode|nats:|/tmp/|/home/|/root/|"
    r"/usr/|/var/|0x[0-9a-f]{6}|" + re.escape(str(ROOT)),
)
NAMES = [
    "我的 录音(第1版).flac",
    "two words  and more.flac",
    "quotes ' and \" here.flac",
    "line\nbreak\r\nbreak.flac",
    "../../../etc/passwd",
    "..\\..\\windows\\system32\\voice.flac",
    "<script>alert(1)</script>.flac",
    "\N{FAMILY}" * 20 + ".flac",
]


def assert_tells_nothing(text: str) -> None:
    found = LEAKS.search(text)
    assert found is None, f"{found.group(0)!r} in {text[:2000]}"


def check_answer(answer: httpx.Response) -> None:
    """On every answer of this module: fixed form, no inner workings."""
    assert answer.headers["x-request-id"]
    assert_tells_nothing("\n".join(f"{name}: {value}" for name, value in answer.headers.items()))
    if "json" in answer.headers.get("content-type", ""):
        answer.read()
        assert_tells_nothing(answer.text)
        if answer.status_code >= 400:
            body = answer.json()
            assert set(body) - {"errors"} == {"detail", "code", "key", "args", "request_id"}
            assert body["detail"]
            assert body["request_id"] == answer.headers["x-request-id"]
            assert ("errors" in body) == (body["code"] == "INVALID_REQUEST")
    assert answer.status_code < 500, answer.text


class Client(Rest):
    """Sends bad input and looks at every answer; speaks Chinese, the default."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.http.headers.pop("accept-language")
        self.http.event_hooks["response"] = [check_answer]

    def send(self, content: bytes, name: str = "recording.wav") -> httpx.Response:
        return self.http.post("/files", files={"file": (name, content)})

    def keep(self, content: bytes, name: str = "recording.flac") -> str:
        answer = self.send(content, name)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["file_id"])

    def ask(self, exp_name: object, file_id: object, **options: Any) -> httpx.Response:
        return self.http.post(
            "/tasks", json={"exp_name": exp_name, "audio_file_id": file_id, "options": {"quality": "fast", **options}}
        )

    def purge(self, task_id: str) -> None:
        assert self.http.delete(f"/tasks/{task_id}", params={"purge": "true"}).status_code == 200


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    """The client; at the end the stack is as well as before, and no service died of what it was sent."""
    before = {name: stack.pid_of(name) for name in stack.facts["programs"]}
    with Client(stack.base_url) as client:
        yield client
        assert client.http.get("/readyz").status_code == 200
    assert {name: stack.pid_of(name) for name in stack.facts["programs"]} == before


@pytest.fixture(scope="module")
def speech_id(client: Client) -> str:
    """A good recording."""
    return client.keep(audio.encode(audio.speech(12.0), RATE, "flac"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"These are words, not a recording.\n" * 100, "无法读取这段录音: 它不是音频文件"),
        (b"", "无法读取这段录音: 文件是空的"),
        (audio.silent_film(), "无法读取这段录音: 文件里没有声音"),
        (audio.encode(audio.sine(3.0), RATE, "m4a")[:9_000], "无法读取这段录音: 文件已损坏或不完整"),
        (audio.PNG, "无法读取这段录音: 它不是音频文件"),
    ],
    ids=["text", "empty", "silent film", "half a file", "picture"],
)
def test_what_is_no_recording_is_refused_at_the_upload(client: Client, content: bytes, sentence: str) -> None:
    answer = client.send(content, "renamed.wav")
    assert answer.status_code == 400
    assert answer.json()["code"] == "AUDIO_UNREADABLE"
    assert answer.json()["detail"] == sentence


def test_a_refused_upload_leaves_no_file_behind(client: Client) -> None:
    before = client.http.get("/files").json()["total"]
    assert client.send(b"words").status_code == 400
    assert client.http.get("/files").json()["total"] == before


def test_a_recording_of_exactly_the_limit_is_taken_and_a_longer_one_is_not(client: Client) -> None:
    fits = client.send(audio.encode(audio.silence(MAX_RECORDING_S, 8_000), 8_000, "flac"))
    assert (fits.status_code, fits.json()["seconds"]) == (200, MAX_RECORDING_S)
    longer = client.send(audio.encode(audio.silence(MAX_RECORDING_S + 0.01, 8_000), 8_000, "flac"))
    assert (longer.status_code, longer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert longer.json()["detail"] == f"上传的内容过大或录音过长,上限为 {MAX_RECORDING_S:g} s"


def test_a_file_of_exactly_the_largest_size_is_taken_and_a_larger_one_is_not(client: Client) -> None:
    wav = audio.encode(audio.speech(3.0), RATE, "wav")
    fits = client.send(wav + bytes(MAX_UPLOAD_BYTES - len(wav)))
    assert fits.status_code == 200
    assert fits.json()["size_bytes"] == MAX_UPLOAD_BYTES
    larger = client.send(wav + bytes(MAX_UPLOAD_BYTES - len(wav) + 1))
    assert (larger.status_code, larger.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("name", NAMES)
def test_any_file_name_is_kept_as_it_is_and_is_never_a_path(client: Client, stack: Stack, name: str) -> None:
    content = audio.encode(audio.speech(1.0), RATE, "flac")
    answer = client.send(content, name)
    assert answer.status_code == 200
    assert answer.json()["filename"] == name
    file_id = answer.json()["file_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", file_id)
    back = client.http.get(f"/files/{file_id}/download")
    assert back.content == content
    assert back.headers["content-disposition"].startswith("attachment")
    names_on_disk = {path.name for path in (stack.data / "artifacts").rglob("*")}
    assert not any("passwd" in found or "录音" in found or "voice.flac" in found for found in names_on_disk)
    assert client.http.delete(f"/files/{file_id}").status_code == 200


def test_an_upload_that_is_no_form_is_refused(client: Client) -> None:
    assert client.http.post("/files", content=b"RIFF").status_code == 400
    assert client.http.post("/files", json={"file": "x"}).status_code == 400
    assert client.http.post("/files", files={"other": ("a.wav", b"x")}).status_code == 400
    broken = {"content-type": "multipart/form-data; boundary=b"}
    assert client.http.post("/files", content=b"--b\r\nnonsense", headers=broken).status_code == 400


FAILING = {
    "two seconds": (audio.encode(audio.speech(2.0), RATE, "flac"), "audio_slice", "AUDIO_TOO_SHORT"),
    "silence": (audio.encode(audio.silence(60.0), RATE, "flac"), "audio_slice", "AUDIO_SILENT"),
    "noise": (audio.encode(audio.noise(20.0, 16_000), 16_000, "flac"), "audio_slice", "AUDIO_SILENT"),
    "music": (audio.encode(audio.music(20.0), RATE, "opus"), "audio_slice", "AUDIO_SILENT"),
    "chinese as english": ((audio.SAMPLES / "zh_20s.opus").read_bytes(), "asr", "LANGUAGE_MISMATCH"),
}
OPTIONS = {"chinese as english": {"language": "en"}}
SENTENCES = {
    "AUDIO_TOO_SHORT": (
        r"可用的语音太短: 只有 \d\.\d 秒,至少需要 10 秒",
        r"Too little usable speech: \d\.\d s, at least 10 s are needed",
    ),
    "AUDIO_SILENT": (r"录音中没有听到人说话,.*", r"No speech was found in the recording; .*"),
    "LANGUAGE_MISMATCH": (
        r"录音里说的是中文,而不是所选的英语;.*",
        r"The recording is in Chinese, not in English as chosen; .*",
    ),
}
WORKING = {
    # Two channels at 8 kHz, and a recording of a browser that never wrote its length.
    "telephone stereo": audio.encode(audio.speech(16.0, 8_000), 8_000, "wav", channels=2),
    "no duration": audio.encode(audio.speech(12.0, 48_000), 48_000, "webm", live="1"),
}


@pytest.fixture(scope="module")
def tasks(client: Client) -> Iterator[dict[str, str]]:
    """Every recording that can be uploaded, as a task; they run while the other tests ask their questions."""
    made = {}
    for name, content in {**WORKING, **{name: row[0] for name, row in FAILING.items()}}.items():
        exp_name = name.replace(" ", "-")
        answer = client.ask(exp_name, client.keep(content), inference={"enabled": False}, **OPTIONS.get(name, {}))
        assert answer.status_code == 200, answer.text
        made[name] = answer.json()["id"]
    yield made
    for task_id in made.values():
        client.purge(task_id)


@pytest.mark.parametrize("name", sorted(FAILING))
def test_a_recording_that_cannot_be_used_fails_with_one_sentence(
    client: Client, tasks: dict[str, str], name: str
) -> None:
    _, stage, code = FAILING[name]
    events = client.events(tasks[name])
    for event in events:
        assert_tells_nothing(json.dumps(event.data, ensure_ascii=False))
    chinese, english = SENTENCES[code]
    assert events[-1].name == "failed"
    assert (events[-1].data["stage"], events[-1].data["code"]) == (stage, code)
    assert re.fullmatch(chinese, events[-1].data["message"])

    task = client.task(tasks[name])
    assert task["status"] == "failed"
    assert (task["error"]["stage"], task["error"]["code"]) == (stage, code)
    assert re.fullmatch(chinese, task["error"]["detail"])
    told = client.http.get(f"/tasks/{tasks[name]}", params={"lang": "en"}).json()["error"]["detail"]
    assert re.fullmatch(english, told)
    assert client.http.get(f"/tasks/{tasks[name]}/outputs").json()["outputs"] == []
    assert client.http.delete(f"/tasks/{tasks[name]}").status_code == 400


def test_a_telephone_recording_in_stereo_is_trained_from(client: Client, tasks: dict[str, str]) -> None:
    task = client.wait_completed(tasks["telephone stereo"], timeout_s=400)
    assert task["detected_language"] == "en"
    models = client.http.get(f"/tasks/{task['id']}/outputs").json()["models"]
    assert {model["kind"] for model in models} == {"gpt", "sovits"}


def test_a_webm_without_duration_is_counted_cut_and_understood(client: Client, tasks: dict[str, str]) -> None:
    file = client.send(WORKING["no duration"], "recording.webm").json()
    assert file["seconds"] == pytest.approx(12.0, abs=0.05)
    task = client.wait_stage(tasks["no duration"], "text_feature", timeout_s=400)
    assert task["detected_language"] == "en"


def test_a_task_hands_out_nothing_of_another_and_nothing_of_the_machine(client: Client, tasks: dict[str, str]) -> None:
    owner, other = tasks["telephone stereo"], tasks["two seconds"]
    client.wait_completed(owner, timeout_s=400)
    model = client.http.get(f"/tasks/{owner}/outputs").json()["models"][0]
    kind = f"{model['kind']}_model"
    assert client.http.get(f"/tasks/{owner}/outputs/{kind}/{model['path']}").status_code == 200
    for name in (model["path"], model["filename"]):
        assert client.http.get(f"/tasks/{other}/outputs/{kind}/{name}").status_code == 404
    hostile = ["..%2f..%2fetc/passwd", "..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "%00"]
    for name in [*hostile, f"tasks/{owner}/../../tasks/{owner}/manifest.pb", f"..%2f{owner}%2f{model['filename']}"]:
        answer = client.http.get(f"/tasks/{other}/outputs/{kind}/{name}")
        assert answer.status_code in (400, 404), name
        assert b"root:" not in answer.content
    assert client.http.get(f"/tasks/{owner}/outputs/secrets/{model['filename']}").status_code == 400
    missing = client.http.get(f"/tasks/{owner}/outputs/{kind}/nothing.pth")
    assert (missing.status_code, missing.json()["detail"]) == (404, "任务或文件不存在")


@pytest.mark.parametrize(
    "name", ["a/b", "", "a" * 65, "𠮷" * 65, "a b", "a\nb", "..", "a.b", 'a"b', "a\x00b", " ", 7, None, ["a"], {"a": 1}]
)
def test_a_name_that_is_none_is_refused(client: Client, speech_id: str, name: object) -> None:
    answer = client.ask(name, speech_id)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert answer.json()["errors"][0]["field"] == "exp_name"


def test_a_name_of_64_four_byte_characters_works(client: Client, speech_id: str) -> None:
    name = "𠮷" * 64
    answer = client.ask(name, speech_id)
    assert answer.status_code == 200
    assert answer.json()["exp_name"] == name
    taken = client.ask(name, speech_id)
    assert (taken.status_code, taken.json()["code"]) == (409, "NAME_TAKEN")
    assert taken.json()["detail"] == f"实验名称 '{name}' 已存在,请使用不同的名称"
    client.purge(answer.json()["id"])


def test_of_many_who_ask_for_a_name_at_once_exactly_one_gets_it(client: Client, speech_id: str) -> None:
    gate = threading.Barrier(8)
    answers: list[httpx.Response] = []

    def ask() -> None:
        with Client(str(client.http.base_url)) as mine:
            gate.wait()
            answers.append(mine.ask("wanted-by-all", speech_id))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    client.purge(next(answer.json()["id"] for answer in answers if answer.status_code == 200))


def test_a_name_that_is_taken_is_told_before_a_file_that_is_missing(client: Client, tasks: dict[str, str]) -> None:
    assert client.ask("silence", "no-such-file").status_code == 409


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"quality": "best"}, "options.quality"),
        ({"language": "fr"}, "options.language"),
        ({"language": 1}, "options.language"),
        ({"colour": "red"}, "options.colour"),
        ({"inference": {"top_k": 0}}, "options.inference.top_k"),
        ({"inference": {"speed": "fast"}}, "options.inference.speed"),
        ({"callback_url": "file:///etc/passwd"}, "options.callback_url"),
    ],
)
def test_an_unknown_option_is_refused_by_its_field(
    client: Client, speech_id: str, options: dict[str, Any], field: str
) -> None:
    answer = client.ask("unknown-option", speech_id, **options)
    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]


def test_a_language_that_the_pack_does_not_speak_is_refused_at_once(client: Client, speech_id: str) -> None:
    answer = client.ask("speaks-japanese", speech_id, language="ja")
    assert (answer.status_code, answer.json()["code"]) == (400, "LANGUAGE_UNSUPPORTED")
    assert answer.json()["detail"] == "当前音色包不支持日语,支持的语言: 英语, 中文"
    answer = client.ask("says-japanese", speech_id, inference={"target_text": "こんにちは、世界。"})
    assert (answer.status_code, answer.json()["code"]) == (400, "LANGUAGE_UNSUPPORTED")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"7", b"{", b"", b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    answer = client.http.post("/tasks", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


BAD_PAGES = ["limit=0", "limit=101", "limit=ten", "offset=-1", "offset=1e3", "offset=99999999999999999999"]


@pytest.mark.parametrize(
    "url", ["/tasks?status=lost", *(f"/{of}?{page}" for of in ("tasks", "files") for page in BAD_PAGES)]
)
def test_a_page_that_cannot_be_is_refused(client: Client, url: str) -> None:
    answer = client.http.get(url)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == url.split("?")[1].split("=")[0]


def test_a_recording_that_was_deleted_is_missing_everywhere(client: Client) -> None:
    file_id = client.keep(audio.encode(audio.speech(3.0), RATE, "flac"))
    assert client.http.delete(f"/files/{file_id}").status_code == 200
    answer = client.ask("deleted-file", file_id)
    assert (answer.status_code, answer.json()["code"]) == (404, "FILE_NOT_FOUND")
    assert answer.json()["detail"] == f"音频文件不存在: {file_id}"
    for path in (f"/files/{file_id}", f"/files/{file_id}/download"):
        assert client.http.get(path).status_code == 404
    assert client.http.delete(f"/files/{file_id}").status_code == 404
    assert client.http.get("/tasks").status_code == 200


def test_a_reference_that_does_not_exist_is_missing(client: Client, speech_id: str) -> None:
    answer = client.ask("no-reference", speech_id, inference={"ref_audio_id": "0" * 32})
    assert (answer.status_code, answer.json()["code"]) == (404, "FILE_NOT_FOUND")


@pytest.mark.parametrize("task_id", ["no-such-task", "0" * 32, "a'b", "%2e%2e%2f", "任务"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_task_that_does_not_exist_is_missing(client: Client, method: str, task_id: str) -> None:
    for path in ("", "/progress", "/outputs") if method == "GET" else ("",):
        assert client.http.request(method, f"/tasks/{task_id}{path}").status_code in (404, 405)
    answer = client.http.request(method, "/tasks/no-such-task")
    assert (answer.status_code, answer.json()["detail"]) == (404, "任务不存在")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, "HOST_NOT_ALLOWED"),
        ({"Host": "127.0.0.1.evil.example"}, "HOST_NOT_ALLOWED"),
        ({"Origin": "https://evil.example"}, "ORIGIN_NOT_ALLOWED"),
        ({"Origin": "null"}, "ORIGIN_NOT_ALLOWED"),
    ],
)
@pytest.mark.parametrize("path", ["/tasks", "/api/v1/tasks", "/files", "/openapi.json"])
def test_requests_from_elsewhere_are_refused(client: Client, path: str, headers: dict[str, str], code: str) -> None:
    answer = client.http.get(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_nothing_is_lost_a_good_recording_still_works(client: Client, speech_id: str, tasks: dict[str, str]) -> None:
    created = client.ask("still-works", speech_id, inference={"enabled": False})
    assert created.status_code == 200
    in_use = client.http.delete(f"/files/{speech_id}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "FILE_IN_USE")
    client.wait_stage(created.json()["id"], "asr", timeout_s=400)
    client.purge(created.json()["id"])
    assert client.http.delete(f"/files/{speech_id}").status_code == 200
