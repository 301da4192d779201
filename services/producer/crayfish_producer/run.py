"""One run of the producer: make payloads, wait until the pipeline answers, send, say so."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, start_http_server

from crayfish_contract.arrays import PRODUCER_SUMMARY, SENT_FILE
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment
from crayfish_contract.runconfig import OUT_DIR, ConstantArrivals, StopRule
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_contract.topics import ensure_topics
from crayfish_load.payloads import check_size, load_points, make_pool

from .consumer_api import ConsumerApi
from .metrics import ProducerCollector
from .producers import FurtherProducers, Producers
from .ready import Readiness
from .sender import precise_sleeps
from .settling import settle
from .summary import Summary

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
            FurtherProducerError: if one of several producers has ended.
        """
        config, summary = self._config, self._summary
        registry = CollectorRegistry()
        registry.register(self._metrics)
        start_http_server(_PORT, registry=registry)
        precise_sleeps()
        pool = make_pool(config, load_points(config))
        summary.pool = len(pool)
        check_size(config, pool)
        others = FurtherProducers(config, self._out, self._stop)
        ensure_topics(config.kafka, config.deadlines.ready)
        summary.connected_ns = time.time_ns()
        connected()
        with (self._out / SENT_FILE).open("wb") as file:
            producers = Producers(config, pool, file, others, self._stop)
            self._metrics.producers = producers
            if not self._await_pipeline(producers.client, pool):
                return ServiceExit.OK if self._stop.is_set() else ServiceExit.NOT_READY
            self._send(producers)
            self._phase("flushing")
            self._flush(producers)
            summary.flushed_ns = time.time_ns()
            producers.close()
        summary.delivered, summary.undelivered = producers.delivered, producers.undelivered
        summary.delivery_errors = producers.error_codes
        summary.add_rows(self._out, config.producer.processes)
        summary.interrupted = self._stop.is_set()
        summary.clock_end_ns = clock_offset_ns()
        (self._out / PRODUCER_SUMMARY).write_text(json.dumps(asdict(summary), indent=1))
        self._consumer.finish(
            sent=producers.sent,
            delivered=producers.delivered,
            undelivered=producers.undelivered,
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

    def _send(self, producers: Producers) -> None:
        """Warm-up, then the measured segment: seamless, unless the warm-up is drained first."""
        workload, summary = self._config.workload, self._summary
        start = time.time_ns()
        summary.warmup_start_ns = start
        if workload.warmup.seconds:
            self._phase("warmup")
            start = producers.send(
                Segment.WARMUP,
                ConstantArrivals(rate=workload.warmup.rate),
                StopRule(seconds=workload.warmup.seconds),
                start,
            )
            summary.sent_warmup = producers.sent
            if workload.warmup.drain:
                start = self._drain(producers)
        if workload.warmup.settle is not None:
            self._phase("steadying")
            summary.settle_start_ns = start
            found = settle(workload.warmup.settle, producers, self._consumer, start, self._stop)
            start = found.end_ns
            summary.settle_seconds, summary.settled = found.seconds, found.settled
            summary.sent_warmup = producers.sent
        self._phase("measured")
        summary.measured_start_ns = self._metrics.measured_start_ns = start
        summary.measured_end_ns = producers.send(
            Segment.MEASURED, workload.arrivals, workload.stop, start
        )
        summary.measured_cpu_seconds = producers.cpu_seconds
        summary.sent_measured = producers.sent - summary.sent_warmup
        if self._ends_by_the_clock(summary.sent_measured):
            summary.measured_end_ns = start + round((workload.stop.seconds or 0) * 1e9)
        self._stay(producers, summary.measured_end_ns)

    def _ends_by_the_clock(self, sent: int) -> bool:
        """Whether it is `stop.seconds` that ended a schedule.

        Then it lasts so long, however rare its records are.
        """
        workload = self._config.workload
        counted = workload.stop.count is not None and sent >= workload.stop.count
        itself = workload.arrivals.kind in {"max", "trace"}
        return workload.stop.seconds is not None and not counted and not itself

    def _stay(self, producers: Producers, end_ns: int) -> None:
        """Wait for the end of the segment.

        What is scraped must cover the gap behind its last record, which is ten seconds at a tenth
        of a record per second.
        """
        while (left_s := (end_ns - time.time_ns()) / 1e9) > 0 and not self._stop.is_set():
            producers.flush(0)
            self._stop.wait(min(left_s, _FLUSH_SLICE_S))

    def _drain(self, producers: Producers) -> int:
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
            return back >= producers.sent or time.monotonic() - moved > status["drain_idle_s"]

        self._consumer.await_status(
            settled_or_stuck,
            deadlines.drain_total,
            self._stop,
            meanwhile=lambda: producers.flush(0),
        )
        sent = producers.sent
        if back < sent and not self._stop.is_set():
            _log.warning("%d of %d warm-up records did not come back", sent - back, sent)
        return time.time_ns()

    def _flush(self, producers: Producers) -> None:
        """Wait for outstanding deliveries, and less long as soon as a stop is asked for."""
        begun = time.monotonic()
        while producers.flush(_FLUSH_SLICE_S):
            patience_s = _INTERRUPTED_FLUSH_S if self._stop.is_set() else _FLUSH_S
            if time.monotonic() - begun > patience_s:
                return
