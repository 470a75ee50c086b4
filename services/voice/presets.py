"""How long the presets train: the one decision that is neither the pack's nor the client's, and part of the contract.

It stands here because whoever says how long a task will take needs it, too, and knows no training.
"""

from dataclasses import dataclass

# A model is saved after every so many epochs, and after the last.
SAVE_EVERY_EPOCHS = {"sovits_train": 4, "gpt_train": 5}


@dataclass(frozen=True)
class Epochs:
    """How often each model sees the recording."""

    sovits: int
    gpt: int


PRESETS = {"fast": Epochs(4, 8), "standard": Epochs(8, 15), "high": Epochs(16, 30)}
DEFAULT_PRESET = "standard"


def saved_models(epochs: int, save_every_epochs: int) -> int:
    """How many models a run of so many epochs leaves."""
    return -(-epochs // save_every_epochs)
