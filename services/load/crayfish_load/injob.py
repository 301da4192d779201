"""Source and sink for the inside of a processor's job: the same load, without Kafka.

The records are made, scheduled, encoded, decoded and checked by the very code that the producer
and the consumer use; only the broker and its clients are missing. What is left of the difference
between the two pipelines is theirs.
"""

from __future__ import annotations

import math
import os
import time
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.arrays import RECEIVED_FILE, SENT, SENT_FILE
from crayfish_contract.codec import Segment
from crayfish_contract.runconfig import ConstantArrivals, StopRule

from .arrivals import arrival_process
from .check import load_check
from .parse import ResultParser
from .payloads import load_points, make_pool, writer
from .rows import NOT_APPENDED, STOP_FILE, part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crayfish_contract.runconfig import RunConfig

    from .arrivals import ArrivalProcess

START_FILE: Final = "start"
_CHUNK: Final = 16384
_MAX_SLEEP_NS: Final = 20_000_000
_LOOK_NS: Final = 10_000_000
"""Between two looks at the stop file, whatever the rate."""
_FLUSH: Final = 1024
"""Results that are parsed together."""
_START_DELAY_NS: Final = 1_000_000_000
"""From the first subtask that is ready to the first record: the others need not be far behind."""


class LoadSource:
    """Makes the records of a source subtask: those with id % subtasks == subtask.

    Args:
        config: of the run; `job_out` is its folder as this process sees it.
        subtasks: how many source subtasks there are.
    """

    def __init__(self, config: RunConfig, subtasks: int = 1) -> None:
        self._config = config
        self._subtask = 0
        self._subtasks = subtasks
        self._out = Path(config.job_out or "")
        self._pool = make_pool(config, load_points(config))

    def records(self, subtask: int = 0) -> Iterator[bytes]:
        """Each record of a subtask at its due time; ends early if the stop file appears."""
        self._subtask = subtask
        workload = self._config.workload
        start = self._start_ns()
        with (self._out / part(SENT_FILE, str(subtask))).open("wb") as file:
            first = 0
            if workload.warmup.seconds:
                arrivals = arrival_process(ConstantArrivals(rate=workload.warmup.rate))
                stop = StopRule(seconds=workload.warmup.seconds)
                count = arrivals.count(stop) or 0
                yield from self._segment(Segment.WARMUP, arrivals, 0, count, start, file)
                first, start = count, start + round(workload.warmup.seconds * 1e9)
            arrivals = arrival_process(workload.arrivals)
            count = arrivals.count(workload.stop) or 0
            if not arrivals.paced:
                start = time.time_ns()
            yield from self._segment(Segment.MEASURED, arrivals, first, count, start, file)

    def _start_ns(self) -> int:
        """Due time of the first record: whoever comes first says when, for all subtasks."""
        path = self._out / START_FILE
        start = time.time_ns() + _START_DELAY_NS
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY), "w") as file:
                file.write(str(start))
        except FileExistsError:
            text = ""
            while not text:  # the other one is between making and writing it
                text = path.read_text()
            start = int(text)
        return start

    def _segment(  # noqa: PLR0917
        self,
        segment: Segment,
        arrivals: ArrivalProcess,
        first_id: int,
        count: int,
        start: int,
        file: object,
    ) -> Iterator[bytes]:
        config = self._config
        model, batch = config.model, config.workload.batch_size
        values = math.prod(model.input_shape)
        write = writer(segment, config.format, self._pool, batch, values, model.input_dtype)
        paced, step, now_ns = arrivals.paced, self._subtasks, time.time_ns
        stop_file = self._out / STOP_FILE
        # The first index of this segment whose id belongs to this subtask.
        lead = (self._subtask - first_id) % step
        look_ns = 0
        for begin in range(0, count, _CHUNK):
            size = min(_CHUNK, count - begin)
            due_all = start + arrivals.offsets_ns(begin, size)
            offset = (lead - begin) % step
            due = due_all[offset::step]
            ids = range(first_id + begin + offset, first_id + begin + size, step)
            sent = array("q")
            note = sent.append
            stopped = False
            for id_, intended in zip(ids, due.tolist(), strict=True):
                while not stopped:
                    now = now_ns()
                    if now >= look_ns:
                        stopped, look_ns = stop_file.exists(), now + _LOOK_NS
                    if not paced or intended <= now:
                        break
                    time.sleep(min(intended - now, _MAX_SLEEP_NS) / 1e9)
                if stopped:
                    break
                note(now)
                yield write(id_, intended if paced else now, now)
            self._log(segment, ids, due if paced else None, sent, file)
            if stopped:
                return

    def _log(
        self,
        segment: Segment,
        ids: range,
        due: np.ndarray[tuple[int], np.dtype[np.int64]] | None,
        sent: array[int],
        file: object,
    ) -> None:
        rows = np.zeros(len(sent), dtype=SENT)
        rows["id"] = np.asarray(ids)[: len(sent)]
        rows["segment"] = int(segment)
        rows["sent_ns"] = np.frombuffer(sent, dtype=np.int64) if sent else []
        rows["intended_ns"] = rows["sent_ns"] if due is None else due[: len(sent)]
        rows["in_append_ms"] = NOT_APPENDED
        file.write(rows.tobytes())  # type: ignore[attr-defined]


class ResultSink:
    """Takes the results of one sink subtask: notes when each came, parses many at once.

    Args:
        config: of the run.
        name: of its row file, another one for each subtask.
    """

    def __init__(self, config: RunConfig, name: str = "0") -> None:
        self._parser = ResultParser(config.format, load_check(config))
        self._file = (Path(config.job_out or "") / part(RECEIVED_FILE, name)).open("wb")
        self._messages: list[bytes] = []
        self._times = array("q")

    def take(self, message: bytes) -> None:
        """One result."""
        self._times.append(time.time_ns())
        self._messages.append(message)
        if len(self._messages) >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Check and write what has come."""
        if not self._messages:
            return
        never = [NOT_APPENDED] * len(self._messages)
        self._parser.parse(self._messages, never, self._times).rows.tofile(self._file)
        self._messages, self._times = [], array("q")

    def close(self) -> None:
        """Write the rest."""
        self.flush()
        self._file.close()
