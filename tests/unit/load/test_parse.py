import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.codec import (
    CODECS,
    CodecError,
    Header,
    RecordFormat,
    Segment,
    Status,
    failed,
)
from crayfish_load.check import PredictionCheck
from crayfish_load.parse import ResultParser

VECTORS = Path(__file__).parents[2] / "contract" / "vectors"
MESSAGES = {
    record_format: [
        bytes.fromhex(entry["hex"])
        for entry in json.loads((VECTORS / "index.json").read_text())
        if entry["format"] == record_format
    ]
    for record_format in RecordFormat
}


@st.composite
def results(draw: st.DrawFn, record_format: RecordFormat) -> bytes:
    batch, outputs = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    header = Header(
        segment=draw(st.sampled_from(Segment)),
        id=draw(st.integers(0, 1 << 31)),
        intended_ns=draw(st.integers(0, 1 << 62)),
        sent_ns=2,
        batch=batch,
        values=5,
    )
    if draw(st.booleans()):
        return CODECS[record_format].encode(failed(header, 3, 4), np.zeros(0, np.float32))
    header = header._replace(
        is_result=True, status=Status.OK, received_ns=3, scored_ns=4, outputs=outputs
    )
    data = np.random.default_rng(header.id).random(batch * outputs, dtype=np.float32)
    return CODECS[record_format].encode(header, data)


@st.composite
def damaged(draw: st.DrawFn, record_format: RecordFormat) -> bytes:
    message = bytearray(draw(results(record_format)))
    for _ in range(draw(st.integers(0, 2))):
        message[draw(st.integers(0, min(len(message), 64) - 1))] = draw(st.integers(0, 255))
    return bytes(message[: draw(st.sampled_from([None, -1, -4, 10]))])


def parser(record_format: RecordFormat) -> ResultParser:
    return ResultParser(record_format, PredictionCheck(1, 4, 5, None, None))


@given(st.data(), st.sampled_from(RecordFormat))
def test_reads_what_the_codec_reads(data: st.DataObject, record_format: RecordFormat) -> None:
    kinds = [
        results(record_format),
        damaged(record_format),
        st.binary(max_size=80),
        st.sampled_from(MESSAGES[record_format]),
    ]
    messages = data.draw(st.lists(st.one_of(kinds), max_size=30))
    positions = range(len(messages))
    parsed = parser(record_format).parse(messages, positions, [99 + p for p in positions])
    expected = []
    canaries = []
    for position, message in enumerate(messages):
        try:
            header = CODECS[record_format].decode(message).header
        except CodecError:
            continue
        if not header.is_result or header.id >= 1 << 32:
            continue
        if header.segment is Segment.CANARY:
            times = (99 + position - header.intended_ns, header.scored_ns - header.received_ns)
            canaries.append((header.id, header.status is Status.OK, *(t / 1e9 for t in times)))
            continue
        expected.append(
            (header.id, header.segment, header.status, *header[2:4], *header[8:10], position)
        )
    names = ["id", "segment", "status", "intended_ns", "sent_ns", "received_ns", "scored_ns"]
    assert sorted(parsed.rows[[*names, "out_append_ms"]].tolist()) == sorted(expected)
    assert (parsed.rows["consumed_ns"] == 99 + parsed.rows["out_append_ms"]).all()
    assert sorted(map(astuple, parsed.canaries)) == sorted(canaries)
    assert parsed.undecodable == len(messages) - len(expected) - len(canaries)


REASON_AT = 7
"""Byte of a result's header."""


@pytest.mark.parametrize("status", [Status.OK, Status.FAILED])
def test_a_reason_is_read_where_the_codec_reads_one(status: Status) -> None:
    codec = CODECS[RecordFormat.BINARY]
    nothing = np.zeros(0, np.float32)
    header = failed(Header(Segment.MEASURED, 1, 2, 3, 0, 5), 3, 4)._replace(status=status)
    for reason in range(256):
        message = bytearray(codec.encode(header, nothing))
        message[REASON_AT] = reason
        try:
            known = codec.decode(bytes(message)).header.reason == reason
        except CodecError:
            known = False
        parsed = parser(RecordFormat.BINARY).parse([bytes(message)], [0], [99])
        assert (len(parsed.rows), parsed.undecodable) == (int(known), int(not known)), reason


@pytest.mark.parametrize("record_format", RecordFormat)
def test_nothing_to_read(record_format: RecordFormat) -> None:
    assert len(parser(record_format).parse([], [], []).rows) == 0
    parsed = parser(record_format).parse([b"", b"x"], [1, 2], [1, 1])
    assert (len(parsed.rows), parsed.undecodable) == (0, 2)


@pytest.mark.parametrize("record_format", RecordFormat)
def test_an_id_beyond_any_run_is_a_broken_message(record_format: RecordFormat) -> None:
    header = Header(Segment.MEASURED, 1 << 39, 1, 2, 1, 4)
    message = CODECS[record_format].encode(failed(header, 3, 4), np.zeros(0, np.float32))
    parsed = parser(record_format).parse([message], [1], [1])
    assert (len(parsed.rows), parsed.undecodable) == (0, 1)
