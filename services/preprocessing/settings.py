"""Settings of the preprocessing service."""

from pydantic import Field

from services.preprocessing.audio_slice import SliceRules
from services.runtime.settings import RuntimeSettings
from services.voice.decode_limits import ChildLimits, DecodeLimits


class PreprocessingSettings(RuntimeSettings):
    """Limits on recordings, and what a usable clip is."""

    port: int = Field(50051, ge=0, le=65535, description="Port of this service's gRPC server; 0 takes a free one.")
    max_recording_s: float = Field(
        2 * 3600.0, gt=0, description="Longest recording, in seconds; exactly this long passes."
    )
    max_decoded_bytes: int = Field(16 * 2**30, gt=0, description="Most bytes that one recording may decode to.")
    decode_wait_s: float = Field(480.0, gt=0, description="Longest wait for one recording to be decoded, in seconds.")
    decode_cpu_s: float = Field(240.0, ge=1, description="Processor time that decoding one recording may take.")
    decode_memory_bytes: int = Field(
        384 * 2**20, ge=96 * 2**20, description="Private memory of the process that decodes one recording."
    )
    min_usable_s: float = Field(10.0, ge=0, description="Least usable speech a voice can be trained on, in seconds.")
    clip_lufs: float = Field(-23.0, ge=-50, le=-10, description="Loudness that every clip is brought to.")
    reports: int = Field(1, ge=1, description="Recordings reported on at once; more wait for their turn.")
    inspections: int = Field(2, ge=1, description="Recordings inspected at once; more wait for their turn.")

    @property
    def decode_limits(self) -> DecodeLimits:
        """The limits as the decoder takes them."""
        return DecodeLimits(self.max_recording_s, self.max_decoded_bytes)

    @property
    def child_limits(self) -> ChildLimits:
        """What decoding one recording may use up."""
        return ChildLimits(self.decode_wait_s, self.decode_cpu_s, self.decode_memory_bytes)

    @property
    def slice_rules(self) -> SliceRules:
        """The rules as audio_slice takes them."""
        return SliceRules(target_lufs=self.clip_lufs, min_usable_s=self.min_usable_s)
