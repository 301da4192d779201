"""Which batches are done: what may be committed without losing a record.

Batches are opened in the order of their offsets and may be acknowledged in any order; they are
settled from the oldest on, and only while nothing before them is still open.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message

Token = TypeVar("Token")


class DeliveryError(Exception):
    """The broker refused a result, or did not take it in time."""


class Pending(Generic[Token]):
    """A batch that is not acknowledged yet."""

    __slots__ = ("error", "left", "token")

    def __init__(self, count: int, token: Token) -> None:
        self.left = count
        self.token = token
        self.error: KafkaError | None = None

    def acknowledged(self, error: KafkaError | None, _: Message | None) -> None:
        """Delivery report of one of its records, as the Kafka client calls it."""
        if error is None:
            self.left -= 1
        else:
            self.error = error


class Ledger(Generic[Token]):
    """The open batches, oldest first."""

    def __init__(self) -> None:
        self._open: deque[Pending[Token]] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, count: int, token: Token) -> Pending[Token]:
        """Note a batch of `count` records; `token` comes back when it is settled."""
        pending = Pending(count, token)
        self._open.append(pending)
        return pending

    def settled(self) -> list[Token]:
        """The batches that are done and have nothing open before them; each comes out once.

        Raises:
            DeliveryError: if the oldest open batch cannot be delivered.
        """
        done = []
        batches = self._open
        while batches and (batches[0].left <= 0 or batches[0].error is not None):
            if batches[0].error is not None:
                raise DeliveryError(f"a result was not delivered: {batches[0].error}")
            done.append(batches.popleft().token)
        return done
