"""gRPC side of features: Phonemize."""

import asyncio

import grpc.aio

from services.features.settings import FeaturesSettings
from services.runtime.errors import InvalidInputError
from services.voice.errors import LanguageError
from services.voice.text import Phonemes, phonemize, supported
from voiceloom.features.v1 import features_pb2, features_pb2_grpc


class FeaturesServicer(features_pb2_grpc.FeaturesServiceServicer):
    """Answers questions about texts."""

    def __init__(self, settings: FeaturesSettings) -> None:
        self._settings = settings

    async def Phonemize(
        self, request: features_pb2.PhonemizeRequest, context: grpc.aio.ServicerContext
    ) -> features_pb2.PhonemizeResponse:
        """Normalise a text and turn it into symbols."""
        found = await asyncio.to_thread(self._phonemize, request.text, request.language)
        return features_pb2.PhonemizeResponse(
            normalized_text=found.normalized_text, phonemes=found.phonemes, ids=found.ids, word2ph=found.word2ph
        )

    def _phonemize(self, text: str, language: str) -> Phonemes:
        if len(text) > self._settings.max_text_chars:
            raise InvalidInputError("INVALID_REQUEST", detail=f"text of {len(text)} characters")
        try:
            return phonemize(text, language)
        except LanguageError as error:
            raise InvalidInputError(
                "LANGUAGE_UNSUPPORTED", detail=str(error), language=language, languages=", ".join(supported())
            ) from error
