"""Runs the stage inference: models and slices in, spoken and scored outputs and a manifest out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import grpc
import numpy as np

from services.inference.inference import (
    DEFAULT_TEXTS,
    LISTENING_HZ,
    Candidate,
    Judge,
    Read,
    Weights,
    audition,
    best_candidate,
    count_candidates,
    share_of_mistakes,
)
from services.inference.reference import (
    Clip,
    Heard,
    Reference,
    Word,
    choose_reference,
    fit_recording,
    speaking_pace,
    usable_clip,
)
from services.inference.settings import InferenceSettings
from services.inference.voices import Models
from services.runtime.errors import StageFailedError, UnavailableError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.recipe import Recipe
from services.runtime.stage import StageContext, StopFlag
from services.voice.audio import resample, write_wav
from services.voice.errors import DecoderLostError, VoiceError
from services.voice.gpt import Gpt
from services.voice.isolated import IsolatedReader
from services.voice.pack import Sampling
from services.voice.script import language_of
from services.voice.sovits import Sovits
from services.voice.synthesis import Prompt, Speaker, SpeakingOptions, Spoken, join, match_level, speech_level
from services.voice.text import phonemize
from voiceloom.asr.v1 import asr_pb2, asr_pb2_grpc
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef, Synthesis

_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED)
# Share of a candidate's time that is speaking; the rest is scoring.
_SPEAKING_SHARE = 0.7
# Of a given reference, at most this much is decoded.
_GIVEN_S = 60.0


class Recogniser:
    """Asks the asr service, and asks again while it is away."""

    def __init__(self, settings: InferenceSettings, stop: StopFlag, patience_s: float | None = None) -> None:
        """`patience_s` replaces that of the settings."""
        self._settings = settings
        self._stop = stop
        self._patience_s = settings.transcribe_patience_s if patience_s is None else patience_s
        self._channel = grpc.insecure_channel(settings.asr_address, options=[("grpc.enable_http_proxy", 0)])
        self._stub = asr_pb2_grpc.AsrServiceStub(self._channel)

    def __enter__(self) -> Recogniser:
        return self

    def __exit__(self, *exc: object) -> None:
        self._channel.close()

    def hear(self, wav: np.ndarray, sample_rate_hz: int, language: str, *, word_times: bool = False) -> Heard:
        """Words in a recording (N,) float32; empty when there are none. Raises UnavailableError, StoppedError."""
        at_16k = resample(wav, sample_rate_hz, LISTENING_HZ)
        pcm = np.round(np.clip(at_16k, -1, 1) * 32767).astype("<i2").tobytes()
        request = asr_pb2.TranscribeRequest(pcm_16khz=pcm, language=language, word_times=word_times)
        patience_ends = time.monotonic() + self._patience_s
        while True:
            self._stop.raise_if_set()
            try:
                answer = self._stub.Transcribe(request, timeout=self._settings.transcribe_timeout_s)
                break
            except grpc.RpcError as exc:
                error = from_rpc_error(exc)
                if error.code == "NO_SPEECH_RECOGNISED":
                    return Heard("")
                if exc.code() not in _AWAY or time.monotonic() > patience_ends:
                    raise error from exc
                self._stop.wait(1.0)
        return Heard(answer.text, tuple(Word(word.text, word.start_s, word.end_s) for word in answer.words))


class InferenceWorker:
    """The stage function of inference for one voice pack."""

    def __init__(self, settings: InferenceSettings, models: Models) -> None:
        self._settings = settings
        self._models = models

    def __call__(self, ctx: StageContext) -> manifest_pb2.InferenceManifest:
        """Raises InvalidInputError (TARGET_TEXT_EMPTY, NO_SPEECH_RECOGNISED, LANGUAGE_UNSUPPORTED) or UnavailableError
        (the recogniser stays away).
        """
        with Recogniser(self._settings, ctx.stop) as recogniser:
            return _Run(ctx, self._models, recogniser).manifest()


class _Run:
    """One lease of the stage."""

    def __init__(self, ctx: StageContext, models: Models, recogniser: Recogniser) -> None:
        self.ctx, self.models, self.recogniser = ctx, models, recogniser
        self.synthesis = ctx.claim.options.inference
        self.options = speaking_options(self.synthesis, self.models.pack.sampling)
        slices = ctx.manifest("audio_slice", manifest_pb2.AudioSliceManifest)
        transcripts = ctx.manifest("asr", manifest_pb2.AsrManifest)
        self.language = transcripts.language or ctx.claim.detected_language
        models.check_language(self.language)
        self.text = self.synthesis.target_text.strip() or DEFAULT_TEXTS[self.language]
        self.passages = models.passages(self.text, self.language)
        self.rate = slices.sample_rate_hz
        self.clips = usable_clips(slices, transcripts, ctx.manifest("text_feature", manifest_pb2.TextFeatureManifest))
        self.samples = float_samples(ctx.read_tensors(slices.clips_ref), self.clips)
        self.pace = speaking_pace(self.clips)
        self.sovits = self._models_of("sovits_train")
        self.gpts = self._models_of("gpt_train")
        self.loaded_gpt: tuple[str, Gpt] | None = None
        self.loaded_sovits: tuple[str, Sovits] | None = None
        self.done = 0
        self.started = time.monotonic()
        self.total = count_candidates(len(self.gpts), len(self.sovits))

    def manifest(self) -> manifest_pb2.InferenceManifest:
        self._progress(0.0, "inference.speaking")
        wav, text, reference = self._reference()
        any_sovits = self._sovits(next(iter(self.sovits)))  # what makes the prompt is frozen in training
        prompt = self.models.prompt(any_sovits, wav, self.rate, text, self.language)
        judge = Judge(
            lambda heard, language: self.recogniser.hear(heard, LISTENING_HZ, language).text,
            self.models.speaker_encoder,
            self._other_clips(reference),
            self.rate,
        )
        gpts, sovits = ([_to_weights(model) for model in models.values()] for models in (self.gpts, self.sovits))
        candidates = audition(gpts, sovits, partial(self._try_pair, prompt, judge))
        best = best_candidate(candidates)
        return manifest_pb2.InferenceManifest(
            provenance=self.ctx.provenance(
                pack_name=self.models.pack.name, pack_sha256=self.models.pack.sha256, seed=self.options.seed
            ),
            ref_text=text,
            ref_audio_ref=self._put_wav("reference.wav", wav),
            ref_clip_id=reference.clip_ids[0] if reference else "",
            target_text=self.text,
            outputs=[self._to_output(n, candidate, candidate is best) for n, candidate in enumerate(candidates)],
            pace_phonemes_per_s=self.pace,
            best_sovits=best.sovits.filename,
            best_gpt=best.gpt.filename,
        )

    def _models_of(self, stage: str) -> dict[str, manifest_pb2.Model]:
        models = self.ctx.manifest(stage, manifest_pb2.TrainManifest).models
        if not models:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{stage} left no model")
        return {model.filename: model for model in models}

    def _reference(self) -> tuple[np.ndarray, str, Reference | None]:
        """The reference's sound and words, and the choice among the slices unless the user's own recording serves."""
        if self.ctx.claim.HasField("ref_audio"):
            given = self._given_reference()
            if given is not None:
                return (*given, None)
            self.ctx.log("warning", "inference.reference_unfit")
        reference = choose_reference(self.clips)
        self.ctx.log("info", "inference.reference", clip=", ".join(reference.clip_ids))
        return reference.audio(self.samples, self.rate), reference.text, reference

    def _given_reference(self) -> tuple[np.ndarray, str] | None:
        file = self.ctx.claim.ref_audio
        path = self.ctx.artifacts.get_file(file.ref, self.ctx.scratch / "given_reference")
        try:
            wav = _beginning(path, self.rate, self.ctx.stop.raise_if_set)
        except DecoderLostError as exc:
            raise UnavailableError("UNAVAILABLE", detail=str(exc)) from exc
        except VoiceError:  # damaged since it was uploaded
            return None
        hear = partial(self.recogniser.hear, sample_rate_hz=self.rate, language=self.language, word_times=True)
        fitted = fit_recording(wav, self.rate, self.synthesis.ref_text or file.transcript, hear)
        if fitted is None or not phonemize(fitted[1], language_of(fitted[1], self.language, self.models.languages)):
            return None
        level = float(np.median([speech_level(samples) for samples in self.samples.values()]))
        return match_level(fitted[0], level), fitted[1]

    def _other_clips(self, reference: Reference | None) -> list[np.ndarray]:
        """Clips to judge likeness by, longest first: any but the reference, unless there is no other."""
        used = reference.clip_ids if reference else ()
        clips = [clip for clip in self.clips if clip.id not in used] or list(self.clips)
        clips.sort(key=lambda clip: (-clip.seconds, clip.id))
        return [resample(self.samples[clip.id], self.rate, LISTENING_HZ).astype(np.float32) for clip in clips]

    def _try_pair(self, prompt: Prompt, judge: Judge, gpt: Weights, sovits: Weights) -> Candidate:
        self._progress(0.0, "inference.speaking")
        speaker = Speaker(self._gpt(gpt.filename), self._sovits(sovits.filename), prompt, self.pace)
        check, listen = self.ctx.step, partial(mistakes_heard, self.recogniser, self.rate)
        readings = [
            Read(part, list(speaker.sentences(part.text, part.language, self.options, check, listen)))
            for part in self.passages
        ]
        sentences = [sentence for read in readings for sentence in read.sentences]
        self._progress(_SPEAKING_SHARE, "inference.scoring")
        self._tell(gpt, sovits, sentences)
        scores = judge.score(readings)
        self.done += 1
        self._progress(0.0, "inference.scoring")
        wav = join([sentence.wav for sentence in sentences], self.rate)
        # Models that produce nothing audible still have an output that plays.
        return Candidate(gpt, sovits, wav if len(wav) else np.zeros(self.rate // 2, np.float32), scores)

    def _tell(self, gpt: Weights, sovits: Weights, sentences: Sequence[Spoken]) -> None:
        """Say which pairs needed several tries."""
        again = sum(sentence.attempts - 1 for sentence in sentences)
        if again:
            self.ctx.log("info", "inference.again", output=self._filename(gpt, sovits), times=again)
        if any(sentence.flaw for sentence in sentences):
            self.ctx.log("warning", "inference.flawed", output=self._filename(gpt, sovits))

    def _progress(self, part: float, key: str) -> None:
        self.ctx.stop.raise_if_set()
        left_s = (time.monotonic() - self.started) / self.done * (self.total - self.done) if self.done else None
        self.ctx.progress((self.done + part) / self.total, key, eta_s=left_s, done=self.done, total=self.total)

    def _sovits(self, filename: str) -> Sovits:
        """One at a time is kept."""
        if self.loaded_sovits is None or self.loaded_sovits[0] != filename:
            path = self._fetch(self.sovits[filename].ref, "sovits.pth")
            self.loaded_sovits = (filename, self.models.sovits(path))
        return self.loaded_sovits[1]

    def _gpt(self, filename: str) -> Gpt:
        if self.loaded_gpt is None or self.loaded_gpt[0] != filename:
            self.loaded_gpt = (filename, self.models.gpt(self._fetch(self.gpts[filename].ref, "gpt.ckpt")))
        return self.loaded_gpt[1]

    def _fetch(self, ref: ArtifactRef, name: str) -> Path:
        return self.ctx.artifacts.get_file(ref, self.ctx.scratch / name)

    def _put_wav(self, name: str, wav: np.ndarray) -> ArtifactRef:
        path = self.ctx.scratch / name
        write_wav(path, wav, self.rate)
        return self.ctx.put_file(name, path)

    def _filename(self, gpt: Weights, sovits: Weights) -> str:
        return filename_of(self.ctx.exp_name, gpt.epoch, sovits.epoch)

    def _to_output(self, number: int, candidate: Candidate, best: bool) -> manifest_pb2.Output:
        scores = candidate.scores
        return manifest_pb2.Output(
            filename=self._filename(candidate.gpt, candidate.sovits),
            ref=self._put_wav(f"output_{number}.wav", candidate.wav),
            gpt=self.gpts[candidate.gpt.filename],
            sovits=self.sovits[candidate.sovits.filename],
            seconds=len(candidate.wav) / self.rate,
            heard_text=scores.heard_text,
            word_error_rate=scores.word_error_rate,
            speaker_similarity=scores.speaker_similarity,
            speech_ratio=scores.speech_ratio,
            length_ratio=scores.length_ratio,
            best=best,
        )


def inference_recipe(pack_sha256: str, code: str) -> Recipe:
    """What decides what is spoken. Without a seed of the client's it is 0, so the same request speaks the same.

    Which recogniser judges shows in its confidences in what asr has left.
    """
    spoken = ("target_text", "ref_text", "top_k", "top_p", "temperature", "repetition_penalty", "speed", "seed")
    return Recipe(
        makes=manifest_pb2.InferenceManifest,
        code=code,
        pack_sha256=pack_sha256,
        reads={
            "audio_slice": manifest_pb2.AudioSliceManifest,
            "asr": manifest_pb2.AsrManifest,
            "text_feature": manifest_pb2.TextFeatureManifest,
            "sovits_train": manifest_pb2.TrainManifest,
            "gpt_train": manifest_pb2.TrainManifest,
        },
        claims=(
            *(f"options.inference.{name}" for name in spoken),
            "ref_audio.ref",
            "ref_audio.transcript",
            "detected_language",
        ),
        take_over=_use_own_models,
    )


def _use_own_models(ctx: StageContext, manifest: manifest_pb2.InferenceManifest) -> None:
    """Have outputs name the models of this task, which are the same under names and keys of its own."""
    gpts, sovits = (
        {model.epoch: model for model in ctx.manifest(stage, manifest_pb2.TrainManifest).models}
        for stage in ("gpt_train", "sovits_train")
    )
    for output in manifest.outputs:
        own = gpts.get(output.gpt.epoch), sovits.get(output.sovits.epoch)
        if own[0] is None or own[1] is None:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{output.filename} was spoken by other models")
        output.gpt.CopyFrom(own[0])
        output.sovits.CopyFrom(own[1])
        output.filename = filename_of(ctx.exp_name, output.gpt.epoch, output.sovits.epoch)
        if output.best:
            manifest.best_gpt, manifest.best_sovits = output.gpt.filename, output.sovits.filename


def filename_of(exp_name: str, gpt_epoch: int, sovits_epoch: int) -> str:
    """Name of an output as people see it."""
    return f"{exp_name}_sovits-e{sovits_epoch}_gpt-e{gpt_epoch}.wav"


def _beginning(path: Path, sample_rate_hz: int, check_stop: Callable[[], None]) -> np.ndarray:
    """The first minute of a recording, however long it is. Raises VoiceError when it cannot be decoded."""
    parts: list[np.ndarray] = []
    with IsolatedReader(path, check=check_stop) as reader:
        for block in reader.blocks():
            parts.append(block)
            if reader.seconds >= _GIVEN_S:
                break
        rate = reader.sample_rate_hz
    wav = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return resample(wav, rate, sample_rate_hz).astype(np.float32) if len(wav) else wav


def mistakes_heard(recogniser: Recogniser, rate: int, wav: np.ndarray, text: str, language: str) -> float:
    """What `Speaker` wants to know of a sentence (N,): the share of its words that were not heard."""
    return share_of_mistakes(text, recogniser.hear(wav, rate, language).text, language)


def speaking_options(synthesis: Synthesis, sampling: Sampling) -> SpeakingOptions:
    """What the client set, and the pack's defaults for the rest."""
    names = ("top_k", "top_p", "temperature", "repetition_penalty", "speed", "seed")
    asked = {name: getattr(synthesis, name) for name in names if synthesis.HasField(name)}
    return SpeakingOptions(**{**asdict(sampling), **asked})


