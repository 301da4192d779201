"""Takes messages from the client, and notes when each came.

Noting is all that happens per fetch. Taking results apart costs numpy about 100 us however few they
are, so that is done for many fetches together: at 3,000 results/s most fetches hold one or two.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaException

from crayfish_contract.service import json_logger

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message

_log = json_logger("consumer")
_WAIT_S: Final = 0.05
"""How long a poll waits for the first message; `consume` alone would wait to fill its batch."""
_BATCH: Final = 1000
_HOLD_S: Final = 0.05
"""How long results may lie here before they are counted."""


@dataclass(slots=True)
class Taken:
    """Messages in the order in which they came; the lists belong together."""

    values: list[bytes] = field(default_factory=list)
    append_ms: list[int] = field(default_factory=list)
    """The broker's append time, Unix ms."""
    consumed_ns: list[int] = field(default_factory=list)
    """When the client had handed it over, Unix ns."""


class Intake:
    """Fetches from one client.

    Args:
        client: with its partitions assigned.
    """

    def __init__(self, client: Consumer) -> None:
        self._client = client
        self._taken = Taken()
        self._since = time.monotonic()

    def wait(self) -> None:
        """Wait for one message, then take all that lie ready.

        The time is read when the first has come, and again when the others have: taking a thousand
        of them lasts a millisecond, which is not part of the first one's latency.

        Raises:
            KafkaException: if the client cannot go on.
        """
        first = self._client.poll(_WAIT_S)
        if first is None:
            return
        now = time.time_ns()
        self._keep([first], now)
        others = self._client.consume(_BATCH - 1, 0)
        if others:
            self._keep(others, time.time_ns())

    def _keep(self, messages: list[Message], now: int) -> None:
        taken = self._taken
        for message in messages:
            error = message.error()
            if error is not None:
                if error.fatal():
                    raise KafkaException(error)
                _log.warning("consumer: %s", error)
                continue
            taken.values.append(message.value() or b"")
            taken.append_ms.append(message.timestamp()[1])
            taken.consumed_ns.append(now)

    def due(self) -> bool:
        """Whether what has come should be taken apart now."""
        return len(self._taken.values) >= _BATCH or time.monotonic() - self._since >= _HOLD_S

    def take(self) -> Taken:
        """What has come since the last time."""
        taken, self._taken, self._since = self._taken, Taken(), time.monotonic()
        return taken
