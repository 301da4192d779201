"""Both formats against the vectors, and against anything that hypothesis can think of."""

import json
import re
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crayfish_contract.codec import (
    CODECS,
    HEADER_BYTES,
    CodecError,
    Header,
    RecordFormat,
    Segment,
    Status,
    failed,
    json_prefix,
    json_values,
    pack_header,
    unpack_header,
)
from crayfish_contract.dtypes import DTYPES, Dtype

VECTORS = Path(__file__).parent / "vectors"
INDEX: list[dict[str, Any]] = json.loads((VECTORS / "index.json").read_text())
REFUSED: list[dict[str, str]] = json.loads((VECTORS / "refused.json").read_text())
NUMBERS: list[dict[str, str]] = json.loads((VECTORS / "numbers.json").read_text())
BINARY, JSON = CODECS[RecordFormat.BINARY], CODECS[RecordFormat.JSON]

NANOSECONDS = st.integers(-(2**63), 2**63 - 1)
SIZES = st.integers(0, 5)


@st.composite
def records(draw: st.DrawFn, *, finite: bool) -> tuple[Header, np.ndarray]:
    status = draw(st.sampled_from(Status))
    batch, values = draw(SIZES), draw(SIZES)
    outputs = draw(SIZES) if status is Status.OK else 0
    dtype = Dtype.FLOAT32 if status is Status.FAILED else draw(st.sampled_from(Dtype))
    header = Header(
        segment=draw(st.sampled_from(Segment)),
        id=draw(st.integers(0, 2**64 - 1)),
        intended_ns=draw(NANOSECONDS),
        sent_ns=draw(NANOSECONDS),
        batch=batch,
        values=values,
        is_result=status is not Status.PENDING,
        status=status,
        received_ns=draw(NANOSECONDS),
        scored_ns=draw(NANOSECONDS),
        outputs=outputs,
        dtype=dtype,
    )
    count = batch * (outputs if header.is_result else values)
    kind, elements = dtype.numpy, None
    if dtype.is_float:
        width: Any = kind.itemsize * 8
        elements = st.floats(width=width, allow_nan=not finite, allow_infinity=not finite)
    return header, draw(hnp.arrays(kind, count, elements=elements))


def vector_header(entry: dict[str, Any]) -> Header:
    fields = entry["header"]
    return Header(
        **{
            **fields,
            "segment": Segment[fields["segment"].upper()],
            "status": Status[fields["status"].upper()],
            "dtype": DTYPES[fields["dtype"]],
        }
    )


def bits(data: np.ndarray) -> list[str]:
    return [value.tobytes()[::-1].hex() for value in data.ravel()]


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_vector_is_read_and_written_exactly(entry: dict[str, Any]) -> None:
    codec = CODECS[RecordFormat(entry["format"])]
    message = (VECTORS / entry["file"]).read_bytes()
    assert message.hex() == entry["hex"]
    record = codec.decode(message)
    assert record.header == vector_header(entry)
    assert bits(record.data) == entry["data_bits"]
    raw = b"".join(bytes.fromhex(value)[::-1] for value in entry["data_bits"])
    data = np.frombuffer(raw, record.header.dtype.numpy)
    assert record.data.dtype == record.header.dtype.numpy
    assert codec.encode(vector_header(entry), data) == message


def test_vectors_cover_every_kind_in_both_formats() -> None:
    for record_format in RecordFormat:
        headers = [vector_header(entry) for entry in INDEX if entry["format"] == record_format]
        assert {header.segment for header in headers} == set(Segment)
        assert {header.status for header in headers} == set(Status)
        assert any(header.batch > 1 for header in headers)
        for is_result in (False, True):
            assert {h.dtype for h in headers if h.is_result is is_result} == set(Dtype)
    data_bits = {value for entry in INDEX for value in entry["data_bits"]}
    assert {"80000000", "00000001", "7fc00000"} <= data_bits  # -0.0, the smallest, NaN


@given(records(finite=False))
def test_binary_round_trip(record: tuple[Header, np.ndarray]) -> None:
    header, data = record
    message = BINARY.encode(header, data)
    assert len(message) == HEADER_BYTES + header.dtype.numpy.itemsize * data.size
    assert message[:HEADER_BYTES] == pack_header(header)
    again = BINARY.decode(message)
    assert again.header == header
    assert again.data.tobytes() == data.tobytes()
    assert not data.size or again.data.shape[0] == header.batch


