"""Leads a GPT through its text while it speaks: no early end, no running on, no left-out or repeated words.

A guided head (see GptConfig.guided_layers) looks at the phoneme that is spoken next. Left alone it sometimes looks at a
similar one elsewhere. So it may only look a little back and ahead of where it is, and that place decides when the
sentence may end and must end.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# A token lasts two frames of the aligner, which gives every phoneme at least one: it goes on by two phonemes at most.
BACK, AHEAD = 1, 2
# Tokens (25 a second) for which the last phoneme may be held before the sentence is over.
LONGEST_END = 12


@dataclass
class Reading:
    """Follows one sentence. Positions are those in the phonemes that the GPT was given, the prompt's included.

    `position` is at first the first phoneme to be spoken; `last` is the last one that is no pause.
    """

    position: int
    last: int
    _held: int = 0

    @property
    def window(self) -> tuple[int, int]:
        """The phonemes that may be looked at: from the first of these to before the second."""
        return max(0, self.position - BACK), self.position + AHEAD + 1

    def look(self, position: int) -> None:
        """The phoneme that the next token speaks."""
        self.position = position
        self._held = self._held + 1 if position >= self.last else 0

    @property
    def may_end(self) -> bool:
        """Whether the end of the text is near enough for the sentence to be over."""
        return self.position >= self.last - 1

    @property
    def must_end(self) -> bool:
        """Whether everything has been said for a while."""
        return self._held > LONGEST_END


def best_path(looks: Tensor) -> Tensor:
    """The likeliest way through a text that never goes back and never goes on by more than AHEAD phonemes.

    `looks` (T, N) are log-probabilities of looking at each phoneme. The result, (T,) int64, starts in the first AHEAD.
    """
    phones = looks.shape[1]
    start = torch.full((phones,), float("-inf"), device=looks.device)
    start[:AHEAD] = 0.0
    best, came_from = start + looks[0], []
    for row in looks[1:]:
        # Row k of the choices: from k phonemes before.
        choices = torch.stack([F.pad(best[: phones - k], (k, 0), value=float("-inf")) for k in range(AHEAD + 1)])
        best, step = choices.max(0)
        best = best + row
        came_from.append(step)
    path = [int(best.argmax())]
    for step in reversed(came_from):
        path.append(path[-1] - int(step[path[-1]]))
    return torch.tensor(path[::-1], device=looks.device)
