"""Writes a limit in the unit that people would use."""

_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB"))


def size_text(size_bytes: int) -> str:
    """A number of bytes as people read it: 500000000 is "500 MB", 1500 is "1.5 KB"."""
    for factor, unit in _UNITS:
        if size_bytes >= factor:
            return f"{size_bytes / factor:.4g} {unit}"
    return f"{size_bytes} B"
