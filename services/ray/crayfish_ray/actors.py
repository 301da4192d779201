"""What runs on the worker nodes: one class per kind of actor. None of them knows Ray.

A chain is source, scorer and sink in one process. Without chaining the three are actors of their
own: the source calls a scorer with a batch and hands the reference of its answer on to a sink, so
the results go from scorer to sink, and the source hears from the sink what is acknowledged.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any

from crayfish_scoring import open_scoring

from .clients import Batch, Input, Output, Positions
from .ledger import Ledger, Pending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crayfish_contract.runconfig import RunConfig

    from .options import RayOptions


@dataclass(frozen=True)
class Progress:
    """How far an actor that reads has come."""

    scored: dict[str, int] = field(default_factory=dict)
    """By the scorer's name."""
    backlog: int = 0
    """Records in its partitions that it has not read."""


class Reader:
    """What a chain and a source have in common: a loop that reads until it is told to stop.

    `run` keeps its thread until then; `progress` and `stop` are called from another.
    """

    def __init__(self, config: RunConfig, options: RayOptions, index: int) -> None:
        self._input = Input(config, options, index)
        self._stopping = threading.Event()
        self._scored: Counter[str] = Counter()

    def run(self) -> int:
        """Read, score and send until stopped; then settle what is under way.

        Returns:
            Records scored.
        """
        while not self._stopping.is_set():
            batch = self._input.take()
            if batch is None:
                self.idle()
            else:
                self.pass_on(batch)
            self._input.commit(self.settled())
        self.finish()
        self._input.close(self.settled())
        return self._scored.total()

    def progress(self) -> Progress:
        """Cheap, and at any time."""
        return Progress(dict(self._scored), self._input.backlog)

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._stopping.set()

    def idle(self) -> None:
        """No record came for a while."""

    def pass_on(self, batch: Batch) -> None:
        """What is done with a batch."""
        raise NotImplementedError

    def settled(self) -> list[Positions]:
        """Positions up to which every result is in the broker; each comes out once."""
        raise NotImplementedError

    def finish(self) -> None:
        """Wait for whatever is under way."""
        raise NotImplementedError


class Chain(Reader):
    """Source, scorer and sink in one."""

    def __init__(self, config: RunConfig, options: RayOptions, index: int) -> None:
        super().__init__(config, options, index)
        self._name = f"chain-{index}"
        self._scoring = open_scoring(config)
        self._output = Output(config, options)
        self._ledger: Ledger[Positions] = Ledger()

    def pass_on(self, batch: Batch) -> None:
        """Each result is sent as soon as it is scored."""
        pending = self._ledger.open(len(batch.values), batch.positions)
        send, report = self._output.send, pending.acknowledged
        self._scoring.put(batch.values, lambda result: send(result, report), batch.received_ns)
        self._scored[self._name] += len(batch.values)
        self._output.hear()

    def idle(self) -> None:
        """Delivery reports that came after the last batch."""
        self._output.hear()

    def settled(self) -> list[Positions]:
        """Of the batches whose results are all acknowledged."""
        return self._ledger.settled()

    def finish(self) -> None:
        """Until the broker has every result."""
        self._scoring.flush()
        self._output.flush()


class Scorer:
    """Scores batches, in the run's call mode."""

    def __init__(self, config: RunConfig) -> None:
        self._scoring = open_scoring(config)

    def score(self, values: list[bytes], received_ns: list[int] | None = None) -> list[bytes]:
        """Request messages to result messages.

        Args:
            values: of the messages.
            received_ns: when the source had each, if it has waited for others.
        """
        return self._scoring.map(values, received_ns)


class Sink:
    """Sends what the scorers answer, and tells each source which of its batches are done."""

    def __init__(self, config: RunConfig, options: RayOptions) -> None:
        self._output = Output(config, options)
        self._ledgers: dict[int, Ledger[int]] = {}

    def write(self, source: int, number: int, values: list[bytes]) -> list[int]:
        """Hand batch `number` of a source to the Kafka client.

        Returns:
            Numbers of that source's batches that the broker has acknowledged since the last call.
        """
        ledger = self._ledgers.setdefault(source, Ledger())
        report = ledger.open(len(values), number).acknowledged
        send = self._output.send
        for value in values:
            send(value, report)
        self._output.hear()
        return ledger.settled()

    def flush(self, source: int) -> list[int]:
        """Wait until the broker has everything; returns the rest of that source's numbers."""
        self._output.flush()
        return self._ledgers.setdefault(source, Ledger()).settled()


@dataclass(frozen=True, slots=True)
class Call:
    """A batch on its way through a scorer to a sink."""

    answer: Any
    """Reference of what the sink will say."""
    scorer: str
    sink: int
    records: int


class Source(Reader):
    """Passes batches to scorers and their answers to sinks, in turn.

    The number of calls under way is bounded: when scorers or sinks are slow, it stops reading.

    Args:
        config: of the run.
        options: of the run.
        index: which source this is.
        scorers: handles of the scoring actors.
        sinks: handles of the sink actors.
        get: waits for a reference's value (`ray.get`).
    """

    def __init__(  # noqa: PLR0917
        self,
        config: RunConfig,
        options: RayOptions,
        index: int,
        scorers: Sequence[Any],
        sinks: Sequence[Any],
        get: Callable[[Any], Any],
    ) -> None:
        super().__init__(config, options, index)
        self._index, self._get = index, get
        # Sources begin at different scorers, so that the first records do not all meet at one.
        first = index % len(scorers)
        order = [*range(first, len(scorers)), *range(first)]
        self._scorers = cycle([(f"scorer-{number}", scorers[number]) for number in order])
        self._sinks = sinks
        self._turn = cycle(range(len(sinks)))
        self._bound = options.in_flight * len(scorers)
        self._calls: deque[Call] = deque()
        self._number = 0
        self._ledger: Ledger[Positions] = Ledger()
        self._unsettled: dict[int, Pending[Positions]] = {}

    def pass_on(self, batch: Batch) -> None:
        """Start the two calls of a batch; wait for the oldest if there are too many."""
        name, scorer = next(self._scorers)
        sink = next(self._turn)
        self._number += 1
        self._unsettled[self._number] = self._ledger.open(1, batch.positions)
        results = scorer.score.remote(batch.values, batch.received_ns)
        answer = self._sinks[sink].write.remote(self._index, self._number, results)
        self._calls.append(Call(answer, name, sink, len(batch.values)))
        while len(self._calls) >= self._bound:
            self._await_oldest()

    def idle(self) -> None:
        """Now there is time to hear what became of the last batches."""
        self.finish()

    def settled(self) -> list[Positions]:
        """Of the batches that the sinks have said are done."""
        return self._ledger.settled()

    def finish(self) -> None:
        """Until every sink has every acknowledgement."""
        while self._calls:
            self._await_oldest()
        if self._unsettled:
            for sink in self._sinks:
                self._note(self._get(sink.flush.remote(self._index)))

    def _await_oldest(self) -> None:
        call = self._calls.popleft()
        done = self._get(call.answer)
        self._scored[call.scorer] += call.records
        self._note(done)

    def _note(self, numbers: list[int]) -> None:
        for number in numbers:
            self._unsettled.pop(number).left = 0
