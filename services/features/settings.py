"""Settings of the features service."""

from pydantic import Field

from services.runtime.settings import RuntimeSettings


class FeaturesSettings(RuntimeSettings):
    """Where the service listens, and what it answers."""

    port: int = Field(50053, ge=0, le=65535, description="Port of this service's gRPC server; 0 takes a free one.")
    max_text_chars: int = Field(10_000, ge=1, description="Longest text of one Phonemize call, in characters.")
