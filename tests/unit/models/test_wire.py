"""The wire format: what is a message is read, what is none is said."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_ctl.models.wire import WireError, fields, messages, number_at, pairs, text_at
from tests.unit.models.made import field


@given(
    st.lists(
        st.tuples(st.integers(1, 1 << 20), st.one_of(st.integers(0, (1 << 64) - 1), st.binary()))
    )
)
def test_what_was_written_is_read(written: list[tuple[int, int | bytes]]) -> None:
    message = b"".join(field(*each) for each in written)
    found = [(n, v if isinstance(v, int) else bytes(v)) for n, v in fields(memoryview(message))]
    assert found == written


@given(st.binary(max_size=64))
def test_no_bytes_do_worse_than_to_be_no_message(data: bytes) -> None:
    with contextlib.suppress(WireError):
        list(fields(memoryview(data)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (field(7, b"abc")[:-1], "cut off"),
        (b"\x80", "cut off"),
        (b"\x08" + b"\xff" * 11, "without an end"),
        (b"\x0b", "unknown kind 3"),
        (b"\x00", "without a number"),
        (b"\x0d\x00\x00", "cut off"),
    ],
)
def test_what_is_no_message_is_said(data: bytes, said: str) -> None:
    with pytest.raises(WireError, match=said):
        list(fields(memoryview(data)))


def test_fields_by_number() -> None:
    entry = field(1, b"key") + field(2, b"value")
    message = memoryview(
        field(1, -1) + field(2, b"a") + field(2, b"b") + field(3, entry) + b"\x21" + bytes(8)
    )
    assert number_at(message, 1) == -1
    assert number_at(message, 9) == 0
    assert [bytes(each) for each in messages(message, 2)] == [b"a", b"b"]
    assert text_at(message, 2) == "b"
    assert [(key, bytes(value)) for key, value in pairs(message, 3)] == [("key", b"value")]
