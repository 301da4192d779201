"""The types that the values of a record may have, by the names that numpy knows them under.

A record carries a type's code; configs, the run config and messages its name.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

import numpy as np

DtypeName = Literal["float32", "float64", "float16", "int64", "int32", "uint8", "bool"]


class Dtype(IntEnum):
    """A type by its code. Values are little-endian; a bool is one byte, 0 or 1."""

    FLOAT32 = 0
    FLOAT64 = 1
    FLOAT16 = 2
    INT64 = 3
    INT32 = 4
    UINT8 = 5
    BOOL = 6

    @property
    def word(self) -> str:
        """Its name."""
        return _WORDS[self]

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The same type as numpy has it."""
        return _NUMPY[self]

    @property
    def is_float(self) -> bool:
        """Whether two values of it may differ by a rounding."""
        return self <= Dtype.FLOAT16


_WORDS: Final = tuple(each.name.lower() for each in Dtype)
_NUMPY: Final = tuple(np.dtype(word).newbyteorder("<") for word in _WORDS)
DTYPES: Final = {dtype.word: dtype for dtype in Dtype}
"""By name."""


def itemsize(name: str) -> int:
    """Bytes of one value of the type with this name."""
    return DTYPES[name].numpy.itemsize
