from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from crayfish_consumer.metrics import ConsumerCollector, RecentLatency
from crayfish_consumer.tally import Tally
from crayfish_contract.arrays import RECEIVED
from crayfish_contract.codec import Segment, Status


def test_recent_latency_is_that_of_the_last_results() -> None:
    recent = RecentLatency()
    assert recent.percentiles() == ()
    recent.add(np.array([1_000_000_000, 3_000_000_000, 2_000_000_000]))
    assert recent.percentiles() == pytest.approx((2, 2.98, 3))
    for latency in (5, 7):
        recent.add(np.full(3000, latency * 1_000_000_000))
    assert recent.percentiles() == (7, 7, 7)
    recent.add(np.full(100_000, 1))
    assert recent.percentiles() == pytest.approx((1e-9, 1e-9, 1e-9))


def test_metrics() -> None:
    tally = Tally()
    rows = np.zeros(4, dtype=RECEIVED)
    rows["id"], rows["segment"] = [1, 1, 2, 3], Segment.MEASURED
    rows["segment"][2], rows["status"] = Segment.WARMUP, Status.FAILED
    tally.add(rows)
    recent = RecentLatency()
    recent.add(np.array([3_000_000_000]))
    run: Any = SimpleNamespace(
        phase="draining", tally=tally, recent=recent, summary=SimpleNamespace(undecodable=5)
    )
    registry = CollectorRegistry()
    registry.register(ConsumerCollector(run))
    text = generate_latest(registry).decode()
    for line in (
        'crayfish_consumer_phase{phase="draining"} 1.0',
        'crayfish_consumer_received_total{segment="measured"} 2.0',
        'crayfish_consumer_received_total{segment="warmup"} 1.0',
        "crayfish_consumer_failed_total 4.0",
        "crayfish_consumer_duplicates_total 1.0",
        "crayfish_consumer_undecodable_total 5.0",
        'crayfish_consumer_latency_seconds{quantile="0.99"} 3.0',
    ):
        assert line in text
