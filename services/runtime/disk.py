"""Room on disk: what is free, what must stay free, and which errors say that there is none left."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from services.runtime.errors import DiskFullError

# No space, a quota, a limit on the size of files: each ends when somebody makes room.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# How libraries that hide the number say it: obstore (Rust), SQLite.
_FULL_TEXT = re.compile(
    rf"\(os error ({'|'.join(map(str, FULL))})\)|No space left on device|database or disk is full", re.IGNORECASE
)


def is_full(exc: BaseException) -> bool:
    """Whether an error, or one behind it, says that there is no room."""
    return any(
        (isinstance(each, OSError) and each.errno in FULL) or bool(_FULL_TEXT.search(str(each))) for each in _chain(exc)
    )


def check_room(folder: Path, needed_bytes: int, *, keep_free_bytes: int) -> None:
    """Raise DiskFullError unless the folder's disk has room for so much, and enough is left afterwards."""
    free = shutil.disk_usage(folder).free
    if free - needed_bytes < keep_free_bytes:
        raise DiskFullError(detail=f"{folder}: {free} bytes free, {needed_bytes} needed, {keep_free_bytes} to be kept")


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    following: BaseException | None = exc
    while following is not None and following not in seen:
        seen.append(following)
        yield following
        following = following.__cause__ or following.__context__
