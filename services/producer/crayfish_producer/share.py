"""What one producer of a run sends: its share of each segment, on a client of its own."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from crayfish_load.arrivals import Share, arrival_process
from crayfish_load.payloads import writer

from .sender import Sender, make_client
from .sentlog import SentLog

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from crayfish_contract.codec import Segment
    from crayfish_contract.runconfig import Arrivals, RunConfig, StopRule


class Sent(NamedTuple):
    """A segment that was sent."""

    end_ns: int
    """Unix ns; of its schedule, or of the last send if it has none."""
    cpu_seconds: float
    next_id: int
    """Above the ids that were sent."""


class ShareSender:
    """One producer; the first of a run is alone unless the run config has several.

    Args:
        config: of the run.
        number: of the producer, from 0.
        pool: the payloads.
        file: gets a row for each record.
        stop: set to end a segment early.
    """

    def __init__(
        self,
        config: RunConfig,
        number: int,
        pool: Sequence[bytes],
        file: BinaryIO,
        stop: threading.Event,
    ) -> None:
        self._config, self._pool = config, pool
        self._number, self._of = number, config.producer.processes
        self.log = SentLog(file)
        self.client = make_client(config.kafka, config.producer)
        self.sender = Sender(self.client, config.kafka, self.log, stop, number, self._of)

    def send(
        self,
        segment: Segment,
        arrivals: Arrivals,
        stop_rule: StopRule,
        start_ns: int,
        first_id: int,
    ) -> Sent:
        """Send this producer's records of a segment.

        Args:
            segment: its tag.
            arrivals: the schedule of all producers together.
            stop_rule: likewise its end.
            start_ns: Unix time of offset 0.
            first_id: of the segment.
        """
        config = self._config
        values, dtype = math.prod(config.model.input_shape), config.model.input_dtype
        batch = config.workload.batch_size
        write = writer(segment, config.format, self._pool, batch, values, dtype)
        schedule = arrival_process(arrivals)
        if self._of > 1:
            schedule = Share(schedule, self._number, self._of)
        self.sender.next_id = first_id
        before = time.process_time()
        end_ns = self.sender.send(segment, schedule, stop_rule, write, start_ns)
        return Sent(end_ns, time.process_time() - before, self.sender.next_id)
