"""The warm-up's last part goes on until the consumer's figures fall no more, and never for ever."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Any, cast

import pytest

from crayfish_contract.codec import Segment
from crayfish_contract.runconfig import Settle, StopRule
from crayfish_load.settled import BLOCKS, Block
from crayfish_producer.settling import settle

RULE = Settle(rate=100, block_seconds=1, max_seconds=30)
S = 10**9


class Ends:
    """Sender and consumer in one: block number n has the n-th of these p95."""

    def __init__(self, *p95: float, stop: threading.Event | None = None) -> None:
        self.p95, self._stop = p95, stop
        self.sent: list[int] = []

    def send(self, segment: Segment, arrivals: Any, stop_rule: StopRule, start_ns: int) -> int:
        assert (segment, stop_rule) == (Segment.WARMUP, StopRule(seconds=1))
        self.sent.append(start_ns)
        if self._stop is not None:
            self._stop.set()
        return start_ns + S

    def blocks(self, since_ns: int, block_ns: int) -> list[dict[str, Any]]:
        assert (since_ns, block_ns) == (5 * S, S)
        values = [*self.p95, *[self.p95[-1]] * 100]
        return [asdict(Block(100, 1.0, value)) for value in values[: len(self.sent)]]


def run(ends: Ends, stop: threading.Event | None = None) -> Any:
    either = cast("Any", ends)
    return settle(RULE, either, either, 5 * S, stop or threading.Event())


def test_a_steady_latency_needs_no_more_than_is_looked_at() -> None:
    ends = Ends(5.0)
    found = run(ends)
    assert (found.settled, found.seconds) == (True, float(BLOCKS))
    assert ends.sent == [(5 + number) * S for number in range(BLOCKS)], "without a gap"


def test_a_falling_latency_is_waited_for() -> None:
    found = run(Ends(40.0, 30.0, 22.0, 16.0, 12.0, 9.0, 7.0, 5.0))
    assert found.settled
    assert BLOCKS < found.seconds < 30


def test_one_that_never_stops_falling_is_given_up() -> None:
    found = run(Ends(*(1000 * 0.8**number for number in range(40))))
    assert (found.settled, found.seconds) == (False, 30.0)


def test_a_stop_ends_it() -> None:
    stop = threading.Event()
    found = run(Ends(5.0, stop=stop), stop)
    assert (found.settled, found.seconds) == (False, 1.0)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rule_has_a_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Settle(rate=rate)
