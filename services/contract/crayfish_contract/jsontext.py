"""The text of a JSON record: its fields and its float32 values, without what they mean.

All but 300 bytes of a record's text are its values, and nearly all of its cost is reading them:
orjson makes Python floats of them, and one call of `struct` packs those.
"""

from __future__ import annotations

from struct import error as struct_error
from struct import pack
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

DATA: Final = "data"
"""The key of the values, the only list of a record."""


def read_object(message: bytes, keys: range, words: int) -> tuple[dict[str, Any], Floats]:
    """Take an object apart that has one list, of numbers, under `DATA`.

    Args:
        message: UTF-8.
        keys: how many it may have, `DATA` among them; the caller knows which.
        words: how many of its values are strings.

    Returns:
        The other fields, and float32[n]: of each number the nearest float64, rounded to float32.

    Raises:
        ValueError: if it is not JSON, has another number of keys or words, has a key twice, or if
            the list has anything but numbers, or one beyond float32.
    """
    try:
        fields = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if type(fields) is not dict or len(fields) not in keys:
        raise ValueError(f"not an object with {keys[0]} to {keys[-1]} keys")
    start, end = message.find(b"["), message.rfind(b"]")
    # orjson takes the last of two equal keys: that there are none is seen by the quotation marks.
    quotes = message.count(b'"', 0, max(start, 0)) + message.count(b'"', end)
    if message.find(b'"', start, end) >= 0 or quotes != 2 * (len(fields) + words):
        raise ValueError("a key stands twice, or a value is not of its type")
    # To `struct` true and false are numbers; looking for a letter is far cheaper than for a word.
    if message.find(b"u", start, end) >= 0 or message.find(b"l", start, end) >= 0:
        raise ValueError(f"{DATA} is not a list of numbers")
    numbers = fields.pop(DATA, None)
    if type(numbers) is not list:
        raise ValueError(f"{DATA} is not a list of numbers")
    try:
        packed = pack(f"<{len(numbers)}f", *numbers)
    except struct_error:
        raise ValueError(f"{DATA} is not a list of numbers") from None
    except OverflowError:
        raise ValueError(f"{DATA} has a number that is no float32") from None
    return fields, np.frombuffer(packed, dtype="<f4")


def write_floats(values: Floats) -> bytes:
    """A list of finite float32 values; the notation is that of the codec's text.

    orjson gives the digits, `repr` of the same numbers the notation: orjson's own changes with its
    version (1e-05 or 0.00001).
    """
    digits = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    return repr(orjson.loads(digits)).replace(" ", "").encode()
