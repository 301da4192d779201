import io
from types import SimpleNamespace
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from crayfish_contract.codec import Segment
from crayfish_producer.metrics import ProducerCollector
from crayfish_producer.sentlog import Chunk, SentLog


def test_metrics() -> None:
    collector = ProducerCollector()
    registry = CollectorRegistry()
    registry.register(collector)
    assert b'crayfish_producer_phase{phase="starting"} 1.0' in generate_latest(registry)
    log = SentLog(io.BytesIO())
    chunk = Chunk(0, Segment.MEASURED, np.array([1000, 2000, 3000, 4000]))
    log.open(chunk)
    chunk.sent_ns.extend([2000, 4000, 6000])
    log.report(chunk, 0, 7, 0, "")
    log.report(chunk, 1, -1, 5, "NOT")
    producers: Any = SimpleNamespace(
        sent=3, current=chunk, delivered=log.delivered, undelivered=log.undelivered
    )
    collector.producers, collector.phase = producers, "measured"
    text = generate_latest(registry).decode()
    for line in (
        'crayfish_producer_phase{phase="measured"} 1.0',
        "crayfish_producer_sent_total 3.0",
        "crayfish_producer_delivered_total 1.0",
        "crayfish_producer_delivery_errors_total 1.0",
        'crayfish_producer_schedule_lag_seconds{quantile="0.5"} 2e-06',
        'crayfish_producer_schedule_lag_seconds{quantile="1"} 3e-06',
    ):
        assert line in text
