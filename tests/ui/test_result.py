"""What a trained voice is good for: it speaks, it shows its sound, and it can be deleted with everything."""

import wave
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.rest import Rest
from tests.ui.browser import Watch
from tests.ui.conftest import Voice
from tests.ui.recordings import reading
from tests.ui.studio import WHOLE_RUN_MS, Studio

# Different colours in the picture: a canvas that nothing was painted on has one.
COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) found.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
  return found.size;
}"""


def test_the_voice_says_something_else(studio: Studio, voice: Voice, tmp_path: Path) -> None:
    studio.open(f"#/tasks/{voice.id}/result")
    expect(studio.at("speak-start")).to_be_disabled()
    studio.at("speak-text").fill("Good morning.")
    studio.at("speak-start").click()
    expect(studio.at("spoken")).to_have_count(1, timeout=WHOLE_RUN_MS)
    studio.at("play-spoken").click()
    studio.wait_played()
    with studio.page.expect_download() as download:
        studio.at("download-spoken").click()
    saved = tmp_path / "speech.wav"
    download.value.save_as(saved)
    with wave.open(str(saved), "rb") as sound:
        assert sound.getnframes() > sound.getframerate() / 10


def test_what_is_refused_is_said_beside_the_field(studio: Studio, voice: Voice, watch: Watch) -> None:
    watch.expect("400")
    studio.open(f"#/tasks/{voice.id}/result")
    studio.at("speak-text").fill("Good morning.")
    studio.at("speak-advanced").locator("summary").click()
    studio.at("field-speed").fill("9")
    studio.at("speak-start").click()
    expect(studio.page.locator("#field-speed-wrong")).to_contain_text("4")
    expect(studio.at("field-speed")).to_have_attribute("aria-invalid", "true")
    expect(studio.at("spoken")).to_have_count(0)


def test_a_spectrogram_is_painted_when_it_is_opened(studio: Studio, voice: Voice) -> None:
    studio.open(f"#/tasks/{voice.id}/result")
    expect(studio.at("candidate")).not_to_have_count(0)
    expect(studio.at("spectrogram")).to_have_count(0)
    studio.at("spectrogram-toggle").locator("summary").first.click()
    expect(studio.at("spectrogram")).to_be_visible()
    studio.poll(lambda: studio.at("spectrogram").evaluate(COLOURS) > 50, "the spectrogram is painted")


def test_everything_is_deleted_after_a_question(studio: Studio, rest: Rest, voice: Voice) -> None:
    task_id = rest.create("voice-to-delete", voice.file_id)
    rest.wait_completed(task_id, timeout_s=WHOLE_RUN_MS / 1000)
    studio.open(f"#/tasks/{task_id}/result")
    studio.at("delete").click()
    expect(studio.at("dialog-no")).to_be_focused()
    studio.page.keyboard.press("Escape")
    expect(studio.at("dialog")).to_have_count(0)
    assert rest.http.get(f"/tasks/{task_id}").status_code == 200
    studio.at("delete").click()
    studio.at("dialog-yes").click()
    studio.page.wait_for_url("**/#/tasks")
    assert rest.http.get(f"/tasks/{task_id}").status_code == 404
    assert rest.http.get(f"/files/{voice.file_id}").status_code == 200, "another voice still needs the recording"


def test_nothing_of_a_deleted_voice_is_left_and_its_name_is_free(studio: Studio, rest: Rest, tmp_path: Path) -> None:
    file_id = rest.upload(reading(tmp_path, 21.0, "alone.wav"))
    task_id = rest.create("deleted-alone", file_id)
    rest.http.delete(f"/tasks/{task_id}")
    studio.open(f"#/tasks/{task_id}/result")
    studio.at("delete").click()
    studio.at("dialog-yes").click()
    studio.page.wait_for_url("**/#/tasks")
    assert rest.http.get(f"/files/{file_id}").status_code == 404
    again = rest.create("deleted-alone", rest.upload(reading(tmp_path, 22.0, "again.wav")))
    rest.http.delete(f"/tasks/{again}", params={"purge": "true"})
