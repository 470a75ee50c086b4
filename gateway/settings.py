"""Settings of the gateway, read once from ``VOICELOOM_*`` variables by its ``__main__``."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
Words = Annotated[tuple[str, ...], NoDecode]


class GatewaySettings(BaseSettings):
    """Addresses, limits and timings of the HTTP side. Lists are written with commas."""

    model_config = SettingsConfigDict(env_prefix="VOICELOOM_", frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless told otherwise.")
    port: int = Field(8000, ge=0, le=65535, description="HTTP port; 0 takes a free one.")
    allowed_hosts: Words = Field(LOOPBACK_HOSTS, description='Host names that requests may name; "*" allows any.')
    allowed_origins: Words = Field(
        (), description="Web origins that may call from elsewhere, besides loopback and the gateway's own."
    )
    owner: str = Field("local", description="Owner of everything that is created here.")

    orchestrator_address: str = Field(
        "127.0.0.1:50050", description="host:port of the orchestrator; of several, IPv4 addresses with commas."
    )
    preprocessing_address: str = Field("127.0.0.1:50051", description="host:port of the preprocessing service.")
    asr_address: str = Field("127.0.0.1:50052", description="host:port of the speech recogniser.")
    features_address: str = Field("127.0.0.1:50053", description="host:port of the features service.")
    training_address: str = Field("127.0.0.1:50054", description="host:port of the training service.")
    inference_address: str = Field("127.0.0.1:50055", description="host:port of the inference service.")
    rpc_timeout_s: float = Field(10.0, gt=0, description="Deadline of short calls; waiting for a restart included.")
    upload_timeout_s: float = Field(3600.0, gt=0, description="Deadline of one upload, decoding included.")
    report_timeout_s: float = Field(930.0, gt=0, description="Deadline of a report on a recording.")
    estimate_timeout_s: float = Field(160.0, gt=0, description="Deadline of an estimate; the first one is measured.")
    speak_timeout_s: float = Field(300.0, gt=0, description="Deadline of one text that a voice is to say.")
    max_speaking: int = Field(4, ge=1, description="Texts spoken at once; one more is refused (SPEECH_BUSY).")
    health_timeout_s: float = Field(2.0, gt=0, description="Deadline of one health check.")

    max_upload_bytes: int = Field(500_000_000, gt=0, description="Largest recording; exactly this many bytes pass.")
    max_body_bytes: int = Field(1_048_576, gt=0, description="Largest body of any other request.")

    heartbeat_s: float = Field(10.0, gt=0, le=15, description="Longest silence of an event stream.")
    sse_buffer_events: int = Field(2048, ge=1, description="Recent events kept per followed task.")
    sse_max_subscribers: int = Field(2000, ge=1, description="Event streams open at once.")
    sse_send_timeout_s: float = Field(30.0, gt=0, description="A subscriber that reads nothing for so long is dropped.")
    shutdown_s: float = Field(5.0, gt=0, description="Time that running requests get when the process ends.")

    log_level: str = Field("info", description='"debug", "info", "warning" or "error".')
    log_json: bool | None = Field(None, description="JSON log lines; unset: JSON unless on a terminal.")

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value
