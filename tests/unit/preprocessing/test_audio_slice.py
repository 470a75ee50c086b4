"""Recordings in, clips and a data report out."""

from pathlib import Path

import numpy as np
import pytest

from services.preprocessing.audio_slice import Recording, SliceRules, Slices, slice_recordings
from services.preprocessing.loudness import measure_lufs
from services.preprocessing.report import DataReport
from services.runtime.errors import InvalidInputError, StoppedError
from services.voice.decode import DEFAULT_LIMITS, DecodeLimits
from services.voice.vad import speech_ratio
from tests import audio_fixtures as audio

RATE = 24_000
RULES = SliceRules()


def sliced(
    folder: Path,
    *recordings: bytes,
    rules: SliceRules = RULES,
    limits: DecodeLimits = DEFAULT_LIMITS,
    rate: int = RATE,
    **options: object,
) -> tuple[Slices, DataReport]:
    files = []
    for number, content in enumerate(recordings):
        path = folder / f"recording_{number}"
        path.write_bytes(content)
        files.append(Recording(path, 30.0))
    return slice_recordings(files, rate, folder, rules=rules, limits=limits, **options)


def code_of(folder: Path, *recordings: bytes, **options: object) -> str:
    with pytest.raises(InvalidInputError) as caught:
        sliced(folder, *recordings, **options)
    return caught.value.code


@pytest.fixture(scope="module")
def bella(tmp_path_factory: pytest.TempPathFactory) -> tuple[Slices, DataReport]:
    recording = (audio.SAMPLES / "bella_25s.flac").read_bytes()
    return sliced(tmp_path_factory.mktemp("bella"), recording)


def test_a_good_recording_is_used_almost_whole(bella: tuple[Slices, DataReport]) -> None:
    slices, report = bella
    assert [clip.id for clip in slices.clips] == [f"c{i:04d}" for i in range(len(slices.clips))]
    assert all(clip.kept and 2.0 <= clip.seconds <= 12.0 for clip in slices.clips)
    assert report.usable_s > 0.9 * report.total_s
    assert report.total_s == pytest.approx(30.94, abs=0.01)
    assert 0.1 < report.silence_ratio < 0.3
    assert report.clipping_ratio == 0.0
    assert report.snr_db > 30
    assert [warning.key for warning in report.warnings()] == ["report.too_short"]


def test_clips_are_speech_at_the_same_loudness(bella: tuple[Slices, DataReport]) -> None:
    slices, _ = bella
    for clip in slices.clips:
        samples = slices.samples[clip.id]
        assert samples.dtype == np.int16
        assert len(samples) == pytest.approx(clip.seconds * RATE, abs=2)
        assert measure_lufs(samples / np.float32(32768), RATE) == pytest.approx(-23.0, abs=0.2)


def test_cuts_lie_in_pauses(bella: tuple[Slices, DataReport]) -> None:
    voice = audio.speech(31.0, 16_000)
    for clip in bella[0].clips:
        for edge_s in (clip.start_s, clip.start_s + clip.seconds):
            around = voice[max(0, int((edge_s - 0.02) * 16_000)) : int((edge_s + 0.02) * 16_000)]
            assert np.abs(around).max() < 0.05


def test_the_pack_decides_the_rate(tmp_path: Path, bella: tuple[Slices, DataReport]) -> None:
    slices, _ = sliced(tmp_path, (audio.SAMPLES / "bella_25s.flac").read_bytes(), rate=32_000)
    assert len(slices.samples["c0000"]) == pytest.approx(len(bella[0].samples["c0000"]) * 32 / 24, abs=4)


def test_several_recordings_are_sliced_in_order_and_never_joined(tmp_path: Path) -> None:
    first = audio.encode(audio.speech(8.0), RATE, "flac")
    second = audio.encode(audio.speech(8.0, 48_000), 48_000, "webm")
    slices, report = sliced(tmp_path, first, second)
    assert report.total_s == pytest.approx(16.0, abs=0.05)
    starts = [clip.start_s for clip in slices.clips]
    assert starts == sorted(starts)
    assert not any(clip.start_s < 8.0 - 0.05 and clip.start_s + clip.seconds > 8.05 for clip in slices.clips)
    assert any(clip.start_s >= 8.0 - 0.05 for clip in slices.clips)


def test_telephone_stereo_is_used_and_warned_about(tmp_path: Path) -> None:
    slices, report = sliced(tmp_path, audio.encode(audio.speech(20.0, 8_000), 8_000, "wav", channels=2))
    assert (report.sample_rate_hz, report.channels) == (8_000, 2)
    assert report.usable_s > 15
    assert "report.low_sample_rate" in [warning.key for warning in report.warnings()]
    assert all(len(samples) >= 2 * RATE for samples in slices.samples.values())


