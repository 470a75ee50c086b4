"""The stages of a task, what each needs, how much of the whole each is; pure functions over states and fractions."""

from __future__ import annotations

from collections.abc import Mapping

# In the order in which people see them; a stage may run when all that it needs is completed.
NEEDS: dict[str, tuple[str, ...]] = {
    "audio_slice": (),
    "asr": ("audio_slice",),
    "text_feature": ("asr",),
    "hubert_feature": ("audio_slice",),
    "semantic_token": ("hubert_feature",),
    "sovits_train": ("text_feature", "hubert_feature"),
    "gpt_train": ("text_feature", "semantic_token"),
    "inference": ("sovits_train", "gpt_train"),
}
STAGES = tuple(NEEDS)

# What a stage reads besides manifests: the recordings (also for their transcripts), or the user's own reference.
READS_RECORDINGS = ("audio_slice", "asr")
READS_REFERENCE = ("inference",)

# Share of the time of a usual task, in percent; what is skipped does not count.
WEIGHTS: dict[str, float] = {
    "audio_slice": 3,
    "asr": 10,
    "text_feature": 1,
    "hubert_feature": 4,
    "semantic_token": 2,
    "sovits_train": 48,
    "gpt_train": 20,
    "inference": 12,
}


def folder_of(task_id: str, stage: str) -> str:
    """Where a stage of a task puts its artifacts, under its leases."""
    return f"tasks/{task_id}/{stage}"


def runnable(states: Mapping[str, str]) -> list[str]:
    """Pending stages whose needs are met, in order. ``states`` maps every stage to its state."""
    return [
        stage
        for stage in STAGES
        if states[stage] == "pending" and all(states[need] == "completed" for need in NEEDS[stage])
    ]


def with_dependents(stage: str) -> set[str]:
    """A stage and all that need what it makes, directly or not."""
    found = {stage}
    for name in STAGES:  # what is needed stands before what needs it
        if found.intersection(NEEDS[name]):
            found.add(name)
    return found


def whole_progress(states: Mapping[str, str], fractions: Mapping[str, float]) -> float:
    """Progress of the task, 0..1, from the state and the own fraction of every stage."""
    counted = [stage for stage in STAGES if states[stage] != "skipped"]
    total = sum(WEIGHTS[stage] for stage in counted)
    done = sum(WEIGHTS[stage] * (1.0 if states[stage] == "completed" else fractions[stage]) for stage in counted)
    return min(1.0, done / total) if total else 1.0


def finished(states: Mapping[str, str]) -> bool:
    """Whether nothing is left to do."""
    return all(states[stage] in ("completed", "skipped") for stage in STAGES)