@given(records(finite=True))
def test_json_round_trip(record: tuple[Header, np.ndarray]) -> None:
    header, data = record
    message = JSON.encode(header, data)
    assert message.startswith(json_prefix(header).encode())
    again = JSON.decode(message)
    assert again.header == header
    assert again.data.tobytes() == data.tobytes()
    assert not data.size or again.data.shape[0] == header.batch


@given(st.binary(max_size=200))
def test_anything_else_is_a_codec_error(message: bytes) -> None:
    for codec in CODECS.values():
        with pytest.raises(CodecError):
            codec.decode(message)


@given(st.data())
def test_a_damaged_message_is_read_or_refused(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(INDEX))
    message = bytearray.fromhex(entry["hex"])
    message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        record = CODECS[RecordFormat(entry["format"])].decode(bytes(message))
    except CodecError:
        return
    assert record.data.dtype == record.header.dtype.numpy


def rendered(value: np.float32) -> str:
    """The rule of the codec's text, from exact decimals: what a language without numpy does."""
    if value == 0:
        return "-0.0" if np.signbit(value) else "0.0"
    exact, largest = Decimal(float(value)), Decimal("3.4028235e38")
    for digits in range(1, 10):
        near = [Context(digits, rounding).plus(exact) for rounding in (ROUND_DOWN, ROUND_UP)]
        near = [n for n in near if abs(n) <= largest and np.float32(str(n)) == value]
        if near:
            break
    shortest = min(near, key=lambda n: (abs(n - exact), n.as_tuple().digits[-1] % 2)).normalize()
    e = shortest.adjusted()
    if -4 <= e < 16:
        plain = f"{shortest:f}"
        return plain if "." in plain else plain + ".0"
    first, *others = map(str, shortest.as_tuple().digits)
    number = f"{'-' if shortest < 0 else ''}{first}{'.' if others else ''}{''.join(others)}"
    return f"{number}e{'-' if e < 0 else '+'}{abs(e):02}"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_json_numbers_follow_the_rule(value: float) -> None:
    number = np.float32(value)
    assert json_values(np.array([number])).decode() == f"[{rendered(number)}]"


@given(st.integers(2**21, 2**25 - 1))
def test_json_ties_follow_the_rule(quarters: int) -> None:
    number = np.float32(quarters / 4)
    assert json_values(np.array([number])).decode() == f"[{rendered(number)}]"


@pytest.mark.parametrize("exponent", range(-149, 128))
def test_json_powers_of_two_follow_the_rule(exponent: int) -> None:
    number = np.float32(2.0**exponent)
    assert json_values(np.array([number])).decode() == f"[{rendered(number)}]"


REQUEST = Header(Segment.MEASURED, 7, 1, 2, 1, 2)
DATA = np.array([0.5, 1.5], np.float32)
TEXT = JSON.encode(REQUEST, DATA).decode()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_json_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(CodecError, match="no NaN"):
        JSON.encode(REQUEST, np.array([0, value], np.float32))


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: f"{entry['format']}-{entry['name']}")
def test_what_is_no_record_is_refused(entry: dict[str, str]) -> None:
    codec, message = CODECS[RecordFormat(entry["format"])], bytes.fromhex(entry["hex"])
    if entry["by"] == "codec":
        with pytest.raises(CodecError):
            codec.decode(message)
    else:
        codec.decode(message)


@pytest.mark.parametrize("entry", NUMBERS, ids=lambda entry: entry["text"][:30])
def test_json_numbers_are_read_alike(entry: dict[str, str]) -> None:
    message = TEXT.replace("0.5", entry["text"]).encode()
    assert bits(JSON.decode(message).data)[0] == entry["bits"]
    message = message.replace(b'"data"', b'"dtype":"float64","data"')
    assert bits(JSON.decode(message).data)[0] == entry["bits64"]


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\r", " \r\n\t "])
def test_json_white_space_is_read(space: str) -> None:
    spaced = re.sub(r"([\[\]{},:])", rf"{space}\1{space}", TEXT).encode()
    record = JSON.decode(spaced)
    assert record.header == REQUEST
    assert record.data.tolist() == [[0.5, 1.5]]


