"""The models behind hubert_feature and semantic_token, loaded when first needed and then kept."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

import torch

from services.voice.checkpoint import build_sovits
from services.voice.content import ContentEncoder, load_content_encoder
from services.voice.pack import Pack
from services.voice.sovits import Sovits


class Models:
    """The content encoder and the SoVITS of one pack. Safe in threads."""

    def __init__(self, pack: Pack, models_dir: Path, device: str) -> None:
        self.pack = pack
        self._models_dir = models_dir
        self._device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        self._loading = threading.Lock()

    def content_encoder(self) -> ContentEncoder:
        """The encoder that the pack names."""
        with self._loading:
            return self._content_encoder

    def sovits(self) -> Sovits:
        """The pack's SoVITS, whose quantiser makes the tokens."""
        with self._loading:
            return self._sovits

    @cached_property
    def _content_encoder(self) -> ContentEncoder:
        return load_content_encoder(self.pack.content, self._models_dir, self._device, self.pack.path)

    @cached_property
    def _sovits(self) -> Sovits:
        return build_sovits(self.pack, self._device).eval().requires_grad_(False)
