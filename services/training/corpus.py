"""A pretraining corpus, from a folder of audio and a manifest to a cache of samples, content features and phonemes.

The manifest holds one JSON object a line: `id`, `language`, `text`, and optionally `speaker`, `seconds`, `audio` (path
within the folder; default `<id>.opus`) and `phones` (symbol ids, which spare the text front end). Audio lies in the
folder itself or in the tar files in it. The cache is a handful of flat files that grow clip by clip, so that an
interrupted preparation goes on where it stopped and training maps them into memory.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.training.dataset import Item
from services.voice.audio import resample, to_int16
from services.voice.pitch import measure_pitch

AUDIO_SUFFIXES = (".opus", ".ogg", ".flac", ".wav", ".mp3", ".m4a")
CONTENT_RATE_HZ = 16_000
SPEECH_RMS = 0.07  # about -23 LUFS, the loudness of the clips that fine-tuning sees


class CorpusError(ValueError):
    """The corpus or its manifest cannot be used; the text says why."""


@dataclass(frozen=True)
class Utterance:
    """One line of the manifest."""

    id: str
    language: str
    text: str
    speaker: str = ""
    seconds: float = 0.0
    audio: str = ""
    phones: tuple[int, ...] = ()


@dataclass(frozen=True)
class CachedClip:
    """Where one utterance lies in the cache: offsets and lengths in samples and frames."""

    id: str
    speaker: str
    language: str
    samples_at: int
    samples: int
    frames_at: int
    frames: int


def read_manifest(path: Path, languages: Sequence[str] = ()) -> list[Utterance]:
    """Utterances of the wanted languages (all when none is named), in the order of the file."""
    rows: list[Utterance] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            utterance = Utterance(
                id=str(row["id"]),
                language=str(row["language"]),
                text=str(row["text"]),
                speaker=str(row.get("speaker", "")),
                seconds=float(row.get("seconds", 0.0)),
                audio=str(row.get("audio", "")),
                phones=tuple(int(p) for p in row.get("phones", ())),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise CorpusError(f"{path.name}, line {number}: not a manifest row") from exc
        if not languages or utterance.language in languages:
            rows.append(utterance)
    if not rows:
        raise CorpusError(f"{path.name} has no utterance in {', '.join(languages) or 'any language'}")
    return rows


class AudioFolder:
    """Reads the audio of utterances from a folder or from the tar files in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tars = [tarfile.open(path) for path in sorted(folder.glob("*.tar"))]  # noqa: SIM115 - see close()
        self._members = {m.name: (tar, m) for tar in self._tars for m in tar.getmembers() if m.isfile()}

    def read(self, utterance: Utterance) -> bytes:
        """The encoded bytes of one utterance."""
        names = [utterance.audio] if utterance.audio else [utterance.id + suffix for suffix in AUDIO_SUFFIXES]
        for name in names:
            if name in self._members:
                tar, member = self._members[name]
                handle = tar.extractfile(member)
                assert handle is not None, name
                return handle.read()
            path = self.folder / name
            if path.is_file():
                return path.read_bytes()
        raise CorpusError(f"no audio for utterance {utterance.id}")

    def close(self) -> None:
        """Close the tar files."""
        for tar in self._tars:
            tar.close()


def read_audio(data: bytes, rate_hz: int) -> np.ndarray:
    """Encoded audio to mono float32 samples at `rate_hz`."""
    from services.voice.decode import decode  # needs PyAV, which only preparation does

    samples, source_hz = decode(data)
    return resample(samples, source_hz, rate_hz)


@dataclass(frozen=True)
class CacheKey:
    """What a cache was made with; a cache made otherwise is refused."""

    sample_rate_hz: int
    encoder: str
    channels: int
    pitch: str = "swift-f0"
    """What measured the pitch; a cache of before it was measured names nothing and is refused, too."""


