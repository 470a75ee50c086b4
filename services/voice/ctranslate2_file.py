"""Reads the weights of a CTranslate2 model file (`model.bin`, binary version 6) into numpy arrays.

Layout, little-endian (CTranslate2, python/ctranslate2/specs/model_spec.py): u32 version, string spec name,
u32 revision, u32 count, then per variable: string name, u8 rank, u32 per dimension, u8 type, u32 bytes, data. A string
is a u16 length, which counts the closing zero byte, and the bytes. Aliases follow; encoders have none.
"""

import mmap
import struct
from pathlib import Path

import numpy as np

BINARY_VERSION = 6
# Type numbers of CTranslate2; bfloat16 (5) has no numpy type and is not used by the models we bundle.
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_variables(path: Path, prefix: str) -> dict[str, np.ndarray]:
    """Returns copies of the variables whose names begin with `prefix`, in their stored types.

    Raises:
        ValueError: the file is not of the supported version, cut short, or holds a type that numpy lacks.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _read(_Cursor(data), prefix)
        except struct.error as exc:
            raise ValueError(f"{path.name} ends in the middle of a variable") from exc


class _Cursor:
    """A position in the file."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def number(self, fmt: str) -> int:
        (value,) = struct.unpack_from("<" + fmt, self.data, self.at)
        self.at += struct.calcsize(fmt)
        return int(value)

    def string(self) -> str:
        return self.take(self.number("H")).rstrip(b"\0").decode()

    def take(self, size: int) -> bytes:
        chunk = self.data[self.at : self.at + size]
        if len(chunk) != size:
            raise struct.error("short read")
        self.at += size
        return chunk


def _read(cursor: _Cursor, prefix: str) -> dict[str, np.ndarray]:
    version = cursor.number("I")
    if version != BINARY_VERSION:
        raise ValueError(f"CTranslate2 binary version {version} is not supported, only {BINARY_VERSION}")
    cursor.string()  # name of the model specification
    cursor.number("I")  # its revision
    variables = {}
    for _ in range(cursor.number("I")):
        name = cursor.string()
        shape = tuple(cursor.number("I") for _ in range(cursor.number("B")))
        type_number, size = cursor.number("B"), cursor.number("I")
        if not name.startswith(prefix):
            cursor.at += size
            continue
        if type_number not in _DTYPES:
            raise ValueError(f"variable {name} has the unsupported type number {type_number}")
        variables[name] = np.frombuffer(cursor.take(size), dtype=_DTYPES[type_number]).reshape(shape)
    return variables
