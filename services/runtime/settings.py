"""Settings that every service shares, read once from ``VOICELOOM_*`` variables by its ``__main__``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.object_store import checked_endpoint

REPOSITORY = Path(__file__).resolve().parents[2]


class RuntimeSettings(BaseSettings):
    """Addresses, folders and timings; each service subclasses this with its own port and its own dials."""

    model_config = SettingsConfigDict(
        env_prefix="VOICELOOM_", env_nested_delimiter="__", frozen=True, extra="ignore", protected_namespaces=()
    )

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless told otherwise.")
    port: int = Field(0, ge=0, le=65535, description="Port of this service's gRPC server; 0 takes a free one.")

    nats_url: str = Field("nats://127.0.0.1:4222", description="The broker.")
    orchestrator_address: str = Field(
        "127.0.0.1:50050", description="host:port of the orchestrator; of several, IPv4 addresses with commas."
    )
    preprocessing_address: str = Field("127.0.0.1:50051", description="host:port of the preprocessing service.")
    asr_address: str = Field("127.0.0.1:50052", description="host:port of the speech recogniser.")
    features_address: str = Field("127.0.0.1:50053", description="host:port of the features service.")
    training_address: str = Field("127.0.0.1:50054", description="host:port of the training service.")
    inference_address: str = Field("127.0.0.1:50055", description="host:port of the inference service.")

    artifacts_url: str = Field(".data/artifacts", description="A folder, or a bucket: s3://bucket/prefix.")
    artifacts_plaintext: bool = Field(
        False, description="Whether an endpoint outside this machine may be spoken to without TLS."
    )
    artifacts_endpoint: str = Field("", description="Address of an S3-compatible store; empty: AWS.")
    artifacts_region: str = Field("", description="Region of the bucket.")
    artifacts_key_id: str = Field("", description="Access key; empty: credentials come from the AWS environment.")
    artifacts_secret: SecretStr = Field(SecretStr(""), description="Secret of the access key.")
    artifacts_connect_timeout_s: float = Field(5.0, gt=0, description="Wait for a connection to the bucket.")
    artifacts_timeout_s: float = Field(60.0, gt=0, description="Deadline of one request to the bucket (a few MiB).")
    artifacts_retries: int = Field(6, ge=0, description="Tries of one such request after the first.")
    artifacts_retry_s: float = Field(30.0, gt=0, description="No further try after so long.")
    scratch_dir: Path | None = Field(None, description="Folder for temporary files of stages; unset: the system's own.")
    pack_dir: Path = Field(REPOSITORY / "packs" / "mini", description="The voice pack in use.")
    models_dir: Path = Field(
        Path(sys.prefix) / "share" / "voiceloom" / "models", description="Where joined model files are kept."
    )
    device: str = Field("auto", description='"auto", "cpu" or "cuda".')
    threads: int = Field(0, ge=0, description="Compute threads; 0 leaves it to the library.")

    log_level: str = Field("info", description='"debug", "info", "warning" or "error".')
    log_json: bool | None = Field(None, description="JSON log lines; unset: JSON unless on a terminal.")
    reflection: bool = Field(True, description="Whether the gRPC server describes itself to clients.")

    ack_wait_s: float = Field(12.0, gt=0, description="Silence after which the broker hands a command on.")
    fetch_wait_s: float = Field(5.0, gt=0, description="One wait of an idle worker for a command.")
    rpc_timeout_s: float = Field(10.0, gt=0, description="Deadline of short calls between services.")
    drain_s: float = Field(8.0, gt=0, description="Time that running work gets to stop when the process ends.")
    stage_timeout_s: float = Field(24 * 3600.0, gt=0, description="A stage that takes longer fails (STAGE_TIMEOUT).")
    stage_cache: bool = Field(True, description="Take over what the same owner's equal work has left.")
    stall_s: float = Field(600.0, gt=0, description="A stage without a sign of progress for so long is stopped.")
    stage_stall_s: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description='The same for single stages, as JSON: {"asr": 1200}.'
    )
    stall_grace_s: float = Field(20.0, gt=0, description="A stalled stage that stays away longer ends its process.")
    min_free_bytes: int = Field(
        500_000_000, ge=0, description="Room that uploads and stages leave on the disks of artifacts and scratch."
    )
    progress_interval_s: float = Field(0.25, gt=0, description="Least time between two progress reports of a stage.")

    @field_validator("artifacts_endpoint")
    @classmethod
    def _endpoint(cls, value: str, info: ValidationInfo) -> str:
        return checked_endpoint(value, plaintext=bool(info.data.get("artifacts_plaintext")))

    def public(self) -> dict[str, Any]:
        """All settings for the log, without the passwords that an address may carry."""
        return {
            name: re.sub(r"//[^/]*@", "//***@", value) if isinstance(value, str) else value
            for name, value in self.model_dump(mode="json").items()
        }
