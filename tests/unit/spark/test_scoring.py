"""The function of the query, with a real model and Arrow's own batches."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from crayfish_contract.codec import CODECS, HEADER, Header, RecordFormat, Segment, Status
from crayfish_contract.service import ServiceExit
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_scoring import Scoring
from crayfish_spark import scoring
from crayfish_spark.scoring import COLUMN, said_by_java, score_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[3]
CODEC = CODECS[RecordFormat.BINARY]


@pytest.fixture(scope="module")
def config_json() -> str:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", processors=("spark",)))
    made = run_config(plan, plan.runs[0], Points("random", 5))
    model = made.model.model_copy(update={"path": str(ROOT / made.model.path.lstrip("/"))})
    return made.model_copy(update={"model": model}).model_dump_json()


def request(id_: int, values: int = 784) -> bytes:
    header = Header(Segment.MEASURED, id_, intended_ns=1, sent_ns=2, batch=1, values=values)
    return CODEC.encode(header, np.full(values, 0.5, np.float32))


def batches(*messages: list[bytes]) -> Iterator[pa.RecordBatch]:
    for some in messages:
        yield pa.RecordBatch.from_arrays([pa.array(some, pa.binary())], [COLUMN])


def scored(config_json: str, *messages: list[bytes]) -> list[bytes]:
    return [
        message
        for batch in score_batches(config_json, batches(*messages))
        for message in batch.column(0).to_pylist()
    ]


def test_one_result_for_each_record_in_order(config_json: str) -> None:
    results = [
        CODEC.decode(message)
        for message in scored(config_json, [request(1), request(2)], [], [request(3)])
    ]
    assert [result.header.id for result in results] == [1, 2, 3]
    assert {result.header.status for result in results} == {Status.OK}
    assert {result.data.size for result in results} == {10}


class Each(Scoring):
    """Whatever `process` makes of a message."""

    def __init__(self, process: Callable[[bytes], bytes]) -> None:
        self._process = process

    def map(
        self, messages: Sequence[bytes | None], received_ns: Sequence[int] | None = None
    ) -> list[bytes]:
        return [self._process(message or b"") for message in messages]

    def close(self) -> None:
        pass


def test_results_leave_before_all_are_scored(
    config_json: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def process(message: bytes) -> bytes:
        seen.append(message)
        return message

    monkeypatch.setattr(scoring, "_opened", lambda _: (Each(process), 64))
    sent = [str(i).encode() for i in range(150)]
    results = score_batches(config_json, batches(sent, [], [b"last"]))
    assert next(results).num_rows == len(seen) == 64
    left = [batch.column(0).to_pylist() for batch in results]
    assert [len(some) for some in left] == [64, 22, 1]
    assert seen == [*sent, b"last"]


def test_what_cannot_be_scored_comes_out_as_failed(config_json: str) -> None:
    wrong, short, right = scored(config_json, [request(1, values=3), b"short", request(2)])
    assert CODEC.decode(wrong).header.status == Status.FAILED
    assert CODEC.decode(wrong).header.id == 1
    assert HEADER.unpack_from(short)[3] == Status.FAILED  # without an id that could be decoded
    assert CODEC.decode(right).header.status == Status.OK


def test_a_worker_process_loads_its_model_once(config_json: str) -> None:
    scoring._opened.cache_clear()
    for _ in range(3):
        scored(config_json, [request(1)])
    info = scoring._opened.cache_info()
    assert (info.misses, info.hits) == (1, 2)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UnreachableException", ServiceExit.UNREACHABLE),
        ("ScorerException", ServiceExit.BAD_CONFIG),
        ("IllegalArgumentException", ServiceExit.BAD_CONFIG),
    ],
)
def test_what_java_says_of_the_model_ends_the_driver_as_in_python(
    name: str, code: ServiceExit
) -> None:
    error = SimpleNamespace(
        getClass=lambda: SimpleNamespace(getSimpleName=lambda: name), getMessage=lambda: "triton:1"
    )
    said = said_by_java(error)
    assert (str(said), said.exit_code) == ("triton:1", code)
