"""Writes tests/contract/vectors: what every codec must read and write exactly, or must refuse.

Run it when the record's layout gets a new version, or for a new case:
`python tests/contract/make_vectors.py`. index.json says of each file its format, its header and its
values, as bit patterns too. refused.json holds messages that must not be scored: those that no
codec may read (`by` is `codec`), and those that are records, but not requests for a model of two
float32 values (`scorer`). numbers.json has spellings of numbers in a JSON list, and the bits of the
float32 and of the float64 that each is. answers-DTYPE.onnx gives its two float32 values back as
another type, takes-DTYPE.onnx gives two values of that type back as they are, and
adds-constant.onnx, of two int32, the sum with its further input `offset` as float32, times `scale`;
two-answers.onnx gives them back negated (`other`) and as they are (`answer`), one-point.onnx as
they are, one point a call; large-point.onnx takes an image of ResNet50's size and gives the mean
of each colour. The folders there are SavedModels: make_savedmodels.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from crayfish_contract.codec import (
    CODECS,
    CodecError,
    Header,
    Reason,
    RecordFormat,
    Segment,
    Status,
    failed,
)
from crayfish_contract.dtypes import Dtype

FOLDER = Path(__file__).parent / "vectors"
T = 1_700_000_000_000_000_000
ODD_FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 0.0001, 0.00009999, 1e-05, 123456789.0, 16777216.0,
    999999.94, 9.9999998e15, 1e16, 1e21, 3.4028235e38, -3.4028235e38, 1.1754944e-38, 1e-45,
    1048576.25, 1048576.75, 2.0**-44, 2.0**-96, 2.0**87, 2.0**90, 5.877472e-39, 0.3, 100.0, 8.5e-44,
)  # fmt: skip


EDGES: dict[Dtype, tuple[float, ...]] = {
    Dtype.FLOAT32: (0.0, -0.0, 1e-45, 1.1754944e-38, 3.4028235e38, -3.4028235e38),
    Dtype.FLOAT64: (
        0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
        -1.7976931348623157e308, 0.1, 1 / 3, 1e-05, 0.0001, 123456789.0, 9007199254740993.0, 1e16,
        9999999999999998.0, 1e21, 1e22, 1e23, 2.0**-44, 5e-323, 2e-44, 4.35, 9.5367431640625e-07,
    ),
    Dtype.FLOAT16: (
        0.0, -0.0, 2.0**-24, 2.0**-14, 65504.0, -65504.0, 0.0999755859375, 0.333251953125, 1e-05,
        2048.0, 0.00010001659393310547,
    ),
    Dtype.INT64: (0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1, 10**16),
    Dtype.INT32: (0, 1, -1, 2**31 - 1, -(2**31), 16777217),
    Dtype.UINT8: (0, 1, 127, 128, 255),
    Dtype.BOOL: (0, 1, 1, 0),
}  # fmt: skip
"""Values that are easily written or read wrongly."""


def edge_cases() -> dict[str, tuple[Header, list[float]]]:
    """A request and a result of each type, and a result of another type than its request's."""
    found = {}
    for dtype, edges in EDGES.items():
        header = Header(Segment.MEASURED, 7, T, T + 1500, 1, len(edges), dtype=dtype)
        scored = header._replace(
            is_result=True, status=Status.OK, received_ns=T + 1, scored_ns=T + 2, batch=2, values=3,
            outputs=len(edges), waited_us=9 if dtype is Dtype.INT64 else 0,
        )  # fmt: skip
        found[f"request-{dtype.word}"] = (header, list(edges))
        found[f"result-{dtype.word}"] = (scored, [*edges, *reversed(edges)])
    header = Header(Segment.WARMUP, 8, T, T, 1, 0, True, Status.OK, T, T, 2, dtype=Dtype.BOOL)
    found["result-no-values"] = (header, [1, 0])
    nothing = Header(Segment.MEASURED, 9, T, T, 0, 2, dtype=Dtype.INT32)
    found["request-empty-int32"] = (nothing, [])
    for dtype in (Dtype.FLOAT64, Dtype.FLOAT16):
        header = Header(Segment.MEASURED, 7, T, T, 1, 3, dtype=dtype)
        found[f"request-not-finite-{dtype.word}"] = (header, [float("nan"), np.inf, -np.inf])
    return found


