"""The call modes of a run config, for processors that hold several messages at once.

A processor that gets one message at a time needs only `RecordScorer` (blocking) or
`AsyncRecordScorer` (async).
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from .record import RecordScorer
from .together import BatchScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crayfish_contract.runconfig import RunConfig

    from .base import Scorer

    Received = Sequence[int] | None
    """When each message was received, in Unix ns, if that was before it is handed over."""
    Take = Callable[[bytes], None]
    """Gets a result message."""


class Scoring(ABC):
    """Request messages to result messages, in one thread; it never raises and never drops."""

    @abstractmethod
    def map(self, messages: Sequence[bytes | None], received_ns: Received = None) -> list[bytes]:
        """A result for each message, in their order.

        Args:
            messages: requests.
            received_ns: for `batched`, where records wait for others; other modes take a record
                for received when they begin with it.
        """

    def put(
        self, messages: Sequence[bytes | None], take: Take, received_ns: Received = None
    ) -> None:
        """Hand each result over when it is there; at the latest in `flush`."""
        for result in self.map(messages, received_ns):
            take(result)

    def results(self, groups: Iterable[Sequence[bytes | None]]) -> Iterator[list[bytes]]:
        """Results of groups of messages; as many in all as there are messages."""
        for group in groups:
            yield self.map(group)

    def flush(self) -> None:  # noqa: B027  only what answers later has something to wait for
        """Wait until nothing is under way."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the model, when nothing is under way any more."""


class OneByOne(Scoring):
    """`blocking`: a call for each record, one after the other."""

    def __init__(self, scorer: Scorer, config: RunConfig) -> None:
        self._scorer = scorer
        self._process = RecordScorer(
            scorer, config.model.input_shape, config.format, config.model.input_dtype
        ).process

    def map(self, messages: Sequence[bytes | None], received_ns: Received = None) -> list[bytes]:  # noqa: ARG002
        """One call each."""
        process = self._process
        return [process(message) for message in messages]

    def put(
        self,
        messages: Sequence[bytes | None],
        take: Take,
        received_ns: Received = None,  # noqa: ARG002
    ) -> None:
        """A result does not wait for the next one."""
        process = self._process
        for message in messages:
            take(process(message))

    def close(self) -> None:
        """Let go of the model."""
        self._scorer.close()


class Together(Scoring):
    """`batched`: one call for as many records as lie ready, up to `call.records`."""

    def __init__(self, scorer: Scorer, config: RunConfig) -> None:
        self._scorer = scorer
        self._process = BatchScorer(
            scorer, config.model.input_shape, config.format, config.model.input_dtype
        ).process
        self._records = config.call.records

    def map(self, messages: Sequence[bytes | None], received_ns: Received = None) -> list[bytes]:
        """As few calls as `call.records` allows."""
        return [each for results in self._calls(messages, received_ns) for each in results]

    def put(
        self, messages: Sequence[bytes | None], take: Take, received_ns: Received = None
    ) -> None:
        """The results of a call do not wait for the next call."""
        for results in self._calls(messages, received_ns):
            for result in results:
                take(result)

    def _calls(
        self, messages: Sequence[bytes | None], received_ns: Received
    ) -> Iterator[list[bytes]]:
        """A call after the other; the records of the later ones wait for those of the first."""
        stamps = [time.time_ns()] * len(messages) if received_ns is None else received_ns
        for start in range(0, len(messages), self._records):
            part = slice(start, start + self._records)
            yield self._process(messages[part], stamps[part])

    def close(self) -> None:
        """Let go of the model."""
        self._scorer.close()
