"""What people who know the models may choose about slicing and training: `options.expert`, with its bounds."""

import math
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from voiceloom.pipeline.v1 import pipeline_pb2

# What slicing and training use where nothing is chosen (services/preprocessing/cuts.py, services/voice/presets.py).
USUAL_MIN_CLIP_S, USUAL_MAX_CLIP_S = 2.0, 12.0
USUAL_SAVE_EVERY_EPOCHS = {"sovits": 4, "gpt": 5}
# A clip holds this much that is no speech; one that is too long must be halved into two that are long enough.
PADS_S = 0.25
# Every saved model is kept, and inference listens to many of them.
MAX_SAVED_MODELS = 30

Epochs = Annotated[int, Field(ge=1, le=200)]
BatchSize = Annotated[int, Field(ge=1, le=64)]
Rate = Annotated[float, Field(ge=1e-6, le=1e-2, allow_inf_nan=False)]


class ExpertOptions(BaseModel):
    """Overrules the preset and the voice pack; what is not set is theirs to decide."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_clip_seconds: float | None = Field(None, ge=1, le=8, allow_inf_nan=False)
    max_clip_seconds: float | None = Field(None, ge=4, le=20, allow_inf_nan=False, validate_default=True)
    sovits_epochs: Epochs | None = None
    gpt_epochs: Epochs | None = None
    sovits_batch_size: BatchSize | None = None
    gpt_batch_size: BatchSize | None = None
    sovits_learning_rate: Rate | None = None
    gpt_learning_rate: Rate | None = None
    sovits_save_every_epochs: Epochs | None = Field(None, validate_default=True)
    gpt_save_every_epochs: Epochs | None = Field(None, validate_default=True)

    @field_validator("max_clip_seconds")
    @classmethod
    def _check_clips(cls, seconds: float | None, info: ValidationInfo) -> float | None:
        least = 2 * (info.data.get("min_clip_seconds") or USUAL_MIN_CLIP_S) + PADS_S
        if (seconds or USUAL_MAX_CLIP_S) < least:
            raise _too_small(least)
        return seconds

    @field_validator("sovits_save_every_epochs", "gpt_save_every_epochs")
    @classmethod
    def _check_models(cls, every: int | None, info: ValidationInfo) -> int | None:
        kind = str(info.field_name).removesuffix("_save_every_epochs")
        least = math.ceil((info.data.get(f"{kind}_epochs") or 0) / MAX_SAVED_MODELS)
        if (every or USUAL_SAVE_EVERY_EPOCHS[kind]) < least:
            raise _too_small(least)
        return every

    def to_proto(self) -> pipeline_pb2.Expert | None:
        """As the services take it; None when nothing was chosen."""
        given = self.model_dump(exclude_none=True)
        return pipeline_pb2.Expert(**{_proto_name(name): value for name, value in given.items()}) if given else None


def expert_view(task: pipeline_pb2.TaskOptions) -> ExpertOptions | None:
    """What was chosen for a task."""
    if not task.HasField("expert"):
        return None
    return ExpertOptions.model_construct(**_given(task.expert))


def _given(expert: pipeline_pb2.Expert) -> dict[str, Any]:
    names = ((name, _proto_name(name)) for name in ExpertOptions.model_fields)
    return {name: getattr(expert, proto) for name, proto in names if expert.HasField(proto)}


def _proto_name(name: str) -> str:
    return name.removesuffix("econds") if name.endswith("_seconds") else name


def _too_small(limit: float) -> PydanticCustomError:
    """What another field makes too small."""
    return PydanticCustomError("invalid.too_small", "too small", {"ge": f"{limit:g}"})
