"""Writes tests/contract/vectors: what every codec must read and write exactly, or must refuse.

Run it when the record's layout gets a new version, or for a new case:
`python tests/contract/make_vectors.py`. index.json says of each file its format, its header and its
float32 values, as bit patterns too. refused.json holds messages that must not be scored: those that
no codec may read (`by` is `codec`), and those that are records, but no requests (`scorer`).
numbers.json has spellings of numbers in a JSON list, and the bits of the float32 that each is.
answers-DTYPE.onnx gives its two float32 values back as another type, which no tool may take;
two-answers.onnx gives them back negated (`other`) and as they are (`answer`), one-point.onnx as
they are, one point a call; large-point.onnx takes an image of ResNet50's size and gives the mean
of each colour.
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

FOLDER = Path(__file__).parent / "vectors"
T = 1_700_000_000_000_000_000
ODD_FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 0.0001, 0.00009999, 1e-05, 123456789.0, 16777216.0,
    999999.94, 9.9999998e15, 1e16, 1e21, 3.4028235e38, -3.4028235e38, 1.1754944e-38, 1e-45,
    1048576.25, 1048576.75, 2.0**-44, 2.0**-96, 2.0**87, 2.0**90, 5.877472e-39, 0.3, 100.0, 8.5e-44,
)  # fmt: skip


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
    ('"version":1', '"version":2'),
    ('"version":1', '"version":true'),
    ('"version":1', '"version":1.0'),
    ('"version":1', '"version":1e0'),
    ('"version":1', '"version":"1"'),
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
    ("version-2", 4, b"\x02"),
    ("no-segment", 5, b"\x00"),
    ("all-segments", 5, b"\x07"),
    ("unknown-flag", 5, b"\x0c"),
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
        ]
    return [
        {"name": name, "format": str(kind), "by": by, "hex": message.hex()}
        for name, kind, by, message in found
    ]


def numbers() -> list[dict[str, str]]:
    """What a number in a JSON list is read as: the nearest float64, and of that the float32."""
    return [
        {"text": text, "bits": f"{np.float32(float(json.loads(text))).view(np.uint32):08x}"}
        for text in NUMBERS
    ]


ONNX_TYPES = {"float64": 11, "float16": 10, "int32": 6}
"""TensorProto.DataType of onnx.proto3."""
_FLOAT32 = 1
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
    sizes = (_field(1, bytes([8, *_varint(size)])) for size in point)
    shape = _field(1, first) + b"".join(sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def cast_model(kind: int) -> bytes:
    """An ONNX model of one Cast; written by hand, because the library that does it is large."""
    to = _field(5, _field(1, b"to") + _field(3, kind) + b"\xa0\x01\x02")  # 20: type, 2: INT
    node = _field(1, b"points") + _field(2, b"answer") + _field(4, b"Cast") + to
    graph = (
        _field(1, node)
        + _field(2, b"cast")
        + _field(11, _tensor(b"points", _FLOAT32))
        + _field(12, _tensor(b"answer", kind))
    )
    return _model(graph)


def _model(graph: bytes) -> bytes:
    return _field(1, _IR_VERSION) + _field(7, graph) + _field(8, _field(2, _OPSET))


def answers_model(outputs: dict[bytes, bytes], batch: int | None = None) -> bytes:
    """An ONNX model with these outputs, each an operator of the points."""
    nodes = (
        _field(1, _field(1, b"points") + _field(2, name) + _field(4, operator))
        for name, operator in outputs.items()
    )
    graph = (
        b"".join(nodes)
        + _field(2, b"answers")
        + _field(11, _tensor(b"points", _FLOAT32, batch))
        + b"".join(_field(12, _tensor(name, _FLOAT32, batch)) for name in outputs)
    )
    return _model(graph)


def large_model() -> bytes:
    """An ONNX model of one GlobalAveragePool: as many bytes come in as of ResNet50, few go out."""
    node = _field(1, b"points") + _field(2, b"answer") + _field(4, b"GlobalAveragePool")
    graph = (
        _field(1, node)
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
        data = np.array(values, dtype=np.float32)
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
                    },
                    "data": [str(value) for value in data],
                    "data_bits": [f"{bits:08x}" for bits in data.view(np.uint32)],
                    "hex": message.hex(),
                }
            )
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    for name, kind in ONNX_TYPES.items():
        (FOLDER / f"answers-{name}.onnx").write_bytes(cast_model(kind))
    two = answers_model({b"other": b"Neg", b"answer": b"Identity"})
    (FOLDER / "two-answers.onnx").write_bytes(two)
    (FOLDER / "one-point.onnx").write_bytes(answers_model({b"answer": b"Identity"}, batch=1))
    (FOLDER / "large-point.onnx").write_bytes(large_model())
    (FOLDER / "numbers.json").write_text(json.dumps(numbers(), indent=1) + "\n")
    (FOLDER / "refused.json").write_text(json.dumps(refused(), indent=1) + "\n")


if __name__ == "__main__":
    main()
