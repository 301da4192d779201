"""One run of the producer: make payloads, wait until the pipeline answers, send, say so."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from prometheus_client import CollectorRegistry, start_http_server

from crayfish_contract.arrays import PRODUCER_SUMMARY, SENT, SENT_FILE
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment
from crayfish_contract.runconfig import OUT_DIR, ConstantArrivals, StopRule
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_contract.topics import ensure_topics
from crayfish_load.arrivals import arrival_process
from crayfish_load.payloads import check_size, load_points, make_pool, writer

from .consumer_api import ConsumerApi
from .metrics import ProducerCollector
from .ready import Readiness
from .sender import Sender, make_client, precise_sleeps
from .sentlog import SentLog
from .settling import settle

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka import Producer

    from crayfish_contract.runconfig import RunConfig

_log = json_logger("producer")
_PORT = 8000
_FLUSH_S = 60.0
_FLUSH_SLICE_S = 0.2
_INTERRUPTED_FLUSH_S = 5.0


@dataclass
class Summary:
    """`producer.json`; times are Unix ns."""

    started_ns: int = field(default_factory=time.time_ns)
    clock_start_ns: int = field(default_factory=clock_offset_ns)
    clock_end_ns: int | None = None
    """Unix time minus monotonic time at both ends of the run: they differ if the clock was set."""
    connected_ns: int | None = None
    ready_ns: int | None = None
    warmup_start_ns: int | None = None
    settle_start_ns: int | None = None
    settle_seconds: float | None = None
    """How long records went at the workload's own rate before they were measured."""
    settled: bool | None = None
    """Whether their latency fell no more at the end of it."""
    measured_start_ns: int | None = None
    measured_end_ns: int | None = None
    flushed_ns: int | None = None
    sent_warmup: int = 0
    sent_measured: int = 0
    delivered: int = 0
    undelivered: int = 0
    delivery_errors: dict[str, int] = field(default_factory=dict)
    schedule_lag_ms: dict[str, float] = field(default_factory=dict)
    measured_rate: float | None = None
    measured_cpu_seconds: float | None = None
    pool: int = 0
    interrupted: bool = False
    canaries: int = 0
    canary_latency_s: float = 0.0
    """The longest, from due to consumed: the first ones have waited for the stack to start."""