class CorpusCache:
    """Samples (int16), content features (float16, 50 Hz), pitch (float32, 50 Hz) and phonemes of a corpus.

    All but the phonemes lie in flat files that are mapped into memory.
    """

    def __init__(self, folder: Path, key: CacheKey) -> None:
        self.folder, self.key = folder, key
        folder.mkdir(parents=True, exist_ok=True)
        stored = folder / "cache.json"
        if not stored.exists():
            stored.write_text(json.dumps(asdict(key), indent=1))
        elif json.loads(stored.read_text()) != asdict(key):
            raise CorpusError(f"{folder} was prepared with other settings; prepare into another folder")
        self.clips = [CachedClip(**row) for row in self._rows("clips.jsonl")]
        self.phones = {row["id"]: np.asarray(row["phones"], np.int32) for row in self._rows("phones.jsonl")}
        self._audio: np.ndarray | None = None
        self._features: np.ndarray | None = None
        self._pitch: np.ndarray | None = None

    def _rows(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        if not path.exists():
            return []
        return [
            json.loads(line) for line in path.read_text().split("\n")[:-1]
        ]  # the last piece is empty, or cut short by a crash

    def append(self, rows: Iterator[tuple[Utterance, np.ndarray, np.ndarray, np.ndarray]]) -> None:
        """Add (utterance, int16 samples, float16 features (T, C), float32 pitch (T,)); the data, then its line."""
        last = self.clips[-1] if self.clips else None
        samples_at, frames_at = (last.samples_at + last.samples, last.frames_at + last.frames) if last else (0, 0)
        write_text(self.folder / "clips.jsonl", "".join(json.dumps(asdict(clip)) + "\n" for clip in self.clips))
        with (
            open(self.folder / "audio.i16", "ab") as audio_file,
            open(self.folder / "features.f16", "ab") as feature_file,
            open(self.folder / "pitch.f32", "ab") as pitch_file,
            open(self.folder / "clips.jsonl", "a") as index,
        ):
            audio_file.truncate(samples_at * 2)  # what a crash left behind
            feature_file.truncate(frames_at * 2 * self.key.channels)
            pitch_file.truncate(frames_at * 4)
            for utterance, audio, features, pitch in rows:
                for handle, data in ((audio_file, audio), (feature_file, features), (pitch_file, pitch)):
                    handle.write(np.ascontiguousarray(data).tobytes())
                    handle.flush()
                clip = CachedClip(
                    utterance.id,
                    utterance.speaker,
                    utterance.language,
                    samples_at,
                    len(audio),
                    frames_at,
                    len(features),
                )
                samples_at, frames_at = samples_at + len(audio), frames_at + len(features)
                index.write(json.dumps(asdict(clip)) + "\n")
                index.flush()
                self.clips.append(clip)

    def set_phones(self, phones: Mapping[str, Sequence[int] | np.ndarray]) -> None:
        """Replace the symbol ids of the clips."""
        rows = ({"id": name, "phones": [int(p) for p in ids]} for name, ids in phones.items())
        write_text(self.folder / "phones.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.phones = {name: np.asarray(ids, np.int32) for name, ids in phones.items()}

    @property
    def features(self) -> np.ndarray:
        """All frames of the corpus, (frames, channels) float16."""
        if self._features is None:
            self._features = np.memmap(self.folder / "features.f16", np.float16, "r").reshape(-1, self.key.channels)
        return self._features

    def item(self, index: int, tokens: np.ndarray | None = None, spoken: np.ndarray | None = None) -> Item:
        """One clip as training sees it; `tokens` and `spoken` are arrays of the whole corpus, two frames a token."""
        if self._audio is None:
            self._audio = np.memmap(self.folder / "audio.i16", np.int16, "r")
            self._pitch = np.memmap(self.folder / "pitch.f32", np.float32, "r")
        assert self._pitch is not None
        clip = self.clips[index]
        at = slice(clip.frames_at // 2, (clip.frames_at + clip.frames) // 2)
        return Item(
            id=clip.id,
            audio=self._audio[clip.samples_at : clip.samples_at + clip.samples],
            features=self.features[clip.frames_at : clip.frames_at + clip.frames],
            phones=self.phones[clip.id],
            tokens=None if tokens is None else tokens[at],
            spoken=None if spoken is None else spoken[at],
            pitch=self._pitch[clip.frames_at : clip.frames_at + clip.frames],
        )


def prepare(
    cache: CorpusCache,
    utterances: Sequence[Utterance],
    audio: AudioFolder,
    encode: Callable[[np.ndarray], np.ndarray],
    progress: Callable[[int, int], None],
    limits_s: tuple[float, float] = (0.6, 20.0),
) -> None:
    """Decode and encode the utterances that are not in the cache yet; clips outside `limits_s` are left out.

    `encode` maps float32 samples at 16 kHz to features (T, C) at 50 Hz. Two frames make a token, so an odd one is cut.
    """
    done = {clip.id for clip in cache.clips}
    rate = cache.key.sample_rate_hz

    def rows() -> Iterator[tuple[Utterance, np.ndarray, np.ndarray, np.ndarray]]:
        for position, utterance in enumerate(utterances):
            progress(position, len(utterances))
            if utterance.id in done:
                continue
            wav = read_audio(audio.read(utterance), rate)
            if not limits_s[0] <= len(wav) / rate <= limits_s[1]:
                continue
            wav = normalize_loudness(wav, rate)
            features = encode(resample(wav, rate, CONTENT_RATE_HZ)).astype(np.float16)
            features = features[: len(features) // 2 * 2]
            yield utterance, to_int16(wav), features, measure_pitch(wav, rate, len(features))

    cache.append(rows())


def normalize_loudness(wav: np.ndarray, rate_hz: int) -> np.ndarray:
    """Scale so that the blocks of 0.4 s with speech have `SPEECH_RMS`, and peaks stay below 0.99."""
    block = int(0.4 * rate_hz)
    starts = range(0, max(1, len(wav) - block + 1), block // 2)
    power = np.array([np.mean(np.square(wav[at : at + block])) for at in starts])
    loud = power[power > power.max() * 0.1]
    gain = SPEECH_RMS / max(float(np.sqrt(loud.mean())), 1e-4)
    return wav * np.float32(min(gain, 0.99 / max(float(np.abs(wav).max()), 1e-4)))


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new one, never half of it."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)
