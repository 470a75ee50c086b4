"""What can keep a corpus from being made."""


class SyntheticError(RuntimeError):
    """A corpus cannot be made here; the text is a sentence that says why and what to do."""
