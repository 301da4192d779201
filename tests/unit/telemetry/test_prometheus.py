"""Prometheus's answers, as its HTTP API writes them, become samples of services."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import polars as pl
import pytest
import tenacity

from crayfish_ctl.analysis.usage import CPU, Usage
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results.inputs import METRICS_SCHEMA, read_metrics
from crayfish_ctl.telemetry import Prometheus, Sample, write_metrics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Handler = Callable[[httpx.Request], httpx.Response]


def asked(handler: Handler) -> Prometheus:
    prometheus = Prometheus("127.0.0.1", 9090)
    prometheus._http.close()
    prometheus._http = httpx.Client(
        base_url="http://127.0.0.1:9090", transport=httpx.MockTransport(handler)
    )
    return prometheus


def answer(result: list[dict[str, Any]]) -> Handler:
    body = {"status": "success", "data": {"resultType": "vector", "result": result}}
    return lambda _: httpx.Response(200, json=body)


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    retrying: Any = Prometheus._slice
    monkeypatch.setattr(retrying.retry, "wait", tenacity.wait_none())
    monkeypatch.setattr(retrying.retry, "stop", tenacity.stop_after_attempt(3))


def test_current_values_are_by_component() -> None:
    prometheus = asked(
        answer(
            [
                {"metric": {"component": "consumer"}, "value": [1.5, "42.5"]},
                {"metric": {}, "value": [1.5, "7"]},
            ]
        )
    )
    assert prometheus.latest("anything") == {"consumer": 42.5, "": 7.0}


def test_labels_of_an_instant_query() -> None:
    prometheus = asked(
        answer(
            [
                {"metric": {"phase": "warmup"}, "value": [1, "1"]},
                {"metric": {}, "value": [1, "1"]},
            ]
        )
    )
    assert prometheus.labels("anything", "phase") == ["warmup", ""]


@pytest.mark.parametrize("handler", [refuse, lambda _: httpx.Response(503)])
def test_while_nothing_answers_there_is_nothing_to_show(handler: Handler) -> None:
    prometheus = asked(handler)
    assert prometheus.latest("anything") == {}
    assert prometheus.labels("anything", "phase") == []


def test_the_whole_time_is_asked_for_as_it_was_scraped_a_minute_at_a_time() -> None:
    seen: list[dict[str, list[str]]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v1/query"
        seen.append(parse_qs(request.content.decode()))
        return answer([])(request)

    assert asked(handler).samples(1000.25, 1090.25, {}) == []
    assert seen == [
        {"query": ['{component!=""}[60000ms]'], "time": ["1060.25"]},
        {"query": ['{component!=""}[30000ms]'], "time": ["1090.25"]},
    ]


def test_every_sample_is_about_the_component_that_was_scraped() -> None:
    metric = {
        "__name__": "crayfish_consumer_received_total",
        "component": "consumer",
        "instance": "consumer:8000",
        "job": "consumer",
        "segment": "measured",
    }
    prometheus = asked(answer([{"metric": metric, "values": [[1.5, "10"], [2.5, "30"]]}]))
    assert prometheus.samples(0, 3, {}) == [
        Sample(
            1.5, "crayfish_consumer_received_total", "consumer", '{"segment": "measured"}', 10.0
        ),
        Sample(
            2.5, "crayfish_consumer_received_total", "consumer", '{"segment": "measured"}', 30.0
        ),
    ]


def container(id_: str, values: list[list[Any]]) -> dict[str, Any]:
    metric = {"__name__": CPU, "component": "cgroup-exporter", "id": id_, "job": "x"}
    return {"metric": metric, "values": values}


def test_a_container_is_its_service_and_strangers_are_left_out() -> None:
    prometheus = asked(answer([container("aa", [[1, "5"]]), container("ff", [[1, "9"]])]))
    assert prometheus.samples(0, 2, {"aa": "kafka"}) == [
        Sample(1.0, CPU, "kafka", '{"id": "aa"}', 5.0)
    ]


def test_two_containers_of_a_service_are_two_series_and_one_sum(tmp_path: Path) -> None:
    """Merged into one series, the counters would leap between the two containers."""
    prometheus = asked(
        answer(
            [
                container("aa", [[10, "100"], [20, "101"]]),
                container("bb", [[10, "7"], [20, "10"]]),
            ]
        )
    )
    samples = prometheus.samples(10, 20, {"aa": "worker", "bb": "worker"})
    assert {sample.labels for sample in samples} == {'{"id": "aa"}', '{"id": "bb"}'}

    write_metrics(samples, tmp_path / "metrics.parquet")
    usage = Usage(read_metrics(tmp_path / "metrics.parquet"))
    assert usage.increase("worker", CPU, 10 * 10**9, 20 * 10**9) == pytest.approx(4.0)
    assert usage.highest("worker", CPU) == 111


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_that_comes_late_is_waited_for() -> None:
    calls: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return refuse(request) if len(calls) < 3 else answer([container("a", [[1, "2"]])])(request)

    (sample,) = asked(handler).samples(0, 1, {"a": "kafka"})
    assert (sample.value, len(calls)) == (2.0, 3)


@pytest.mark.usefixtures("no_waiting")
def test_a_server_that_stays_silent_is_an_error() -> None:
    with pytest.raises(httpx.ConnectError):
        asked(refuse).samples(0, 1, {})


def test_samples_are_written_with_the_published_columns(tmp_path: Path) -> None:
    path = tmp_path / "metrics.parquet"
    write_metrics([Sample(1.5, "up", "kafka", json.dumps({"a": "b"}), 1.0)], path)
    table = pl.read_parquet(path)
    assert dict(table.schema) == METRICS_SCHEMA
    assert table.rows() == [(1.5, "up", "kafka", '{"a": "b"}', 1.0)]


def test_no_samples_are_an_empty_table(tmp_path: Path) -> None:
    write_metrics([], tmp_path / "metrics.parquet")
    assert dict(pl.read_parquet_schema(tmp_path / "metrics.parquet")) == METRICS_SCHEMA
    assert read_metrics(tmp_path / "metrics.parquet").is_empty()


def test_a_full_disk_is_an_error_of_the_host_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "metrics.parquet"
    path.write_bytes(b"old")

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(CrayfishError, match="No space left on device") as caught:
        write_metrics([Sample(1.0, "up", "kafka", "{}", 1.0)], path)
    assert caught.value.exit_code is ExitCode.HOST
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [
        ("metrics.parquet", b"old")
    ]


@pytest.mark.parametrize(("after_s", "scraped"), [(99.0, True), (100.0, False)])
def test_cpu_times_are_awaited_from_a_moment_on(after_s: float, scraped: bool) -> None:
    scraped_at_100 = answer([{"metric": {"component": "cgroup-exporter"}, "value": [1.5, "100"]}])
    answers = iter([refuse, answer([])])

    def handler(request: httpx.Request) -> httpx.Response:
        return next(answers, scraped_at_100)(request)

    assert asked(handler).await_cpu_times(after_s, 0.5) is scraped