class ProducerRun:
    """Everything between a good run config and an exit code.

    Args:
        config: of the run.
        stop: set by SIGTERM.
        out: folder for the summary and the rows.
    """

    def __init__(self, config: RunConfig, stop: threading.Event, out: Path = OUT_DIR) -> None:
        self._config = config
        self._stop = stop
        self._out = out
        self._summary = Summary()
        self._metrics = ProducerCollector()
        self._consumer = ConsumerApi(config.consumer_url)

    def __call__(self, connected: Callable[[], None] = lambda: None) -> int:
        """Returns the exit code.

        Args:
            connected: called as soon as a stop is noticed: before that, nothing is lost by ending.

        Raises:
            PointsError, RecordSizeError: if the points, or records of them, cannot be used.
            BrokerUnreachableError, ConsumerUnreachableError: if one of them does not answer.
        """
        config, summary = self._config, self._summary
        registry = CollectorRegistry()
        registry.register(self._metrics)
        start_http_server(_PORT, registry=registry)
        precise_sleeps()
        pool = make_pool(config, load_points(config))
        summary.pool = len(pool)
        check_size(config, pool)
        ensure_topics(config.kafka, config.deadlines.ready)
        summary.connected_ns = time.time_ns()
        connected()
        with (self._out / SENT_FILE).open("wb") as file:
            log = SentLog(file)
            client = make_client(config.kafka, config.producer)
            sender = Sender(client, config.kafka, log, self._stop)
            self._metrics.sender, self._metrics.log = sender, log
            if not self._await_pipeline(client, pool):
                return ServiceExit.OK if self._stop.is_set() else ServiceExit.NOT_READY
            self._send(sender, pool)
            self._phase("flushing")
            self._flush(sender)
            summary.flushed_ns = time.time_ns()
            log.close()
        summary.delivered, summary.undelivered = log.delivered, log.undelivered
        summary.delivery_errors = log.error_codes
        self._lag()
        summary.interrupted = self._stop.is_set()
        summary.clock_end_ns = clock_offset_ns()
        (self._out / PRODUCER_SUMMARY).write_text(json.dumps(asdict(summary), indent=1))
        self._consumer.finish(
            sent=sender.sent, delivered=log.delivered, undelivered=log.undelivered
        )
        self._phase("done")
        return ServiceExit.OK

    def _phase(self, name: str) -> None:
        self._metrics.phase = name
        _log.info(name)

    def _await_pipeline(self, client: Producer, pool: list[bytes]) -> bool:
        self._phase("canary")
        summary, ready = self._summary, Readiness(self._config, client, pool)
        is_ready = ready.wait(self._consumer, self._stop)
        canaries = ready.canaries
        summary.canaries, summary.canary_latency_s = canaries.sent, canaries.longest_s
        if not is_ready:
            if not self._stop.is_set():
                _log.error("the pipeline is not ready: %s", ready.trouble())
            return False
        if canaries.under_way:
            _log.warning("%d of %d canaries are lost", canaries.under_way, canaries.sent)
        client.flush(_INTERRUPTED_FLUSH_S)  # all but those that are lost are back
        summary.ready_ns = time.time_ns()
        return True

    def _send(self, sender: Sender, pool: list[bytes]) -> None:
        """Warm-up, then the measured segment: seamless, unless the warm-up is drained first."""
        config, summary = self._config, self._summary
        workload = config.workload
        values, dtype = math.prod(config.model.input_shape), config.model.input_dtype

        def make(segment: Segment) -> Any:
            return writer(segment, config.format, pool, workload.batch_size, values, dtype)

        start = time.time_ns()
        summary.warmup_start_ns = start
        if workload.warmup.seconds:
            self._phase("warmup")
            start = sender.send(
                Segment.WARMUP,
                arrival_process(ConstantArrivals(rate=workload.warmup.rate)),
                StopRule(seconds=workload.warmup.seconds),
                make(Segment.WARMUP),
                start,
            )
            summary.sent_warmup = sender.sent
            if workload.warmup.drain:
                start = self._drain(sender)
        if workload.warmup.settle is not None:
            self._phase("steadying")
            write = make(Segment.WARMUP)
            summary.settle_start_ns = start
            found = settle(workload.warmup.settle, sender, self._consumer, write, start, self._stop)
            start = found.end_ns
            summary.settle_seconds, summary.settled = found.seconds, found.settled
            summary.sent_warmup = sender.sent
        self._phase("measured")
        summary.measured_start_ns = self._metrics.measured_start_ns = start
        cpu = time.process_time()
        summary.measured_end_ns = sender.send(
            Segment.MEASURED,
            arrival_process(workload.arrivals),
            workload.stop,
            make(Segment.MEASURED),
            start,
        )
        summary.measured_cpu_seconds = time.process_time() - cpu
        summary.sent_measured = sender.sent - summary.sent_warmup

    def _drain(self, sender: Sender) -> int:
        """Wait until the consumer has all of the warm-up; returns the time at which it has.

        As long as results come, they are waited for: a cold processor may need far longer than
        sending took. What is missing at the end makes the run INVALID (UNSETTLED).
        """
        self._phase("settling")
        deadlines = self._config.deadlines
        back, moved = 0, time.monotonic()

        def settled_or_stuck(status: dict[str, Any]) -> bool:
            nonlocal back, moved
            if status["unique_warmup"] > back:
                back, moved = int(status["unique_warmup"]), time.monotonic()
            return back >= sender.sent or time.monotonic() - moved > status["drain_idle_s"]

        self._consumer.await_status(
            settled_or_stuck,
            deadlines.drain_total,
            self._stop,
            meanwhile=lambda: sender.flush(0),
        )
        if back < sender.sent and not self._stop.is_set():
            _log.warning(
                "%d of %d warm-up records did not come back", sender.sent - back, sender.sent
            )
        return time.time_ns()

    def _flush(self, sender: Sender) -> None:
        """Wait for outstanding deliveries, and less long as soon as a stop is asked for."""
        begun = time.monotonic()
        while sender.flush(_FLUSH_SLICE_S):
            patience_s = _INTERRUPTED_FLUSH_S if self._stop.is_set() else _FLUSH_S
            if time.monotonic() - begun > patience_s:
                return

    def _lag(self) -> None:
        """Schedule lag and rate of the measured segment, from the rows just written."""
        rows = np.memmap(self._out / SENT_FILE, dtype=SENT, mode="r") if self._rows() else None
        measured = None if rows is None else rows[rows["segment"] == int(Segment.MEASURED)]
        if measured is None or len(measured) == 0:
            return
        lag = (measured["sent_ns"] - measured["intended_ns"]) / 1e6
        for name, quantile in (("p50", 50), ("p99", 99), ("max", 100)):
            self._summary.schedule_lag_ms[name] = float(np.percentile(lag, quantile))
        seconds = (measured["sent_ns"].max() - measured["sent_ns"].min()) / 1e9
        self._summary.measured_rate = (len(measured) - 1) / seconds if seconds else None

    def _rows(self) -> int:
        return (self._out / SENT_FILE).stat().st_size // SENT.itemsize
