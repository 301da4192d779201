"""Parts of a producer's run that need neither broker nor consumer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_contract.runconfig import ConstantArrivals, StopRule, Warmup
from crayfish_producer import run as producer_run
from crayfish_producer.run import ProducerRun
from tests.unit.load.made import make_config

if TYPE_CHECKING:
    from crayfish_producer.producers import Producers

SENT = 10


class Consumer:
    """Says that so many warm-up records are back; each question takes a second."""

    def __init__(self, clock: list[float], *back: int) -> None:
        self.clock, self.back = clock, list(back)

    def await_status(self, condition: Any, deadline_s: float, *_: Any, **__: Any) -> None:
        end = self.clock[0] + deadline_s
        while self.clock[0] < end:
            self.clock[0] += 1.0
            back = self.back.pop(0) if len(self.back) > 1 else self.back[0]
            if condition({"unique_warmup": back, "drain_idle_s": 15.0}):
                return


class Sent:
    sent = SENT

    def __init__(self, left: int = 0) -> None:
        self.left = left

    def flush(self, timeout_s: float) -> int:
        time.sleep(timeout_s)
        return self.left


class Paced(Sent):
    """Has sent its only record as soon as it is asked."""

    cpu_seconds = 0.0

    def __init__(self, stop: StopRule) -> None:
        super().__init__()
        self.sent = stop.count or 1

    def send(self, segment: Any, arrivals: Any, stop_rule: Any, start_ns: int) -> int:
        return start_ns


@pytest.mark.parametrize(
    ("back", "seconds", "said"),
    [
        ([SENT], 1, ""),
        ([*[1] * 14, *[5] * 14, SENT], 29, ""),  # slow, but never 15 s without a result
        ([4], 17, "6 of 10 warm-up records did not come back"),
        (
            [*[1] * 14, *[2] * 14, *[3] * 14, *[4] * 14, *[5] * 14],
            60,
            "5 of 10 warm-up records did not come back",
        ),
    ],
)
def test_the_warm_up_is_waited_for_while_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
    back: list[int],
    seconds: int,
    said: str,
) -> None:
    clock, lines = [0.0], []
    monkeypatch.setattr(
        producer_run._log, "warning", lambda line, *values: lines.append(line % values)
    )
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    run = ProducerRun(make_config(), threading.Event())
    run._consumer = cast("Any", Consumer(clock, *back))
    run._drain(cast("Producers", Sent()))
    assert clock[0] == seconds
    assert "".join(lines) == said


def test_a_stop_ends_the_last_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_run, "_INTERRUPTED_FLUSH_S", 0.1)
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    begun = time.monotonic()
    ProducerRun(make_config(), stop)._flush(cast("Producers", Sent(left=3)))
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("rate", "stop", "seconds"),
    [
        (0.5, StopRule(seconds=1), 1.0),  # its only record is due at once
        (0.5, StopRule(seconds=60, count=1), 0.0),
        (1000, StopRule(count=100), 0.0),
    ],
)
def test_a_segment_lasts_to_its_end_however_rare_its_records_are(
    rate: float, stop: StopRule, seconds: float
) -> None:
    config = make_config(
        arrivals=ConstantArrivals(rate=rate), stop=stop, warmup=Warmup(seconds=0, rate=1)
    )
    run = ProducerRun(config, threading.Event())
    begun = time.monotonic()
    run._send(cast("Producers", Paced(stop)))
    assert time.monotonic() - begun == pytest.approx(seconds, abs=0.4)


def test_what_is_delivered_is_not_waited_for() -> None:
    begun = time.monotonic()
    ProducerRun(make_config(), threading.Event())._flush(cast("Producers", Sent()))
    assert time.monotonic() - begun < 1
