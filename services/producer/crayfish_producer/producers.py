"""The producers of a run as one: this process, and further ones that share its schedule.

Record i of a segment is sent by producer i mod P. One clock, one host: they are processes of one
container, so that nothing of the run's times depends on how many they are.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any, Final

from . import further
from .further import Order
from .share import ShareSender

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path
    from typing import BinaryIO

    from crayfish_contract.codec import Segment
    from crayfish_contract.runconfig import Arrivals, RunConfig, StopRule

    from .sentlog import Chunk
    from .share import Sent

_LOOK_S: Final = 0.05
"""Between two looks at the stop while another producer is waited for."""
_END_S: Final = 5.0


class FurtherProducerError(RuntimeError):
    """One of the further producers has ended; the message says which, and with what."""


class FurtherProducers:
    """Starts the others, which make their payloads meanwhile.

    Args:
        config: of the run.
        out: folder for their rows.
        stop: passed on to them.
    """

    def __init__(self, config: RunConfig, out: Path, stop: threading.Event) -> None:
        self._stop = stop
        self._told = False
        context = multiprocessing.get_context("spawn")  # a forked Kafka client does not work
        self._processes: list[BaseProcess] = []
        self._orders: list[Connection] = []
        self.counts: list[Any] = []
        for number in range(1, config.producer.processes):
            mine, theirs = context.Pipe()
            counts = context.Array("q", 3, lock=False)
            process = context.Process(
                target=further.produce, args=(config, number, out, theirs, counts), daemon=True
            )
            process.start()
            theirs.close()  # its end is heard then
            self._processes.append(process)
            self._orders.append(mine)
            self.counts.append(counts)

    def __len__(self) -> int:
        return len(self._orders)

    def order(self, order: Order) -> None:
        """Tell all of them; `answers` has what they say."""
        for number in range(len(self)):
            try:
                self._orders[number].send(order)
            except OSError:
                self._gone(number)

    def answers(self) -> list[Any]:
        """The next answer of each; a stop is passed on while they are waited for.

        Raises:
            FurtherProducerError: if one has ended.
        """
        return [self._answer(number) for number in range(len(self))]

    def _answer(self, number: int) -> Any:
        orders = self._orders[number]
        try:
            while not orders.poll(_LOOK_S):
                self._pass_on()
            return orders.recv()
        except (EOFError, OSError):
            return self._gone(number)

    def _pass_on(self) -> None:
        if self._stop.is_set() and not self._told:
            self._told = True
            for number, orders in enumerate(self._orders):
                try:
                    orders.send(further.STOP)
                except OSError:
                    self._gone(number)

    def _gone(self, number: int) -> None:
        process = self._processes[number]
        process.join(_END_S)
        raise FurtherProducerError(
            f"producer {number + 2} of {len(self) + 1} has ended with {process.exitcode}"
        ) from None


class Producers:
    """All producers of a run.

    Args:
        config: of the run.
        pool: the payloads.
        file: gets the rows of this process.
        others: that were started.
        stop: set to end a segment early.
    """

    def __init__(
        self,
        config: RunConfig,
        pool: Sequence[bytes],
        file: BinaryIO,
        others: FurtherProducers,
        stop: threading.Event,
    ) -> None:
        self._mine = ShareSender(config, 0, pool, file, stop)
        self._others = others
        self.client = self._mine.client
        self.cpu_seconds = 0.0
        """Of all of them, for the segment that was sent last."""
        self._next_id = 0
        self.error_codes: dict[str, int] = {}
        """Deliveries that failed, by librdkafka's name of why; known when all is closed."""
        others.answers()  # they are ready

    @property
    def sent(self) -> int:
        """Records handed to the clients so far; of the others up to half a second ago."""
        return self._mine.sender.sent + self._of_others(further.SENT)

    @property
    def delivered(self) -> int:
        """Likewise those that the broker took."""
        return self._mine.log.delivered + self._of_others(further.DELIVERED)

    @property
    def undelivered(self) -> int:
        """Likewise those that it did not."""
        return self._mine.log.undelivered + self._of_others(further.UNDELIVERED)

    @property
    def current(self) -> Chunk | None:
        """What this process is sending."""
        return self._mine.sender.current

    def _of_others(self, what: int) -> int:
        return sum(counts[what] for counts in self._others.counts)

    def send(self, segment: Segment, arrivals: Arrivals, stop_rule: StopRule, start_ns: int) -> int:
        """Send one segment, see `ShareSender.send`.

        Returns:
            Unix ns of the end of the schedule (of the last send, if there is no schedule).

        Raises:
            FurtherProducerError: if one of the others has ended.
        """
        segment_of_all = (segment, arrivals, stop_rule, start_ns, self._next_id)
        self._others.order(Order("send", segment_of_all))
        sent: list[Sent] = [self._mine.send(*segment_of_all), *self._others.answers()]
        self._next_id = max(each.next_id for each in sent)
        self.cpu_seconds = sum(each.cpu_seconds for each in sent)
        return max(each.end_ns for each in sent)

    def flush(self, timeout_s: float) -> int:
        """Wait for outstanding deliveries; returns how many are still missing."""
        self._others.order(Order("flush", (timeout_s,)))
        missing: list[int] = [self._mine.sender.flush(timeout_s), *self._others.answers()]
        return sum(missing)

    def close(self) -> None:
        """Write what is left; the counts are final then."""
        self._mine.log.close()
        self._others.order(Order("close"))
        for codes in [self._mine.log.error_codes, *self._others.answers()]:
            for name, count in codes.items():
                self.error_codes[name] = self.error_codes.get(name, 0) + count