def cases() -> dict[str, tuple[Header, list[float]]]:
    """Name -> header and values."""
    request = Header(Segment.MEASURED, 7, T, T + 1500, 2, 3)
    result = request._replace(
        is_result=True, status=Status.OK, received_ns=T + 2_000_000, scored_ns=T + 3_000_001,
        outputs=2,
    )  # fmt: skip
    many = len(ODD_FLOATS)
    return {
        "request": (request._replace(batch=1), [0.5, 0.25, 1.0]),
        "request-batch": (request, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        "request-canary": (Header(Segment.CANARY, 0, T, T, 1, 1), [0.0]),
        "request-warmup": (Header(Segment.WARMUP, 2**63 + 1, T, T + 1, 1, 1), [-1.5]),
        "request-empty": (Header(Segment.MEASURED, 1, 0, 0, 0, 784), []),
        "request-floats": (Header(Segment.MEASURED, 2**64 - 1, T, -1, 1, many), list(ODD_FLOATS)),
        "result": (result._replace(batch=1), [0.75, 0.25]),
        "result-batch": (result, [0.1, 0.9, 0.2, 0.8]),
        "result-canary": (result._replace(segment=Segment.CANARY, batch=1), [1.0, 0.0]),
        "result-failed": (failed(request, T + 2_000_000, T + 2_000_007), []),
        "result-late": (
            failed(request, T + 2_000_000, T + 2_000_007, Reason.DEADLINE)._replace(waited_us=5),
            [],
        ),
        "result-waited": (result._replace(waited_us=2**32 - 1), [0.1, 0.9, 0.2, 0.8]),
        "result-not-finite": (result, [float("nan"), float("inf"), float("-inf"), 0.0]),
        **edge_cases(),
    }


TEXT_ERRORS = (
    ("0.5", "NaN"),
    ("0.5", "Infinity"),
    ("0.5", "1e39"),
    ("0.5", '"0.5"'),
    ("0.5", "[0.5]"),
    ("0.5", "true"),
    ("0.5", "false"),
    ("0.5", "null"),
    ("0.5", "100000000000000000000,null"),
    ("0.5", '100000000000000000000,"1"'),
    ("0.5", "100000000000000000000,{}"),
    ("0.5", "100000000000000000000,[1]"),
    ("0.5", "true,false"),
    ("[0.5,1.5]", "[true,false]"),
    ("0.5,", ""),
    ("[0.5,1.5]", "{}"),
    ("[0.5,1.5]", "null"),
    ('"id":7', '"id":7.5'),
    ('"id":7', '"id":7.0'),
    ('"id":7', '"id":-1'),
    ('"id":7', '"id":true'),
    ('"id":7', '"id":"7"'),
    ('"id":7', '"id":18446744073709551616'),
    ('"id":7', '"id":7,"id":8'),
    ('"id":7', '"number":7'),
    ('"id":7', '"id":7,"more":1'),
    ('"id":7,', ""),
    ('"received_ns":0,', ""),
    ('"scored_ns":0,', ""),
    ('"outputs":0,', ""),
    (',"data":[0.5,1.5]', ""),
    ("[0.5,1.5]", "2"),
    ("[0.5,1.5]", '"data"'),
    ("[0.5,1.5]", '[0.5,1.5],"data":[0.5,1.5]'),
    ("[0.5,1.5]", '[0.5,1.5],"more":[0.5,1.5]'),
    ("0.5,", "0.5,,"),
    ("0.5,", ",0.5"),
    ("0.5,", "0.5 "),
    ("1.5]", "1.5,]"),
    ("1.5]", "1.5"),
    ("1.5]}", "1.5"),
    ("1.5]", "1.5]]"),
    ('"outputs"', '"out[0.5,1.5]puts"'),
    ("measured", "meas[0.5,1.5]ured"),
    ('"id":7', '"id":[7]'),
    ('"batch":1', '"batch":true'),
    ('"intended_ns":1', '"intended_ns":9223372036854775808'),
    ('"version":2', '"version":1'),
    ('"version":2', '"version":3'),
    ('"version":2', '"version":true'),
    ('"version":2', '"version":2.0'),
    ('"version":2', '"version":2e0'),
    ('"version":2', '"version":"2"'),
    ('"data"', '"dtype":"float32","data"'),
    ('"data"', '"dtype":"int64","data"'),
    ('"data"', '"dtype":"bool","data"'),
    ('"data"', '"dtype":"int8","data"'),
    ('"data"', '"dtype":"Float64","data"'),
    ('"data"', '"dtype":"","data"'),
    ('"data"', '"dtype":1,"data"'),
    ('"data"', '"dtype":null,"data"'),
    ('"data"', '"dtype":"float64","dtype":"float64","data"'),
    ("measured", "other"),
    ("measured", "Measured"),
    ("pending", "PENDING"),
    ("pending", "pend\u0131ng"),  # its upper case is ASCII
    ('"request"', '"answer"'),
    ('"request"', '"result"'),
    ("pending", "ok"),
    ('"outputs":0', '"outputs":2'),
    ('"outputs":0', '"outputs":0,"reason":1'),
    ('"outputs":0', '"outputs":0,"reason":6'),
    ('"outputs":0', '"outputs":0,"reason":"deadline"'),
    ('"outputs":0', '"outputs":0,"waited_us":1'),
    ('"outputs":0', '"outputs":0,"waited_us":4294967296'),
    ('"outputs":0,', '"reason":0,'),
    ("CRAY", "FISH"),
    ("}", ""),
    ("}", "}}"),
    ("}", "}{}"),
)
"""What stands in the text of a good request, and what is put there."""
NOT_OF_TYPE: dict[Dtype, tuple[str, ...]] = {
    Dtype.FLOAT64: ("1e309", "-1e309", "1" + "0" * 400, "true", "NaN"),
    Dtype.FLOAT16: ("0.1", "65505.0", "65520.0", "1e39", "1e-08", "2049.0", "2049", "-1e-45"),
    Dtype.INT64: (
        "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1.5", "1.0", "1e0",
        "-0.0", "01", "true", "null", '"1"', "[1]", "+1", "1" + "0" * 30,
    ),
    Dtype.INT32: ("2147483648", "-2147483649", "4294967296", "1.5", "1.0", "-0.0", "1E2", "false"),
    Dtype.UINT8: ("256", "-1", "1.5", "1.0", "-0.0", "257", "65536"),
    Dtype.BOOL: ("2", "-1", "256", "true", "false", "1.0", "0.0", "-0.0", "1e0", "0.5"),
}  # fmt: skip
"""What must not stand in a list of this type."""
NO_NUMBERS = (
    "01", "00.5", "-01", "+1", ".5", "-.5", "1.", "1.e5", "-", "", "1e", "1e+", "1e-", "1ee5",
    "1.5.5", "- 1", "1 5", "0x10", "0x1p3", "1f", "1d", "1_0", "1L", "--1", "1-1", "\u0661", "inf",
    "-Infinity", "-NaN", "nan", "1e400", "-1e400", "3.4028236e38", "1e39", "9" * 40,
    "1" + "0" * 400, "1e99999999999999999999",
)  # fmt: skip
"""What must not stand in a list of numbers: no JSON, or beyond float32."""
NUMBERS = (
    "0", "-0", "-0.0", "0.0", "7", "-7", "1e5", "1E5", "1e+05", "1.5E-3", "0e0", "0.0e-400",
    "0e400", "1e-400", "-1e-400", "123456789012345678", "1234567890123456789",
    "12345678901234567890", "123456789012345678901234567890", "9007199254740993",
    "9007199254740993.0", "0.000000000000000000000000000001", "1e-22", "1e22", "1e-23", "1e23",
    "0.1234567890123456789", "0.50000000000000000000000000001", "3.4028235e38", "3.40282356e38",
    "1e-45", "7e-46", "8e-46", "16777217", "16777217.0", "16777217.000000000000001",
    "1.00000005960464477539062500000001", "0.47318864", "8.5e-44", "1" + "0" * 38,
    "0." + "0" * 30 + "12345678", "0.1" + "0" * 1100,
)  # fmt: skip
"""All of JSON's spellings, also those that no codec of ours writes."""
BYTE_ERRORS = (
    ("magic", 0, b"X"),
    ("version-1", 4, b"\x01"),
    ("version-3", 4, b"\x03"),
    ("no-segment", 5, b"\x00"),
    ("all-segments", 5, b"\x07"),
    ("float64-of-half-the-length", 5, b"\x0c"),
    ("float16-of-twice-the-length", 5, b"\x14"),
    ("dtype-7", 5, b"\x3c"),
    ("dtype-9", 5, b"\x4c"),
    ("dtype-15", 5, b"\x7c"),
    ("result-pending", 5, b"\x84"),
    ("request-ok", 6, b"\x01"),
    ("request-failed", 6, b"\x02"),
    ("unknown-status", 6, b"\x03"),
    ("reason", 7, b"\x01"),
    ("unknown-reason", 7, b"\x06"),
    ("batch-2", 48, b"\x02"),
    ("values-3", 52, b"\x03"),
    ("outputs-2", 56, b"\x02"),
    ("waited", 60, b"\x01"),
)
"""Name, offset in a good binary request, and what is put there."""


def refused() -> list[dict[str, str]]:
    """Messages that must not be scored; those of `scorer` have the values of two points' shape."""
    request = Header(Segment.MEASURED, 7, 1, 2, 1, 2)
    data = np.array([0.5, 1.5], dtype=np.float32)
    binary, text = (CODECS[kind].encode(request, data) for kind in RecordFormat)
    assert list(RecordFormat) == [RecordFormat.BINARY, RecordFormat.JSON]
    found = [("empty", "binary", "codec", b""), ("empty", "json", "codec", b"")]
    for old, new in TEXT_ERRORS:
        wrong = text.decode().replace(old, new, 1).encode()
        assert wrong != text
        found.append((f"{old} -> {new}", "json", "codec", wrong))
    for number in NO_NUMBERS:
        wrong = text.replace(b"0.5", number.encode())
        found.append((f"number {number[:30]}", "json", "codec", wrong))
    found += [
        (encoding, "json", "codec", text.decode().encode(encoding))
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-16", "utf-8-sig")
    ]
    for dtype, words in NOT_OF_TYPE.items():
        zeros = np.zeros(2, dtype.numpy)
        good = CODECS[RecordFormat.JSON].encode(request._replace(dtype=dtype), zeros)
        first = b"[0.0," if dtype.is_float else b"[0,"
        assert first in good
        found += [
            (
                f"{dtype.word} {word[:30]}",
                "json",
                "codec",
                good.replace(first, f"[{word},".encode()),
            )
            for word in words
        ]
    flags = CODECS[RecordFormat.BINARY].encode(
        request._replace(dtype=Dtype.BOOL), np.array([True, False])
    )
    for byte in (2, 128, 255):
        found.append((f"bool-{byte}", "binary", "codec", flags[:-1] + bytes([byte])))
    lost = CODECS[RecordFormat.BINARY].encode(failed(request, 3, 4), data[:0])
    found.append(("failed-dtype", "binary", "codec", lost[:5] + b"\x8c" + lost[6:]))
    lost = CODECS[RecordFormat.JSON].encode(failed(request, 3, 4), data[:0])
    lost = lost.replace(b'"data"', b'"dtype":"int32","data"')
    found.append(("failed-dtype", "json", "codec", lost))
    for name, offset, value in BYTE_ERRORS:
        changed = binary[:offset] + value + binary[offset + len(value) :]
        found.append((name, "binary", "codec", changed))
    found += [
        ("short-header", "binary", "codec", binary[:63]),
        ("short-values", "binary", "codec", binary[:-1]),
        ("long-values", "binary", "codec", binary + b"\0"),
    ]
    # With as many outputs as the request has values: nothing but its kind tells it from a request.
    scored = request._replace(is_result=True, status=Status.OK, outputs=2)
    for kind, codec in CODECS.items():
        found += [
            ("result", kind, "scorer", codec.encode(scored, data)),
            ("failed-result", kind, "scorer", codec.encode(failed(request, 3, 4), data[:0])),
            ("no-points", kind, "scorer", codec.encode(request._replace(batch=0), data[:0])),
            ("other-values", kind, "scorer", codec.encode(request._replace(values=1), data[:1])),
            (
                "other-dtype",
                kind,
                "scorer",
                codec.encode(request._replace(dtype=Dtype.INT32), data.astype(np.int32)),
            ),
            (
                "wider-dtype",
                kind,
                "scorer",
                codec.encode(request._replace(dtype=Dtype.FLOAT64), data.astype(np.float64)),
            ),
        ]
    return [
        {"name": name, "format": str(kind), "by": by, "hex": message.hex()}
        for name, kind, by, message in found
    ]


def numbers() -> list[dict[str, str]]:
    """What a number in a JSON list is read as: the nearest float64, and of that the float32."""
    found = []
    for text in NUMBERS:
        number = np.float64(float(json.loads(text)))
        found.append(
            {
                "text": text,
                "bits": f"{np.float32(number).view(np.uint32):08x}",
                "bits64": f"{number.view(np.uint64):016x}",
            }
        )
    return found


ONNX_TYPES = {
    "float32": 1, "float64": 11, "float16": 10, "int64": 7, "int32": 6, "uint8": 2, "bool": 9,
}  # fmt: skip
"""TensorProto.DataType of onnx.proto3."""
_FLOAT32, _INT32 = 1, 6
_OPSET, _IR_VERSION = 13, 8


def _field(number: int, value: int | bytes) -> bytes:
    """A protobuf field: a small number, or bytes of less than 16384."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, *_varint(len(value))]) + value


def _varint(number: int) -> list[int]:
    assert number < 1 << 14
    return [number] if number < 128 else [number & 0x7F | 0x80, number >> 7]


def _tensor(
    name: bytes, kind: int, batch: int | None = None, point: tuple[int, ...] = (2,)
) -> bytes:
    """A ValueInfoProto of shape (n, *point), or with a number in the place of n."""
    first = _field(2, b"n") if batch is None else _field(1, batch)
    return _value_info(name, kind, [first, *(_size(size) for size in point)])


def _size(size: int) -> bytes:
    return bytes([8, *_varint(size)])


def _value_info(name: bytes, kind: int, sizes: list[bytes]) -> bytes:
    shape = b"".join(_field(1, size) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _node(
    operator: bytes, inputs: tuple[bytes, ...], output: bytes, to: int | None = None
) -> bytes:
    """A node of a graph; `to` is what a Cast makes."""
    attribute = b""
    if to is not None:
        attribute = _field(5, _field(1, b"to") + _field(3, to) + b"\xa0\x01\x02")  # 20: type INT
    taken = b"".join(_field(1, name) for name in inputs)
    return _field(1, taken + _field(2, output) + _field(4, operator) + attribute)


def cast_model(source: int, target: int) -> bytes:
    """An ONNX model of one Cast; written by hand, because the library that does it is large."""
    graph = (
        _node(b"Cast", (b"points",), b"answer", target)
        + _field(2, b"cast")
        + _field(11, _tensor(b"points", source))
        + _field(12, _tensor(b"answer", target))
    )
    return _model(graph)


def constant_model() -> bytes:
    """(points + offset) as float32, times scale: offset is int32[1, 2], scale a float32 scalar."""
    graph = (
        _node(b"Add", (b"points", b"offset"), b"sum")
        + _node(b"Cast", (b"sum",), b"floats", _FLOAT32)
        + _node(b"Mul", (b"floats", b"scale"), b"answer")
        + _field(2, b"constant")
        + _field(11, _tensor(b"points", _INT32))
        + _field(11, _tensor(b"offset", _INT32, 1))
        + _field(11, _value_info(b"scale", _FLOAT32, []))
        + _field(12, _tensor(b"answer", _FLOAT32))
    )
    return _model(graph)


def _model(graph: bytes) -> bytes:
    return _field(1, _IR_VERSION) + _field(7, graph) + _field(8, _field(2, _OPSET))


def answers_model(outputs: dict[bytes, bytes], batch: int | None = None) -> bytes:
    """An ONNX model with these outputs, each an operator of the points."""
    graph = (
        b"".join(_node(operator, (b"points",), name) for name, operator in outputs.items())
        + _field(2, b"answers")
        + _field(11, _tensor(b"points", _FLOAT32, batch))
        + b"".join(_field(12, _tensor(name, _FLOAT32, batch)) for name in outputs)
    )
    return _model(graph)


def large_model() -> bytes:
    """An ONNX model of one GlobalAveragePool: as many bytes come in as of ResNet50, few go out."""
    graph = (
        _node(b"GlobalAveragePool", (b"points",), b"answer")
        + _field(2, b"large")
        + _field(11, _tensor(b"points", _FLOAT32, point=(3, 224, 224)))
        + _field(12, _tensor(b"answer", _FLOAT32, point=(3, 1, 1)))
    )
    return _model(graph)


def main() -> None:
    """Write every case in each format that can hold it."""
    FOLDER.mkdir(exist_ok=True)
    index = []
    for name, (header, values) in cases().items():
        data = np.array(values, dtype=header.dtype.numpy)
        for record_format, codec in CODECS.items():
            try:
                message = codec.encode(header, data)
            except CodecError:
                continue  # not finite, in JSON
            suffix = "bin" if record_format is RecordFormat.BINARY else "json"
            file = f"{name}.{suffix}"
            (FOLDER / file).write_bytes(message)
            index.append(
                {
                    "file": file,
                    "format": record_format,
                    "header": {
                        **header._asdict(),
                        "segment": header.segment.name.lower(),
                        "status": header.status.name.lower(),
                        "dtype": header.dtype.word,
                    },
                    "data": [str(value) for value in data],
                    "data_bits": [value.tobytes()[::-1].hex() for value in data],
                    "hex": message.hex(),
                }
            )
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    for name, kind in ONNX_TYPES.items():
        if kind != _FLOAT32:
            (FOLDER / f"answers-{name}.onnx").write_bytes(cast_model(_FLOAT32, kind))
            (FOLDER / f"takes-{name}.onnx").write_bytes(cast_model(kind, kind))
    (FOLDER / "adds-constant.onnx").write_bytes(constant_model())
    two = answers_model({b"other": b"Neg", b"answer": b"Identity"})
    (FOLDER / "two-answers.onnx").write_bytes(two)
    (FOLDER / "one-point.onnx").write_bytes(answers_model({b"answer": b"Identity"}, batch=1))
    (FOLDER / "large-point.onnx").write_bytes(large_model())
    (FOLDER / "numbers.json").write_text(json.dumps(numbers(), indent=1) + "\n")
    (FOLDER / "refused.json").write_text(json.dumps(refused(), indent=1) + "\n")


if __name__ == "__main__":
    main()
