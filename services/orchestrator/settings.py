"""Settings of the orchestrator."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.orchestrator.webhook_signature import keys_of
from services.runtime.settings import RuntimeSettings


class OrchestratorSettings(RuntimeSettings):
    """Where tasks are kept, how many run at once, and what is too much."""

    # A secret that is refused must not be quoted.
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    port: int = Field(50050, ge=0, le=65535, description="Port of the gRPC server; 0 takes a free one.")
    database_url: str = Field(
        "sqlite+aiosqlite:///.data/voiceloom.db", description="Task store: SQLite, or PostgreSQL through asyncpg."
    )
    database_pool_size: int = Field(10, ge=1, description="Connections to the task store that one process holds.")
    database_connect_timeout_s: float = Field(5.0, gt=0, description="Wait for a connection to the task store.")
    database_timeout_s: float = Field(30.0, gt=0, description="Longest statement, and longest wait for a lock.")

    heavy_slots: int = Field(1, ge=1, description="Stages of all kinds that may run at once: 1 on one machine.")
    stage_window: int = Field(4, ge=1, description="Stages of one kind released at once; the rest waits in the store.")
    max_concurrent_tasks: int = Field(4, ge=1, description="Stages of one kind that one owner may have running.")
    max_queued_tasks: int = Field(200, ge=1, description="Unfinished tasks; one more is refused (QUEUE_FULL).")

    lease_ttl_s: float = Field(15.0, gt=0, description="A lease that is not kept alive for so long is lost.")
    max_attempts: int = Field(5, ge=1, description="Tries of one stage without progress; one more fails the task.")
    backoff_s: float = Field(2.0, ge=0, description="Wait before the second try; doubled for each further one.")
    backoff_max_s: float = Field(60.0, ge=0, description="Longest wait before another try.")
    patience_s: float = Field(
        6 * 3600.0, ge=0, description="How long a stage is tried while a store is away or a disk is full."
    )
    tick_s: float = Field(1.0, gt=0, description="Time between looks at the store when nothing happens.")
    resend_s: float = Field(20.0, gt=0, description="A command that nobody claimed for so long is sent again.")

    max_upload_bytes: int = Field(500_000_000, ge=1, description="Largest upload; exactly this many bytes pass.")
    max_recording_s: float = Field(7200.0, gt=0, description="Longest recording; exactly this long passes.")
    max_transcript_chars: int = Field(300_000, ge=1, description="Longest transcript.")
    idempotency_keep_s: float = Field(24 * 3600.0, gt=0, description="How long an Idempotency-Key is remembered.")
    orphan_age_s: float = Field(
        24 * 3600.0, ge=3600.0, description="Objects that nobody owns go when they are older; an upload takes less."
    )
    inspect_timeout_s: float = Field(600.0, gt=0, description="Deadline of decoding an upload to its end.")
    report_timeout_s: float = Field(900.0, gt=0, description="Deadline of a report on an upload, waiting included.")
    measure_timeout_s: float = Field(150.0, gt=0, description="Deadline of measuring how fast this machine trains.")

    callback_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs webhooks: whsec_<base64 of 24 to 64 bytes>, several with blanks between; unset: none.",
    )
    callback_private: bool = Field(False, description="Whether webhooks may go to loopback and private addresses.")
    callback_timeout_s: float = Field(10.0, gt=0, description="Deadline of one webhook delivery.")
    callback_attempts: int = Field(10, ge=1, le=50, description="Tries of one webhook delivery.")
    callback_backoff_s: float = Field(5.0, gt=0, description="Wait after the first try; tripled for each further one.")
    callback_backoff_max_s: float = Field(4 * 3600.0, gt=0, description="Longest wait between two tries.")

    @field_validator("callback_secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr) -> SecretStr:
        keys_of(secret.get_secret_value())
        return secret
