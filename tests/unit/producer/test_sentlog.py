import io

import numpy as np
import pytest

from crayfish_contract.arrays import SENT
from crayfish_contract.codec import Segment
from crayfish_producer.sentlog import Chunk, SentLog


@pytest.fixture
def file() -> io.BytesIO:
    return io.BytesIO()


def test_rows_come_back(file: io.BytesIO) -> None:
    log = SentLog(file)
    chunk = Chunk(5, Segment.MEASURED, np.array([10, 20, 30, 40]))
    log.open(chunk)
    chunk.sent_ns.extend([11, 22, 33])  # the fourth was never sent
    log.report(chunk, 1, 700, 0, "")
    log.report(chunk, 0, -1, -185, "_TIMED_OUT_QUEUE")
    log.report(chunk, 2, -1, 0, "")  # acknowledged, without an append time
    assert file.getvalue() == b""
    log.close_chunk(chunk)
    rows = np.frombuffer(file.getvalue(), dtype=SENT)
    assert rows.tolist() == [
        (5, Segment.MEASURED, 10, 11, -1, -185),
        (6, Segment.MEASURED, 20, 22, 700, 0),
        (7, Segment.MEASURED, 30, 33, -1, 0),
    ]
    assert (log.delivered, log.undelivered) == (2, 1)
    assert log.error_codes == {"_TIMED_OUT_QUEUE": 1}
    log.close()
    assert len(file.getvalue()) == 3 * SENT.itemsize


def test_a_chunk_is_written_when_its_last_report_comes(file: io.BytesIO) -> None:
    log = SentLog(file)
    chunks = [Chunk(2 * i, Segment.WARMUP, np.array([1, 2])) for i in range(3)]
    for chunk in chunks:
        log.open(chunk)
        chunk.sent_ns.extend([1, 2])
        log.close_chunk(chunk)
    for position in (0, 1):
        log.report(chunks[1], position, 9, 0, "")
    assert np.frombuffer(file.getvalue(), dtype=SENT)["id"].tolist() == [2, 3]
    log.close()
    rows = np.frombuffer(file.getvalue(), dtype=SENT)
    assert rows["id"].tolist() == [2, 3, 0, 1, 4, 5]
    assert rows["delivery_error"].tolist() == [0, 0, -1, -1, -1, -1]
    assert (log.delivered, log.undelivered) == (2, 4)
