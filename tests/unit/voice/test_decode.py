"""Decoding: every container, every kind of damage, and limits."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.voice.decode import AudioReader, DecodeLimits, decode, probe
from services.voice.errors import AudioTooLongError, AudioUnreadableError, VoiceError
from tests import audio_fixtures as audio


def level_at(samples: np.ndarray, rate_hz: int, frequency_hz: float) -> float:
    """Amplitude of one frequency."""
    t = np.arange(len(samples)) / rate_hz
    return float(2 * np.abs(np.mean(samples * np.exp(-2j * np.pi * frequency_hz * t))))


@pytest.mark.parametrize("name", sorted(audio.FORMATS))
def test_every_container_gives_the_sound_that_went_in(name: str) -> None:
    channels = 2 if name == "ogg" else 1
    recording = audio.encode(audio.sine(2.0, 48_000), 48_000, name, channels=channels)
    facts = probe(recording)
    assert facts.seconds == pytest.approx(2.0, abs=audio.FORMATS[name].slack_s)
    assert (facts.sample_rate_hz, facts.channels) == (48_000, channels)
    samples, rate = decode(recording)
    assert samples.dtype == np.float32
    assert len(samples) / rate == pytest.approx(facts.seconds)
    assert level_at(samples[rate // 4 : -rate // 4], rate, 440.0) == pytest.approx(0.5, rel=0.05)


def test_a_file_and_its_bytes_decode_alike(tmp_path: Path) -> None:
    recording = audio.encode(audio.sine(1.0), 24_000, "flac")
    path = tmp_path / "recording"
    path.write_bytes(recording)
    np.testing.assert_array_equal(decode(path)[0], decode(recording)[0])


@pytest.mark.parametrize(
    ("rate_hz", "name", "channels"), [(8_000, "wav", 2), (96_000, "flac24", 1), (44_100, "wav24", 6)]
)
def test_unusual_rates_depths_and_channels_are_read(rate_hz: int, name: str, channels: int) -> None:
    facts = probe(audio.encode(audio.sine(1.0, rate_hz), rate_hz, name, channels=channels))
    assert (facts.seconds, facts.sample_rate_hz, facts.channels) == (1.0, rate_hz, channels)


def test_channels_are_averaged() -> None:
    left_only = np.stack([audio.sine(1.0), audio.silence(1.0)])
    samples, rate = decode(audio.encode(left_only, 24_000, "wav"))
    assert level_at(samples, rate, 440.0) == pytest.approx(0.25, rel=0.01)


def test_sixteen_channels_are_averaged_where_they_are_interleaved_and_refused_where_they_lie_in_planes() -> None:
    assert probe(audio.sixteen_channels("wav", "pcm_s16le")).channels == 16
    with pytest.raises(AudioUnreadableError) as caught:
        probe(audio.sixteen_channels("matroska", "aac"))
    assert caught.value.reason == "unsupported"


def test_twenty_four_bits_keep_what_sixteen_lose() -> None:
    faint = audio.sine(1.0, level=1e-5)
    fine, rate = decode(audio.encode(faint, 24_000, "wav24"))
    assert level_at(fine, rate, 440.0) == pytest.approx(1e-5, rel=0.02)


def test_values_that_are_no_sound_become_silence() -> None:
    samples = audio.sine(1.0)
    samples[[100, 200, 300]] = np.nan, np.inf, -np.inf
    decoded, _ = decode(audio.encode(samples, 24_000, "wav_float"))
    assert np.isfinite(decoded).all()
    assert decoded[100] == 0.0


def test_a_webm_without_duration_is_counted_by_decoding() -> None:
    recording = audio.encode(audio.sine(3.0, 48_000), 48_000, "webm", live="1")
    with av.open(io.BytesIO(recording)) as container:
        assert container.duration is None
    assert probe(recording).seconds == pytest.approx(3.0, abs=0.03)


def test_the_sound_of_a_film_is_read_and_its_pictures_are_not() -> None:
    facts = probe(audio.encode(audio.sine(2.0), 24_000, "mp4", film=True))
    assert facts.codec == "aac"
    assert facts.seconds == pytest.approx(2.0, abs=0.06)


def test_cover_art_does_not_hide_the_music() -> None:
    assert probe(audio.with_cover(audio.encode(audio.sine(2.0), 24_000, "mp3"))).codec == "mp3"


@pytest.mark.parametrize("name", ["aac", "mp3"])
def test_a_rate_that_changes_on_the_way_is_resampled_to_the_first(name: str) -> None:
    first = audio.encode(audio.sine(2.0, 48_000), 48_000, name)
    second = audio.encode(audio.sine(2.0, 24_000), 24_000, name, channels=2)
    samples, rate = decode(first + second)
    assert rate == 48_000
    assert len(samples) / rate == pytest.approx(4.0, abs=0.2)
    assert level_at(samples[3 * rate :], rate, 440.0) == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"Dear diary, today I renamed a text file to .wav.\n" * 200, "not_audio"),
        (audio.PNG, "not_audio"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "not_audio"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_audio"),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>', "not_audio"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nA subtitle.\n", "not_audio"),
        (audio.silent_film(), "no_sound"),
        (audio.encode(audio.sine(5.0), 24_000, "m4a")[:20_000], "damaged"),
        (audio.encode(audio.sine(1.0), 24_000, "wav")[:30], "damaged"),
    ],
)
def test_what_is_no_sound_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(AudioUnreadableError) as caught:
        probe(content)
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "opus", "aac", "webm"])
def test_a_file_cut_short_by_a_tenth_is_used(name: str) -> None:
    recording = audio.encode(audio.speech(6.0, 48_000), 48_000, name)
    assert probe(recording[: len(recording) * 9 // 10]).seconds == pytest.approx(5.4, abs=0.6)


def test_a_file_that_lost_most_of_its_stated_length_is_refused() -> None:
    recording = audio.encode(audio.noise(10.0), 24_000, "flac")
    with pytest.raises(AudioUnreadableError, match="damaged"):
        probe(recording[: len(recording) // 4])


def test_a_file_whose_packets_are_mostly_garbage_is_refused() -> None:
    recording = bytearray(audio.encode(audio.noise(6.0), 24_000, "flac"))
    draw = np.random.default_rng(3)
    recording[9_000:] = draw.integers(0, 256, len(recording) - 9_000, dtype=np.uint8).tobytes()
    with pytest.raises(AudioUnreadableError):
        probe(bytes(recording))


def test_exactly_the_limit_passes_and_a_sample_more_does_not() -> None:
    limits = DecodeLimits(max_seconds=2.0)
    assert probe(audio.encode(audio.sine(2.0), 24_000), limits).seconds == 2.0
    with pytest.raises(AudioTooLongError):
        probe(audio.encode(audio.sine(2.0 + 1 / 24_000), 24_000), limits)


def test_decoding_stops_at_the_limit_instead_of_at_the_end() -> None:
    with AudioReader(audio.encode(audio.silence(60.0), 24_000, "flac"), DecodeLimits(max_seconds=5.0)) as reader:
        with pytest.raises(AudioTooLongError):
            list(reader.blocks())
        assert reader.seconds < 6.0


def test_a_small_file_that_unpacks_to_very_much_is_refused() -> None:
    recording = audio.encode(audio.silence(30.0), 24_000, "flac")
    assert len(recording) < 20_000
    with pytest.raises(AudioTooLongError):
        probe(recording, DecodeLimits(max_decoded_bytes=1_000_000))


@pytest.mark.parametrize("rate_hz", [100, 3_999])
def test_a_rate_that_no_speech_survives_is_refused(rate_hz: int) -> None:
    recording = bytearray(audio.encode(audio.sine(1.0), 24_000, "wav"))
    recording[24:28] = rate_hz.to_bytes(4, "little")
    with pytest.raises(AudioUnreadableError) as caught:
        probe(bytes(recording))
    assert caught.value.reason == "unsupported"


def test_the_caller_can_stop_a_long_decoding() -> None:
    class Enough(Exception):
        pass

    def stop() -> None:
        raise Enough

    with pytest.raises(Enough):
        probe(audio.encode(audio.silence(60.0), 24_000), check=stop)


SEEDS = {
    name: audio.encode(audio.speech(1.5, 48_000), 48_000, name)
    for name in ("wav", "flac", "mp3", "ogg_flac", "opus", "m4a", "aac", "webm", "aiff")
}


def assert_decodes_or_is_refused(recording: bytes) -> None:
    limits = DecodeLimits(max_seconds=60.0, max_decoded_bytes=100_000_000)
    try:
        samples, rate = decode(recording, limits)
    except VoiceError:
        return
    assert rate > 0
    assert len(samples) <= 60.0 * rate
    assert np.isfinite(samples).all()


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(SEEDS)),
    st.floats(0.0, 1.0),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=16)), max_size=6),
)
def test_damaged_recordings_decode_or_are_refused_and_nothing_else(
    name: str, kept: float, changes: list[tuple[float, bytes]]
) -> None:
    recording = bytearray(SEEDS[name][: int(len(SEEDS[name]) * kept)])
    for position, change in changes:
        at = int(position * len(recording))
        recording[at : at + len(change)] = change
    assert_decodes_or_is_refused(bytes(recording))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(
        [
            b"",
            b"RIFF\x00\x10\x00\x00WAVEfmt ",
            b"fLaC",
            b"OggS\x00\x02",
            b"\x1aE\xdf\xa3",
            b"ID3\x04\x00\x00",
            b"\x00\x00\x00\x18ftypM4A ",
            b"\xff\xfb\x90",
            b"#!AMR\n",
        ]
    ),
    st.binary(max_size=4096),
)
def test_random_bytes_behind_any_magic_are_refused_or_decode(magic: bytes, rest: bytes) -> None:
    assert_decodes_or_is_refused(magic + rest)
