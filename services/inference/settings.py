"""Settings of the inference service."""

from pydantic import Field

from services.runtime.settings import RuntimeSettings


class InferenceSettings(RuntimeSettings):
    """How much is spoken and kept loaded, and how long the recogniser may take."""

    port: int = Field(50055, ge=0, le=65535, description="Port of this service's gRPC server; 0 takes a free one.")
    loaded_voices: int = Field(2, ge=1, description="Voices kept in memory; the one unused for longest goes first.")
    speakers: int = Field(1, ge=1, description="Texts spoken at once for Synthesize; more wait for their turn.")
    max_text_chars: int = Field(10_000, ge=1, description="Longest text of one Synthesize call, in characters.")
    listen: bool = Field(
        True, description="Hear every sentence that is spoken for Synthesize, and speak it again when words are wrong."
    )
    transcribe_timeout_s: float = Field(120.0, gt=0, description="Deadline of one call to the recogniser.")
    transcribe_patience_s: float = Field(
        180.0, gt=0, description="How long an unreachable recogniser is asked again before the stage fails."
    )