def usable_clips(
    slices: manifest_pb2.AudioSliceManifest,
    transcripts: manifest_pb2.AsrManifest,
    trained: manifest_pb2.TextFeatureManifest | None,
) -> list[Clip]:
    """Clips that every stage kept, with what the choice of a reference wants to know. A person's words win."""
    rows = {row.clip_id: row for row in transcripts.transcripts if row.kept}
    texts = {row.clip_id: row for row in trained.rows if row.kept} if trained else {}
    clips = []
    for clip in slices.clips:
        row, text = rows.get(clip.id), texts.get(clip.id)
        if row is None or not clip.kept or (trained and text is None):
            continue
        corrected = text is not None and text.corrected
        # Where the words lie is known of those that were heard.
        words = () if corrected else tuple(Word(word.text, word.start_s, word.end_s) for word in row.words)
        usable = usable_clip(
            clip.id,
            clip.seconds,
            text.text if text is not None and corrected else row.text,
            transcripts.language,
            confidence=row.confidence,
            snr_db=clip.snr_db,
            words=words,
        )
        if usable is not None:
            clips.append(usable)
    return clips


def float_samples(tensors: Mapping[str, np.ndarray], clips: Sequence[Clip]) -> dict[str, np.ndarray]:
    """Samples of the usable clips: (N,) float32 in -1..1 by clip id."""
    return {clip.id: tensors[clip.id].astype(np.float32) / 32768.0 for clip in clips}


def _to_weights(model: manifest_pb2.Model) -> Weights:
    return Weights(model.filename, model.epoch, model.step)
