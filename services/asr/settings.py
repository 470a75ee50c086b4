"""Settings of the speech recogniser."""

from pathlib import Path

from pydantic import Field

from services.asr.asr import AsrRules
from services.runtime.settings import RuntimeSettings


class AsrSettings(RuntimeSettings):
    """Which model listens, and how."""

    port: int = Field(50052, ge=0, le=65535, description="Port of this service's gRPC server; 0 takes a free one.")
    asr_model_dir: Path | None = Field(
        None, description="Folder of another faster-whisper model; unset: the bundled multilingual Whisper base."
    )
    asr_beam_size: int = Field(5, ge=1, le=20, description="Hypotheses kept while decoding.")
    asr_batch_size: int = Field(4, ge=1, le=64, description="Clips recognised at once.")
    max_transcribe_s: float = Field(60.0, gt=0, description="Longest recording of one Transcribe call, in seconds.")

    @property
    def rules(self) -> AsrRules:
        """The rules as the asr stage takes them."""
        return AsrRules(batch_size=self.asr_batch_size)
