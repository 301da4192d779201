"""Model files made by hand: the libraries that write them are large, and these are small."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FLOAT, INT32, INT64, DOUBLE = 1, 6, 7, 11
"""TensorProto.DataType."""
Shape = tuple["int | str | None", ...]


def varint(value: int) -> bytes:
    """A whole number; negative ones have ten bytes."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: int | bytes) -> bytes:
    """A field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def _dimension(size: int | str | None) -> bytes:
    if size is None:
        return field(1, b"")
    return field(1, field(1, size) if isinstance(size, int) else field(2, size.encode()))


def tensor(name: str, dtype: int = FLOAT, shape: Shape | None = ("n", 2)) -> bytes:
    """A ValueInfoProto."""
    kind = field(1, dtype)
    if shape is not None:
        kind += field(2, b"".join(map(_dimension, shape)))
    return field(1, name.encode()) + field(2, field(1, kind))


def weights(name: str, location: str | None = None) -> bytes:
    """A TensorProto of two float32, here or in another file."""
    here = field(9, bytes(8))
    if location is not None:
        entry = field(1, b"location") + field(2, location.encode())
        here = field(13, entry) + field(14, 1)
    return field(1, 2) + field(2, FLOAT) + field(8, name.encode()) + here


def node(operator: str, given: Sequence[str], answered: str) -> bytes:
    """A NodeProto with one output."""
    inputs = b"".join(field(1, name.encode()) for name in given)
    return inputs + field(2, answered.encode()) + field(4, operator.encode())


def onnx(
    inputs: Sequence[bytes] = (tensor("x"),),
    outputs: Sequence[bytes] = (tensor("p"),),
    *,
    nodes: Sequence[bytes] = (node("Identity", ["x"], "p"),),
    initializers: Sequence[bytes] = (),
    ir: int = 8,
    opsets: Mapping[str, int] | None = None,
) -> bytes:
    """A ModelProto."""
    graph = b"".join(field(1, each) for each in nodes) + field(2, b"g")
    graph += b"".join(field(5, each) for each in initializers)
    graph += b"".join(field(11, each) for each in inputs)
    graph += b"".join(field(12, each) for each in outputs)
    said = (opsets or {"": 13}).items()
    versions = b"".join(field(8, field(1, name.encode()) + field(2, n)) for name, n in said)
    return field(1, ir) + field(2, b"by hand") + field(7, graph) + versions


def signature(
    inputs: Mapping[str, tuple[int, Shape]], outputs: Mapping[str, tuple[int, Shape]]
) -> bytes:
    """A SignatureDef; sizes that are no number are free."""
    found = b""
    for number, tensors in ((1, inputs), (2, outputs)):
        for name, (dtype, shape) in tensors.items():
            sizes = (size if isinstance(size, int) else -1 for size in shape)
            dimensions = b"".join(field(2, field(1, size)) for size in sizes)
            info = field(1, f"{name}:0".encode()) + field(2, dtype) + field(3, dimensions)
            found += field(number, field(1, name.encode()) + field(2, info))
    return found


def savedmodel(folder: Path, signatures: Mapping[str, bytes], tag: str = "serve") -> Path:
    """A folder with a saved_model.pb and no weights."""
    entries = b"".join(
        field(5, field(1, name.encode()) + field(2, each)) for name, each in signatures.items()
    )
    graph = field(1, field(4, tag.encode()) + field(5, b"2.21.0")) + entries
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(field(1, 1) + field(2, graph))
    return folder


def keras(config: object) -> bytes:
    """As much of an HDF5 file as has to be there: its beginning, and a text somewhere in it."""
    text = json.dumps(config).encode()
    return b"\x89HDF\r\n\x1a\n" + bytes(100) + b'{"class_name": "Adam"}\x00' + text + bytes(50)


def torchscript(
    path: Path, names: Sequence[str] = ("code/m.py", "constants.pkl", "data.pkl")
) -> Path:
    """A zip with files of these names."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(f"m/{name}", b"x")
    return path
