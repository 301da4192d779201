"""The text of a JSON record: its fields and its values, without what they mean.

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
    from collections.abc import Sequence

    import numpy.typing as npt

    Values = npt.NDArray[np.generic]

DATA: Final = "data"
"""The key of the values, the only list of a record."""
_PACKED: Final = {
    "float32": "f", "float64": "d", "float16": "f", "int64": "q", "int32": "i", "uint8": "B",
    "bool": "B",
}  # fmt: skip
"""What `struct` calls each type; a float16 is read as the float32 that it must be exactly."""


def read_object(
    message: bytes, keys: range, words: Sequence[str]
) -> tuple[dict[str, Any], list[float]]:
    """Take an object apart that has one list, of numbers, under `DATA`.

    Args:
        message: UTF-8.
        keys: how many it may have, `DATA` among them; the caller knows which.
        words: those keys whose values are strings.

    Returns:
        The other fields, and the list's numbers: an int where the text has neither point nor
        exponent (and 64 bits hold it), otherwise the nearest float64.

    Raises:
        ValueError: if it is not JSON, has another number of keys or words, has a key twice, or if
            the list has anything that is true, false or null, or has quotation marks.
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
    strings = sum(name in fields for name in words)
    if message.find(b'"', start, end) >= 0 or quotes != 2 * (len(fields) + strings):
        raise ValueError("a key stands twice, or a value is not of its type")
    # To `struct` true and false are numbers; looking for a letter is far cheaper than for a word.
    if message.find(b"u", start, end) >= 0 or message.find(b"l", start, end) >= 0:
        raise ValueError(f"{DATA} is not a list of numbers")
    numbers = fields.pop(DATA, None)
    if type(numbers) is not list:
        raise ValueError(f"{DATA} is not a list of numbers")
    return fields, numbers


def read_values(dtype: str, numbers: list[float]) -> Values:
    """The numbers of a list as an array of the type with this name.

    Raises:
        ValueError: if one is no number, or none of this type.
    """
    try:
        packed = pack(f"<{len(numbers)}{_PACKED[dtype]}", *numbers)
    except struct_error:
        raise ValueError(f"{DATA} is not a list of numbers of {dtype}") from None
    except OverflowError:
        raise ValueError(f"{DATA} has a number that is no {dtype}") from None
    if dtype == "float16":
        return _as_float16(np.frombuffer(packed, dtype="<f4"))
    values: Values = np.frombuffer(packed, dtype=np.dtype(dtype).newbyteorder("<"))
    if dtype == "bool" and values.size and values.view(np.uint8).max() > 1:
        raise ValueError(f"{DATA} has a number that is no bool")
    return values


def _as_float16(values: npt.NDArray[np.float32]) -> Values:
    with np.errstate(over="ignore", under="ignore"):
        halves = values.astype("<f2")
    if not np.array_equal(halves.astype(np.float32), values):
        raise ValueError(f"{DATA} has a number that is no float16")
    return halves


def write_values(values: Values) -> bytes:
    """A list of finite values of one of our types; the notation is that of the codec's text.

    orjson gives the digits of a float32, `repr` of the same numbers the notation: orjson's own
    changes with its version (1e-05 or 0.00001). To all others `repr` gives both.
    """
    kind = values.dtype.name
    if kind in {"float32", "float16"}:
        numbers = np.ascontiguousarray(values, dtype=np.float32)
        listed = orjson.loads(orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY))
    else:
        listed = (values.astype(np.uint8) if kind == "bool" else values).tolist()
    return repr(listed).replace(" ", "").encode()
