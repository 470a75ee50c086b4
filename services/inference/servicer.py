"""gRPC side of inference: Synthesize and ListVoices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

import grpc.aio
import numpy as np
from google.protobuf.message import Message
from safetensors.numpy import load

from services.inference.reference import choose_reference, speaking_pace
from services.inference.settings import InferenceSettings
from services.inference.voices import Models, Voice, Voices
from services.inference.worker import Recogniser, float_samples, mistakes_heard, speaking_options, usable_clips
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, NotReadyError, UnavailableError
from services.runtime.log import log
from services.runtime.scratch import scratch_folder
from services.runtime.stage import StopFlag
from services.voice.audio import read_wav, to_int16
from services.voice.synthesis import PAUSE_S, Speaker
from voiceloom.inference.v1 import inference_pb2, inference_pb2_grpc
from voiceloom.pipeline.v1 import manifest_pb2

M = TypeVar("M", bound=Message)


class InferenceServicer(inference_pb2_grpc.InferenceServiceServicer):
    """Speaks with the voices of completed tasks."""

    def __init__(self, settings: InferenceSettings, artifacts: ArtifactStore, models: Models) -> None:
        self._settings = settings
        self._artifacts = artifacts
        self._models = models
        self._voices = Voices(settings.loaded_voices)
        self._turns = asyncio.Semaphore(settings.speakers)

    async def Synthesize(
        self, request: inference_pb2.SynthesizeRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[inference_pb2.SynthesizeResponse]:
        """Yield a response per sentence; a caller who goes away stops the speaking."""
        gone = StopFlag()
        async with self._turns:
            pieces = self._speak(request, gone)
            try:
                while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                    yield piece
            finally:
                gone.set("the caller went away")

    async def ListVoices(
        self, request: inference_pb2.ListVoicesRequest, context: grpc.aio.ServicerContext
    ) -> inference_pb2.ListVoicesResponse:
        """The voices in memory, and the pack."""
        pack = self._models.pack
        return inference_pb2.ListVoicesResponse(
            voices=[
                inference_pb2.Voice(voice_id=voice.voice_id, sovits=voice.sovits, gpt=voice.gpt)
                for voice in self._voices.loaded()
            ],
            pack=inference_pb2.Pack(
                name=pack.name,
                family=pack.family,
                version=pack.version,
                languages=pack.languages,
                sample_rate_hz=pack.sample_rate_hz,
                licence=pack.licence,
                sha256=pack.sha256,
            ),
        )

    def _speak(
        self, request: inference_pb2.SynthesizeRequest, gone: StopFlag
    ) -> Iterator[inference_pb2.SynthesizeResponse]:
        self._check(request)
        stages = [request.manifests[stage].sha256 for stage in sorted(request.manifests)]
        voice = self._voices.get([request.voice_id, *stages], lambda: self._load(request))
        self._models.check_language(request.language or voice.language)
        rate = voice.speaker.sample_rate_hz
        pause = np.zeros(0, np.float32)
        options = speaking_options(request.synthesis, self._models.pack.sampling)
        with Recogniser(self._settings, gone, patience_s=0.0) as recogniser:
            listen = Listener(recogniser, rate) if self._settings.listen else None
            for passage in self._models.passages(request.text, request.language or voice.language):
                check = gone.raise_if_set
                for spoken in voice.speaker.sentences(passage.text, passage.language, options, check, listen):
                    pcm = to_int16(np.concatenate([pause, spoken.wav])).tobytes()
                    yield inference_pb2.SynthesizeResponse(pcm=pcm, sample_rate_hz=rate, text=spoken.text)
                    pause = np.zeros(int(PAUSE_S * rate), np.float32)

    def _check(self, request: inference_pb2.SynthesizeRequest) -> None:
        if len(request.text) > self._settings.max_text_chars:
            raise InvalidInputError("TEXT_TOO_LONG", limit=self._settings.max_text_chars)
        if request.synthesis.ref_audio_id or request.synthesis.ref_text:
            raise InvalidInputError("INVALID_REQUEST", problem="a voice speaks with its own reference")
        if not {"sovits_train", "gpt_train"} <= set(request.manifests):
            raise NotReadyError("VOICE_NOT_READY")

    def _load(self, request: inference_pb2.SynthesizeRequest) -> Voice:
        """The best pair when the inference stage has judged them, else the last of each kind."""
        judged = self._manifest(request, "inference", manifest_pb2.InferenceManifest)
        transcripts = self._manifest(request, "asr", manifest_pb2.AsrManifest)
        if transcripts is None:
            raise NotReadyError("VOICE_NOT_READY", detail="no manifest of asr")
        sovits = self._chosen(request, "sovits_train", judged.best_sovits if judged else "")
        gpt = self._chosen(request, "gpt_train", judged.best_gpt if judged else "")
        with scratch_folder(self._settings.scratch_dir, "voice") as folder:
            loaded_sovits = self._models.sovits(self._artifacts.get_file(sovits.ref, folder / "sovits.pth"))
            loaded_gpt = self._models.gpt(self._artifacts.get_file(gpt.ref, folder / "gpt.ckpt"))
            if judged:
                wav, rate = read_wav(self._artifacts.get_file(judged.ref_audio_ref, folder / "reference.wav"))
                text, pace = judged.ref_text, judged.pace_phonemes_per_s
            else:
                wav, rate, text, pace = self._own_reference(request, transcripts)
        prompt = self._models.prompt(loaded_sovits, wav, rate, text, transcripts.language)
        speaker = Speaker(loaded_gpt, loaded_sovits, prompt, pace)
        return Voice(request.voice_id, sovits.filename, gpt.filename, transcripts.language, speaker)

    def _own_reference(
        self, request: inference_pb2.SynthesizeRequest, transcripts: manifest_pb2.AsrManifest
    ) -> tuple[np.ndarray, int, str, float]:
        """A reference chosen from the slices, for a task whose inference was disabled: sound, rate, words, pace."""
        slices = self._manifest(request, "audio_slice", manifest_pb2.AudioSliceManifest)
        if slices is None:
            raise NotReadyError("VOICE_NOT_READY", detail="no manifest of audio_slice")
        clips = usable_clips(
            slices, transcripts, self._manifest(request, "text_feature", manifest_pb2.TextFeatureManifest)
        )
        reference = choose_reference(clips)
        samples = float_samples(load(self._artifacts.get_bytes(slices.clips_ref)), clips)
        wav = reference.audio(samples, slices.sample_rate_hz)
        return wav, slices.sample_rate_hz, reference.text, speaking_pace(clips)

    def _chosen(self, request: inference_pb2.SynthesizeRequest, stage: str, filename: str) -> manifest_pb2.Model:
        """The model of that name, or the last one."""
        trained = self._manifest(request, stage, manifest_pb2.TrainManifest)
        models = sorted(trained.models if trained else (), key=lambda model: (model.epoch, model.step))
        if not models:
            raise NotReadyError("VOICE_NOT_READY", detail=f"{stage} left no model")
        return next((model for model in models if model.filename == filename), models[-1])

    def _manifest(self, request: inference_pb2.SynthesizeRequest, stage: str, cls: type[M]) -> M | None:
        if stage not in request.manifests:
            return None
        return cls.FromString(self._artifacts.get_bytes(request.manifests[stage]))


class Listener:
    """Counts the mistakes of a sentence, until the recogniser is away: speech unheard is better than none."""

    def __init__(self, recogniser: Recogniser, rate_hz: int) -> None:
        self._recogniser, self._rate_hz, self._away = recogniser, rate_hz, False

    def __call__(self, wav: np.ndarray, text: str, language: str) -> float:
        if self._away:
            return 0.0
        try:
            return mistakes_heard(self._recogniser, self._rate_hz, wav, text, language)
        except UnavailableError as exc:
            self._away = True
            log.warning("spoken_unheard", code=exc.code)
            return 0.0
