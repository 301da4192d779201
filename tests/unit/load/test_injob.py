"""Load that is made inside a job leaves what producer and consumer would have left."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from crayfish_contract.arrays import (
    CONSUMER_SUMMARY,
    PRODUCER_SUMMARY,
    RECEIVED,
    RECEIVED_FILE,
    SENT,
    SENT_FILE,
)
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import BinaryCodec, Segment
from crayfish_contract.runconfig import RunConfig
from crayfish_load.injob import LoadSource, ResultSink
from crayfish_load.rows import STOP_FILE, part, read_parts, write_summaries
from crayfish_scoring import RecordScorer, create_scorer
from tests.unit.load.made import Clock

if TYPE_CHECKING:
    from pathlib import Path

Config = Callable[..., RunConfig]
CODEC = BinaryCodec()


def in_job(config: Config, out: Path, **workload: object) -> RunConfig:
    made = config(
        points={"kind": "random", "count": 6, "pool": 6},
        **{"warmup": {"rate": 100, "seconds": 0.1}, "stop": {"count": 30}, **workload},
    )
    return made.model_copy(update={"pipeline": "in-job", "job_out": str(out)})


@pytest.mark.parametrize("subtasks", [1, 2, 3])
def test_every_id_is_made_once_and_when_it_is_due(
    config: Config, tmp_path: Path, subtasks: int
) -> None:
    made = in_job(config, tmp_path, arrivals={"kind": "constant", "rate": 200})
    sources = [LoadSource(made, subtasks) for _ in range(subtasks)]
    found: list[list[tuple[int, int]]] = [[] for _ in sources]

    def run(subtask: int) -> None:
        for message in sources[subtask].records(subtask):
            header = CODEC.decode(message).header
            found[subtask].append((header.id, time.time_ns() - header.intended_ns))

    threads = [threading.Thread(target=run, args=(subtask,)) for subtask in range(subtasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for subtask, ids in enumerate(found):
        assert [id_ for id_, _ in ids] == list(range(subtask, 40, subtasks))
        assert all(late >= 0 for _, late in ids)
    rows = np.sort(read_parts(tmp_path, SENT_FILE, SENT), order="id")
    assert rows["id"].tolist() == list(range(40))
    assert rows["segment"].tolist() == [int(Segment.WARMUP)] * 10 + [int(Segment.MEASURED)] * 30
    # One schedule for all subtasks: equal gaps within each segment.
    assert set(np.diff(rows["intended_ns"][:10])) == {10_000_000}
    assert set(np.diff(rows["intended_ns"][10:])) == {5_000_000}
    assert rows["intended_ns"][10] - rows["intended_ns"][0] == 100_000_000


def test_without_a_schedule_a_record_is_due_when_it_is_made(config: Config, tmp_path: Path) -> None:
    made = in_job(config, tmp_path, arrivals={"kind": "max"}, warmup={"rate": 1, "seconds": 0})
    assert len(list(LoadSource(made).records())) == 30
    rows = read_parts(tmp_path, SENT_FILE, SENT)
    assert (rows["intended_ns"] == rows["sent_ns"]).all()


def test_it_ends_when_it_is_told(config: Config, tmp_path: Path) -> None:
    made = in_job(config, tmp_path, arrivals={"kind": "constant", "rate": 0.1})
    source = LoadSource(made).records()
    assert next(source)
    (tmp_path / STOP_FILE).touch()
    started = time.monotonic()
    left = list(source)
    assert time.monotonic() - started < 5  # ten records of the warm-up, and not one every 10 s
    assert len(left) <= 10


@pytest.mark.parametrize("rate", [1, 20, 49, 51, 100, 500, 2000, 10_000, 50_000])
@pytest.mark.parametrize("subtasks", [1, 2])
def test_a_stop_is_noticed_within_50_ms_at_every_rate(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtasks: int, rate: float
) -> None:
    clock = Clock()
    asked_ns = clock.now_ns + 1_123_456_789  # a second goes by before the first record is due
    monkeypatch.setattr("crayfish_load.injob.time", clock)
    monkeypatch.setattr(type(tmp_path), "exists", lambda _: clock.now_ns >= asked_ns)
    made = in_job(
        config,
        tmp_path,
        arrivals={"kind": "constant", "rate": rate},
        warmup={"rate": 1, "seconds": 0},
        stop={"seconds": 60},
    )
    for _ in LoadSource(made, subtasks).records():
        pass
    assert asked_ns <= clock.now_ns <= asked_ns + 50_000_000


@pytest.mark.parametrize("results", [0, 1, 1024, 2500])
def test_results_are_noted_with_the_time_at_which_they_came(
    config: Config, tmp_path: Path, results: int
) -> None:
    made = in_job(
        config,
        tmp_path,
        arrivals={"kind": "max"},
        warmup={"rate": 1, "seconds": 0},
        stop={"count": 2500},
    )
    score = RecordScorer(
        create_scorer("noop", made.model), made.model.input_shape, made.format
    ).process
    sink = ResultSink(made, name="1")
    before = time.time_ns()
    for _, message in zip(range(results), LoadSource(made).records(), strict=False):
        sink.take(score(message))
    sink.close()
    rows = np.fromfile(tmp_path / part(RECEIVED_FILE, "1"), dtype=RECEIVED)
    assert rows["id"].tolist() == list(range(results))
    assert (rows["consumed_ns"] >= rows["scored_ns"]).all()
    assert (rows["consumed_ns"] >= before).all()
    assert (rows["consumed_ns"] <= time.time_ns()).all()
    assert (rows["out_append_ms"] == -1).all()


@pytest.mark.parametrize(("lost", "ended"), [(0, "all"), (3, "idle")])
def test_the_summaries_say_what_the_rows_say(
    config: Config, tmp_path: Path, lost: int, ended: str
) -> None:
    made = in_job(config, tmp_path, arrivals={"kind": "constant", "rate": 1000})
    score = RecordScorer(
        create_scorer("noop", made.model), made.model.input_shape, made.format
    ).process
    sink = ResultSink(made)
    for number, message in enumerate(LoadSource(made).records()):
        if number >= lost:
            sink.take(score(message))
    sink.close()
    write_summaries(tmp_path, 77, clock_offset_ns())
    producer = json.loads((tmp_path / PRODUCER_SUMMARY).read_text())
    consumer = json.loads((tmp_path / CONSUMER_SUMMARY).read_text())
    assert (producer["sent_warmup"], producer["sent_measured"]) == (10, 30)
    assert (
        producer["warmup_start_ns"] < producer["measured_start_ns"] <= producer["measured_end_ns"]
    )
    assert (consumer["received"], consumer["ended"]) == (40 - lost, ended)
    assert consumer["finished_ns"] == 77
    assert abs(producer["clock_end_ns"] - producer["clock_start_ns"]) < 1_000_000
