"""DNSMOS (Reddy et al. 2022, arXiv 2110.01763): listeners' mean opinion, 1..5, estimated without a reference.

Made to rate noise suppression: it hears noise, distortion and artefacts, and hardly hears wrong intonation. The
networks are those in the wheel speechmos, whose own code is not used since it wants librosa and pandas.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from services.voice.mel import mel_filters

RATE_HZ = 16_000
# What the networks were trained on; shorter recordings are repeated, longer ones read in steps of a second.
WINDOW = int(9.01 * RATE_HZ)
# The overall network's mel input: 120 bands, 20 ms windows, 10 ms steps, without the last 10 ms.
N_MELS, N_FFT, HOP = 120, 321, 160
# From the networks' scale to that of listeners, published with them: coefficients from the highest power down.
_SPEECH = (-0.08397278, 1.22083953, 0.0052439)
_OVERALL = (-0.06766283, 1.11546468, 0.04602535)


class Dnsmos:
    """Both networks, loaded once."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._parts = onnxruntime.InferenceSession(
            str(folder / "sig_bak_ovr.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._whole = onnxruntime.InferenceSession(
            str(folder / "model_v8.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._filters = torch.from_numpy(mel_filters(RATE_HZ, N_FFT, N_MELS))
        self._window = torch.hann_window(N_FFT)

    def rate(self, wav: np.ndarray) -> dict[str, float]:
        """Samples (N,) float32 at 16 kHz -> "ovrl" and "sig" (P.835), "p808"; empty for an empty recording."""
        if not len(wav):
            return {}
        wav = np.tile(wav, -(-WINDOW // len(wav)))[: max(WINDOW, len(wav))].astype(np.float32)
        scores = []
        for start in range(0, len(wav) - WINDOW + 1, RATE_HZ):
            piece = wav[start : start + WINDOW]
            speech, _, overall = self._parts.run(None, {"input_1": piece[None]})[0][0]
            (p808,) = self._whole.run(None, {"input_1": self._mel(piece[:-HOP])[None]})[0][0]
            scores.append((np.polyval(_OVERALL, overall), np.polyval(_SPEECH, speech), p808))
        means = np.mean(scores, axis=0)
        return dict(zip(("ovrl", "sig", "p808"), map(float, means), strict=True))

    def _mel(self, wav: np.ndarray) -> np.ndarray:
        """(N,) -> (frames, 120): decibels below the loudest, at most 80, moved to -1..1."""
        spectrum = torch.stft(
            torch.from_numpy(wav),
            N_FFT,
            HOP,
            window=self._window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = (self._filters @ spectrum.abs().square()).clamp(min=1e-10)
        decibels = 10.0 * (power / power.max()).log10()
        return ((decibels.clamp(min=-80.0) + 40.0) / 40.0).T.contiguous().numpy()
