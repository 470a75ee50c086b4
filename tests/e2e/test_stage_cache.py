"""The same recording again under another name: nothing is trained twice, and each task has files of its own name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Stack, start_stack
from tests.e2e.rest import Rest, stage_of
from tests.stack import BARE_MACHINE
from voiceloom.pipeline.v1.manifest_pb2 import InferenceManifest, TrainManifest

SAMPLE = Path(__file__).parents[2] / "samples" / "bella_25s.flac"
CACHED = {**BARE_MACHINE, "VOICELOOM_STAGE_CACHE": "true"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that takes over earlier work, as one does without further settings; that of the other tests does not."""
    running = start_stack(tmp_path_factory.mktemp("cache") / "data", environment=CACHED)
    yield running
    assert running.stop() == 0, running.output


def files_of(rest: Rest, task_id: str) -> dict[str, bytes]:
    """Everything that a task offers for download, by name."""
    made = rest.http.get(f"/tasks/{task_id}/outputs").json()
    wanted = [("output", output["filename"]) for output in made["outputs"]]
    wanted += [(f"{model['kind']}_model", model["filename"]) for model in made["models"]]
    clips = rest.http.get(f"/tasks/{task_id}/transcripts").json()["items"]
    wanted += [("clip", f"{clip['clip_id']}.wav") for clip in clips]
    found = {}
    for kind, name in wanted:
        answer = rest.http.get(f"/tasks/{task_id}/outputs/{kind}/{name}")
        assert answer.status_code == 200, answer.text
        found[name] = answer.content
    return found


def manifest_of(stack: Stack, task_id: str, stage: str, cls: type) -> TrainManifest | InferenceManifest:
    """What a stage of a task has stored last."""
    newest = max((stack.data / "artifacts" / "tasks" / task_id / stage).glob("*/manifest.pb"))
    return cls.FromString(newest.read_bytes())


def test_second_task_with_the_same_recording_trains_nothing_and_outlives_the_first(stack: Stack) -> None:
    with Rest(stack.base_url) as rest:
        first = rest.create("first", rest.upload(SAMPLE), inference={"seed": 7})
        rest.wait_completed(first, timeout_s=300)
        second = rest.create("第二个", rest.upload(SAMPLE), inference={"seed": 7})
        task = rest.wait_completed(second, timeout_s=60)
        assert {stage["message"] for stage in task["stages"]} == {"Taken over from earlier work on the same input"}
        assert task["progress"] == 1.0
        # People are warned again of a short recording.
        warned = [event.data["message"] for event in rest.events(second) if event.name == "log"]
        assert any("less than the 60 s" in message for message in warned)

        made, again = files_of(rest, first), files_of(rest, second)
        assert len(again) >= 4
        assert [name.replace("第二个", "first") for name in again] == list(made)
        assert list(again.values()) == list(made.values())
        outputs = rest.http.get(f"/tasks/{second}/outputs").json()["outputs"]
        assert all(output[model].startswith("第二个") for output in outputs for model in ("gpt_model", "sovits_model"))

        # What was taken over lies in the folder of another task; the path that was told leads there all the same.
        for output in outputs:
            for kind in ("gpt", "sovits"):
                answer = rest.http.get(f"/tasks/{second}/outputs/{kind}_model/{output[f'{kind}_path']}")
                assert answer.status_code == 200, answer.text
                assert answer.content == again[output[f"{kind}_model"]]
        # Paths of a task lead nowhere when another task is asked for what it never made.
        assert rest.http.get(f"/tasks/{second}/outputs/output/{outputs[0]['gpt_path']}").status_code == 404

        for stage in ("sovits_train", "gpt_train"):
            provenance = manifest_of(stack, second, stage, TrainManifest).provenance
            assert provenance.taken_from == f"tasks/{first}/{stage}"
            assert provenance.settings["settings.seed"] == "1"
        assert manifest_of(stack, second, "inference", InferenceManifest).provenance.seed == 7

        # Another text to speak: the voice is there, only the speaking is new.
        third = rest.create("third", rest.upload(SAMPLE), inference={"target_text": "Good morning."})
        task = rest.wait_completed(third, timeout_s=120)
        assert stage_of(task, "inference")["message"] == "Done"
        assert stage_of(task, "gpt_train")["message"] != "Done"

        assert rest.http.delete(f"/tasks/{first}", params={"purge": "true"}).status_code == 200
        assert files_of(rest, second) == again
        for task_id in (second, third):
            assert rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"}).status_code == 200