def test_json_whole_numbers_of_any_size_are_floats() -> None:
    message = TEXT.replace("[0.5,1.5]", "[100000000000000000000,1]").encode()
    assert JSON.decode(message).data.tolist() == [[np.float32(1e20), 1.0]]
    with pytest.raises(CodecError, match="no float32"):
        JSON.decode(TEXT.replace("0.5", "1" + "0" * 40).encode())


def test_json_nested_too_deeply_is_refused() -> None:
    with pytest.raises(CodecError, match="not JSON"):
        JSON.decode(b"[" * 1_000_000)


def test_json_keys_in_another_order_are_read() -> None:
    fields = json.loads(TEXT)
    turned = json.dumps(dict(reversed(fields.items()))).encode()
    assert JSON.decode(turned).header == REQUEST


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (0, b"X", "magic"),
        (4, b"\x01", "a record of version 1, this codec reads 2"),
        (5, b"\x00", "record 7"),
        (5, b"\x07", "record 7"),
        (5, b"\x0c", "its header says 16"),
        (5, b"\x4c", "record 7: 9 is not a valid Dtype"),
        (5, b"\x84", "a result with status pending"),
        (6, b"\x01", "a request with status ok"),
        (6, b"\x03", "record 7"),
        (48, b"\x02", "its header says 16"),
        (56, b"\x02", "outputs are 2"),
    ],
)
def test_binary_message_with_an_error(offset: int, value: bytes, message: str) -> None:
    broken = bytearray(BINARY.encode(REQUEST, DATA))
    broken[offset : offset + 1] = value
    with pytest.raises(CodecError, match=re.escape(message)):
        BINARY.decode(bytes(broken))


@pytest.mark.parametrize("length", [0, 3, HEADER_BYTES - 1])
def test_shorter_than_a_header(length: int) -> None:
    with pytest.raises(CodecError, match="shorter than the header"):
        unpack_header(BINARY.encode(REQUEST, DATA)[:length])


@pytest.mark.parametrize("codec", CODECS.values())
def test_encode_refuses_a_contradiction(codec: Any) -> None:
    with pytest.raises(CodecError, match="3 values, its header says 2"):
        codec.encode(REQUEST, np.zeros(3, np.float32))
    with pytest.raises(CodecError, match="values of float64, its header says float32"):
        codec.encode(REQUEST, np.zeros(2, np.float64))
    with pytest.raises(CodecError, match="values of int32, but it has none"):
        codec.encode(failed(REQUEST, 1, 2)._replace(dtype=Dtype.INT32), DATA[:0])
    with pytest.raises(CodecError, match="a request with status ok"):
        codec.encode(REQUEST._replace(status=Status.OK), DATA)


def test_text_of_another_version_is_refused_by_name() -> None:
    message = TEXT.replace('"version":2', '"version":1').encode()
    with pytest.raises(CodecError, match="a record of version 1, this codec reads 2"):
        JSON.decode(message)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_json_doubles_are_as_python_writes_them(value: float) -> None:
    assert json_values(np.array([value])).decode() == f"[{value!r}]"


def test_json_says_the_type_where_it_is_not_float32() -> None:
    assert b"dtype" not in JSON.encode(REQUEST, DATA)
    header = REQUEST._replace(dtype=Dtype.UINT8)
    message = JSON.encode(header, np.array([0, 255], np.uint8))
    assert message.endswith(b',"dtype":"uint8","data":[0,255]}')


def test_json_minus_zero_is_zero() -> None:
    header = REQUEST._replace(dtype=Dtype.INT64)
    message = JSON.encode(header, np.array([7, 1])).replace(b"[7", b"[-0")
    assert JSON.decode(message).data.tolist() == [[0, 1]]


def test_failed_keeps_the_identity_of_its_request() -> None:
    header = failed(REQUEST, 10, 20)
    assert (header.id, header.intended_ns, header.sent_ns) == (7, 1, 2)
    assert (header.received_ns, header.scored_ns, header.status) == (10, 20, Status.FAILED)
    for codec in CODECS.values():
        assert codec.decode(codec.encode(header, DATA[:0])).header == header