def test_a_very_quiet_recording_is_heard_and_lifted(tmp_path: Path) -> None:
    slices, report = sliced(
        tmp_path, audio.encode(1e-3 * audio.speech(15.0), RATE, "wav24"), rules=SliceRules(quietest_clip_lufs=-90)
    )
    assert report.usable_s > 10
    first = slices.samples["c0000"] / np.float32(32768)
    assert measure_lufs(first, RATE) == pytest.approx(-23.0, abs=0.5)


def test_every_clip_is_kept_or_has_its_reason(tmp_path: Path) -> None:
    silence = audio.silence(3.0)
    recording = np.concatenate(
        [audio.speech(11.0), silence, audio.speech(0.9), silence, 1e-4 * audio.speech(6.0), silence]
    )
    slices, _ = sliced(tmp_path, audio.encode(recording, RATE, "wav_float"))
    assert {clip.drop_reason for clip in slices.clips} >= {"", "too_short"}
    assert set(slices.samples) == {clip.id for clip in slices.clips if clip.kept}


def test_noise_under_speech_shows_in_the_report(tmp_path: Path) -> None:
    voice = audio.speech(20.0)
    levels = [
        sliced(tmp_path, audio.encode(voice + audio.noise(20.0, level=level), RATE))[1].snr_db
        for level in (0.001, 0.01, 0.03)
    ]
    assert levels == sorted(levels, reverse=True)
    _, report = sliced(tmp_path, audio.encode(voice + audio.noise(20.0, level=0.04), RATE))
    # The ratio by definition: power where there is speech over the power of the noise that was added.
    expected = 10 * np.log10(np.mean(voice**2) / report.speech_s * report.total_s / 0.04**2)
    assert report.snr_db == pytest.approx(expected, abs=2.0)
    assert "report.noisy" in [warning.key for warning in report.warnings()]


def test_clipping_is_counted_and_warned_about(tmp_path: Path) -> None:
    loud = np.clip(8.0 * audio.speech(20.0), -1.0, 1.0)
    expected = float(np.mean(np.abs(loud) >= 0.999))
    _, report = sliced(tmp_path, audio.encode(loud, RATE), rules=SliceRules(most_clipped_ratio=1.0))
    assert report.clipping_ratio == pytest.approx(expected, rel=0.02)
    assert "report.clipped" in [warning.key for warning in report.warnings()]
    assert code_of(tmp_path, audio.encode(loud, RATE)) == "AUDIO_TOO_SHORT", "clips clipped so badly are not used"


@pytest.mark.parametrize("samples", [audio.silence(60.0), audio.noise(30.0), audio.music(30.0)])
def test_a_recording_without_speech_is_refused(tmp_path: Path, samples: np.ndarray) -> None:
    assert code_of(tmp_path, audio.encode(samples, RATE, "flac")) == "AUDIO_SILENT"


def test_two_seconds_of_speech_are_too_short(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sliced(tmp_path, audio.encode(audio.speech(2.0), RATE))
    assert caught.value.code == "AUDIO_TOO_SHORT"
    assert float(caught.value.params["seconds"]) <= 2.0
    assert caught.value.params["minimum"] == "10"


def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sliced(tmp_path, b"no sound at all, just words\n" * 50)
    assert caught.value.code == "AUDIO_UNREADABLE"
    assert caught.value.params == {"reason": "not_audio"}


def test_the_limit_counts_for_all_recordings_together(tmp_path: Path) -> None:
    part = audio.encode(audio.speech(11.0), RATE)
    sliced(tmp_path, part, part, limits=DecodeLimits(max_seconds=22.0))
    assert code_of(tmp_path, part, part, limits=DecodeLimits(max_seconds=21.9)) == "AUDIO_TOO_LONG"


def test_progress_rises_and_a_stop_is_heeded(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    sliced(
        tmp_path,
        audio.encode(audio.speech(15.0), RATE),
        progress=lambda fraction, key, **_: told.append((fraction, key)),
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert {key for _, key in told} == {"audio_slice.decoding", "audio_slice.cutting"}

    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        sliced(tmp_path, audio.encode(audio.speech(15.0), RATE), check_stop=stop)


def test_nothing_but_the_clips_stays_in_the_scratch_folder(tmp_path: Path) -> None:
    sliced(tmp_path, audio.encode(audio.speech(15.0), RATE))
    assert {path.name for path in tmp_path.iterdir()} == {"recording_0", "clips.i16"}


def test_reference_clips_survive_slicing_as_speech(bella: tuple[Slices, DataReport]) -> None:
    import soxr

    for samples in bella[0].samples.values():
        assert speech_ratio(soxr.resample(samples / np.float32(32768), RATE, 16_000)) > 0.6
