"""One run of the consumer: read results until every id is accounted for."""

from __future__ import annotations

import gc
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from confluent_kafka import Consumer, TopicPartition
from prometheus_client import CollectorRegistry

from crayfish_contract.arrays import CONSUMER_SUMMARY, RECEIVED_FILE
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment
from crayfish_contract.kafka import fetch_settings
from crayfish_contract.runconfig import OUT_DIR
from crayfish_contract.security import security_settings
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_contract.topics import ensure_topics, remove_stale_topics
from crayfish_load.check import load_check
from crayfish_load.parse import Canary, ResultParser

from .blocks import WarmupBlocks
from .intake import Intake
from .metrics import ConsumerCollector, RecentLatency
from .server import serve
from .summary import Summary
from .tally import Drain, Tally

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from crayfish_contract.runconfig import RunConfig

_log = json_logger("consumer")
_OFFSET_BEGINNING: Final = -2


class ConsumerRun:
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
        self._parser = ResultParser(config.format, load_check(config))
        self._canaries: list[Canary] = []
        self.tally = Tally()
        self.blocks = WarmupBlocks()
        self.summary = Summary()
        self.recent = RecentLatency()
        self.phase = "starting"
        deadlines, workload = config.deadlines, config.workload
        self._drain = Drain(
            idle_s=deadlines.drain_idle,
            total_s=deadlines.drain_total,
            silence_s=deadlines.ready
            + deadlines.drain_total
            + workload.warmup.longest_seconds
            + (workload.stop.seconds or 0),
            last_progress=time.monotonic(),
            listen_s=deadlines.listen,
        )

    def __call__(self, connected: Callable[[], None] = lambda: None) -> int:
        """Returns the exit code.

        Args:
            connected: called as soon as a stop is noticed: before that, nothing is lost by ending.

        Raises:
            BrokerUnreachableError: if the broker does not answer.
        """
        registry = CollectorRegistry()
        registry.register(ConsumerCollector(self))
        server = serve(self.status, self.finish, registry, blocks=self.blocks.since)
        kafka = self._config.kafka
        stale = remove_stale_topics(kafka, self._config.deadlines.ready)
        ensure_topics(kafka, self._config.deadlines.ready)
        _log.info("receiving", extra={"fields": {"removed_topics": stale}})
        connected()
        client = self._assigned()
        self.summary.ready_ns = time.time_ns()
        self.phase = "receiving"
        with (self._out / RECEIVED_FILE).open("wb") as file:
            ended = self._receive(client, file)
        self.phase = "done"
        client.close()
        self._write_summary(ended)
        server.shutdown()
        _log.info("done", extra={"fields": {"ended": ended, "received": self.tally.received}})
        return ServiceExit.UNREACHABLE if ended == "silence" else ServiceExit.OK

    def status(self) -> dict[str, Any]:
        """What GET /status answers."""
        return {
            "phase": self.phase,
            "canaries": [asdict(canary) for canary in self._canaries],
            "drain_idle_s": self._drain.idle_s,
            "received": self.tally.received,
            "unique": self.tally.unique_total,
            "unique_warmup": self.tally.unique[Segment.WARMUP],
            "unique_measured": self.tally.unique[Segment.MEASURED],
            "duplicates": self.tally.duplicates,
            "failed": self.tally.failed,
        }

    def finish(self, counts: dict[str, Any]) -> None:
        """The producer has sent its last record; `delivered` of them are in the broker."""
        self.summary.expected = int(counts["delivered"])
        self._drain.finish(self.summary.expected, time.monotonic())
        self.phase = "draining"

    def _assigned(self) -> Consumer:
        kafka = self._config.kafka
        client = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap,
                **security_settings(kafka),
                # Not the processor's: whoever asks for a group's lag shall see one reader.
                "group.id": f"{self._config.run_id}-consumer",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 500,
                **fetch_settings(kafka),
                "isolation.level": "read_committed",
                "log_level": 3,
            }
        )
        client.assign(
            [
                TopicPartition(kafka.output_topic, partition, _OFFSET_BEGINNING)
                for partition in range(kafka.output_partitions)
            ]
        )
        return client

    def _receive(self, client: Consumer, file: BinaryIO) -> str:
        """Read until the drain is over; returns why it is."""
        gc.freeze()
        gc.disable()  # the loop makes no cycles
        intake = Intake(client)
        while not self._stop.is_set():
            intake.wait()
            if intake.due():
                self._handle(intake, file)
            ended = self._drain.ended(self.tally.unique_total, time.monotonic())
            if ended is not None:
                return ended
        self._handle(intake, file)
        return "signal"

    def _handle(self, intake: Intake, file: BinaryIO) -> None:
        """Take apart, count and write what has come since the last time."""
        taken = intake.take()
        if not taken.values:
            return
        parsed = self._parser.parse(taken.values, taken.append_ms, taken.consumed_ns)
        summary = self.summary
        summary.undecodable += parsed.undecodable
        self._note_canaries(parsed.canaries, taken.consumed_ns[0])
        self._drain.last_progress = time.monotonic()
        rows = parsed.rows
        if len(rows) == 0:
            return
        rows.tofile(file)
        self.tally.add(rows)
        if self._config.workload.warmup.settle is not None:  # else nobody will ask
            self.blocks.add(rows)
        self.recent.add(rows["consumed_ns"] - rows["intended_ns"])
        if summary.first_result_ns is None:
            summary.first_result_ns = int(rows["consumed_ns"].min())
        summary.last_result_ns = int(rows["consumed_ns"].max())
        worst = rows["deviation"].max(initial=-1.0, where=~np.isnan(rows["deviation"]))
        if worst >= 0:
            summary.deviation_max = max(summary.deviation_max or 0.0, float(worst))

    def _note_canaries(self, canaries: list[Canary], consumed_ns: int) -> None:
        """They say how long a record takes here: patience must be longer than that."""
        summary = self.summary
        for canary in canaries:
            if canary.ok and summary.first_canary_ns is None:
                summary.first_canary_ns = consumed_ns
            summary.canaries_ok += canary.ok
            summary.canaries_failed += not canary.ok
            summary.canary_service_s = max(summary.canary_service_s, canary.service_s)
            self._canaries = [*self._canaries, canary]  # another thread may be reading the old one
        self._drain.allow_for(summary.canary_service_s)
        summary.drain_idle_s = self._drain.idle_s

    def _write_summary(self, ended: str) -> None:
        summary, tally = self.summary, self.tally
        summary.ended = ended
        summary.finished_ns = time.time_ns()
        summary.clock_end_ns = clock_offset_ns()
        summary.received, summary.failed = tally.received, tally.failed
        summary.duplicates = tally.duplicates
        summary.unique_warmup = tally.unique[Segment.WARMUP]
        summary.unique_measured = tally.unique[Segment.MEASURED]
        summary.cpu_seconds = time.process_time()
        (self._out / CONSUMER_SUMMARY).write_text(json.dumps(asdict(summary), indent=1))
