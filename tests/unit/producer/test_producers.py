"""Several producers share a schedule: real processes, and a broker that is not there."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from crayfish_contract.arrays import SENT, SENT_FILE
from crayfish_contract.codec import Segment
from crayfish_contract.runconfig import ConstantArrivals, ProducerClient, RunConfig, StopRule
from crayfish_load.payloads import load_points, make_pool
from crayfish_load.rows import read_parts
from crayfish_producer.producers import FurtherProducerError, FurtherProducers, Producers
from crayfish_producer.summary import Summary
from tests.unit.load.made import make_config

if TYPE_CHECKING:
    from pathlib import Path

RATE = 2000
S = 10**9


def config(processes: int) -> RunConfig:
    made = make_config()
    kafka = made.kafka.model_copy(update={"bootstrap": "127.0.0.1:9"})
    producer = ProducerClient(processes=processes)
    return made.model_copy(update={"kafka": kafka, "producer": producer})


def started(
    made: RunConfig, out: Path, stop: threading.Event
) -> tuple[Producers, FurtherProducers]:
    others = FurtherProducers(made, out, stop)
    file = (out / SENT_FILE).open("wb")
    pool = make_pool(made, load_points(made))
    return Producers(made, pool, file, others, stop), others


@pytest.mark.parametrize("processes", [1, 3])
def test_every_record_of_the_schedule_is_sent_once(processes: int, tmp_path: Path) -> None:
    producers, _ = started(config(processes), tmp_path, threading.Event())
    start = time.time_ns() + S // 10
    arrivals, rule = ConstantArrivals(rate=RATE), StopRule(seconds=0.2)
    middle = producers.send(Segment.WARMUP, arrivals, rule, start)
    end = producers.send(Segment.MEASURED, arrivals, rule, middle)
    assert producers.sent == 2 * 0.2 * RATE
    producers.close()
    assert producers.undelivered == producers.sent, "nobody took them"
    rows = np.sort(read_parts(tmp_path, SENT_FILE, SENT), order="intended_ns")
    assert sorted(rows["id"]) == list(range(800))
    due = start + np.rint(np.arange(400) * (S / RATE)).astype(np.int64)
    assert np.array_equal(rows["intended_ns"][:400], due)
    later = 0 if processes == 1 else processes * S // RATE  # the longest share ends the segment
    assert 0 <= end - middle - S * 2 // 10 <= later
    summary = Summary()
    summary.add_rows(tmp_path, processes)
    assert len(summary.producers) == (0 if processes == 1 else processes)
    assert sum(each.sent for each in summary.producers) in {0, 400}


def test_a_stop_ends_the_segment_of_all(tmp_path: Path) -> None:
    stop = threading.Event()
    producers, _ = started(config(2), tmp_path, stop)
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    producers.send(
        Segment.MEASURED, ConstantArrivals(rate=50), StopRule(seconds=60), time.time_ns()
    )
    assert time.monotonic() - begun < 10
    producers.close()
    rows = read_parts(tmp_path, SENT_FILE, SENT)
    assert {0, 1} == set(rows["id"] % 2)


def test_one_that_has_ended_is_named(tmp_path: Path) -> None:
    producers, others = started(config(3), tmp_path, threading.Event())
    others._processes[1].kill()
    with pytest.raises(FurtherProducerError, match="producer 3 of 3 has ended with -9"):
        producers.send(
            Segment.MEASURED, ConstantArrivals(rate=50), StopRule(seconds=0.1), time.time_ns()
        )
