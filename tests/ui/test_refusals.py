"""What is no use for a voice is refused with the server's own sentence, in the language of the reader."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.rest import Rest
from tests.ui.browser import Watch
from tests.ui.recordings import REFUSED, UNUSABLE
from tests.ui.studio import Studio


@pytest.mark.parametrize("make", REFUSED.values(), ids=list(REFUSED))
def test_a_file_that_is_no_recording(
    studio: Studio, rest: Rest, watch: Watch, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    watch.expect("400")
    path = make(tmp_path)
    said = {}
    for language in ("zh", "en"):
        with path.open("rb") as file:
            answer = rest.http.post("/files", files={"file": (path.name, file)}, params={"lang": language})
        assert answer.status_code == 400
        said[language] = answer.json()["detail"]
    studio.open()
    studio.drop(path)
    expect(studio.at("recording").get_by_role("alert")).to_contain_text(said["zh"])
    studio.speak_english()
    expect(studio.at("recording").get_by_role("alert")).to_contain_text(said["en"])
    expect(studio.at("start")).to_be_disabled()
    studio.at("remove").click()
    expect(studio.at("recording")).to_have_count(0)


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=list(UNUSABLE))
def test_a_recording_without_enough_speech(
    studio: Studio, rest: Rest, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    file_id = rest.upload(path)
    said = {
        language: rest.http.get(f"/files/{file_id}/report", params={"lang": language}).json()["problem"]["detail"]
        for language in ("zh", "en")
    }
    studio.open()
    studio.drop(path)
    studio.wait_report()
    expect(studio.at("recording").get_by_role("alert")).to_contain_text(said["zh"])
    studio.speak_english()
    expect(studio.at("recording").get_by_role("alert")).to_contain_text(said["en"])
    expect(studio.at("start")).to_be_disabled()


def test_one_bad_file_among_good_ones_can_be_taken_away(
    studio: Studio, watch: Watch, recording: Path, tmp_path: Path
) -> None:
    watch.expect("400")
    studio.open()
    # Chosen in the dialog of the browser instead of dropped.
    studio.at("file").set_input_files([recording, REFUSED["not_sound"](tmp_path)])
    expect(studio.at("recording")).to_have_count(2)
    studio.wait_report()
    expect(studio.at("start")).to_be_disabled()
    studio.at("recording").filter(has=studio.page.get_by_role("alert")).locator('[data-test="remove"]').click()
    expect(studio.at("recording")).to_have_count(1)
    expect(studio.at("start")).to_be_enabled()
