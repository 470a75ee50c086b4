"""Where in its text a GPT is while it speaks, and what follows from it: no early end, no running on, no left-out words.

A guided head (see GptConfig.guided_layers) looks at the phoneme that is spoken next. One look can be wrong, so nothing
is decided by less than several.
"""

from dataclasses import dataclass

# A step forward of more phonemes than this leaves some out; one back of as many says something again.
FARTHEST_STEP = 5
# Tokens (25 a second) for which the last phoneme may be held before the sentence is over.
LONGEST_END = 12


@dataclass
class Reading:
    """Follows one sentence. Positions are those in the phonemes that the GPT was given, the prompt's included.

    `start` is the first phoneme to be spoken, `last` the last one that is no pause.
    """

    start: int
    last: int
    position: int = -1
    reached: int = -1
    left_out: int = 0
    """Phonemes that were passed over."""
    said_again: int = 0
    """How often it went back."""
    _held: int = 0
    _doubt: int = 0

    def look(self, position: int) -> None:
        """Where the guided head looks for the next token."""
        position = max(position, self.start)
        if self.reached < 0:
            self.position = self.reached = position
            self.left_out += max(0, position - self.start - FARTHEST_STEP)
            return
        if position < self.position - FARTHEST_STEP:
            # Believed when it stays there: a stray look is over with the next token.
            self._doubt += 1
            if self._doubt < 3:
                return
            self.said_again += 1
        elif position > self.reached + FARTHEST_STEP:
            self._doubt += 1
            if self._doubt < 3:
                return
            self.left_out += position - self.reached - 1
        self._doubt = 0
        self.position = position
        self.reached = max(self.reached, position)
        self._held = self._held + 1 if position >= self.last else 0

    @property
    def may_end(self) -> bool:
        """Whether the end of the text is near enough for the sentence to be over."""
        return self.reached >= self.last - 1

    @property
    def must_end(self) -> bool:
        """Whether everything has been said for a while."""
        return self._held > LONGEST_END
