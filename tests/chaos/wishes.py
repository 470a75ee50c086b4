"""What the clients of a run want: tasks of several owners, with what is done to each, from a seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

LOCAL = "local"
OWNERS = (LOCAL, LOCAL, LOCAL, "ada", "grace")
# Done to a task by hand, and how often.
NOTHING, CANCEL, CANCEL_RESUME, PURGE, PURGE_ENDED, RETRY = (
    "nothing",
    "cancel",
    "cancel_and_resume",
    "purge",
    "purge_ended",
    "retry",
)
HAND = (*(NOTHING,) * 11, CANCEL, *(CANCEL_RESUME,) * 2, PURGE, PURGE_ENDED, *(RETRY,) * 2)
HIT_STAGES = ("audio_slice", "asr", "hubert_feature", "sovits_train", "gpt_train")
RETRIED_STAGES = ("asr", "text_feature", "semantic_token", "sovits_train", "gpt_train")


@dataclass(frozen=True)
class Wish:
    """One task, and what is done to it."""

    number: int
    name: str
    owner: str
    # Which piece of the sample is uploaded; the same piece of the same owner is the same file.
    piece: int
    inference: bool
    deed: str
    # The stage during which it is done, or from which the task is run again.
    stage: str

    @property
    def over_rest(self) -> bool:
        """REST has one owner; the others speak gRPC."""
        return self.owner == LOCAL


def wishes(seed: int) -> Iterator[Wish]:
    """Tasks without end."""
    draw = random.Random(f"wishes/{seed}")
    hand: list[str] = []
    pieces = dict.fromkeys(OWNERS, 0)
    number = 0
    while True:
        number += 1
        if not hand:
            hand = list(HAND)
            draw.shuffle(hand)
        deed, owner = hand.pop(), draw.choice(OWNERS)
        # One in five asks for what its owner has had before: the cache answers, or it shares what is under way.
        if draw.random() > 0.2 or not pieces[owner]:
            pieces[owner] += 1
        stage = draw.choice(RETRIED_STAGES if deed == RETRY else HIT_STAGES)
        yield Wish(number, f"task-{seed}-{number}", owner, pieces[owner], draw.random() < 0.25, deed, stage)
