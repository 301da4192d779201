"""`python -m crayfish_load.raw`: the scorer in a loop, in a processor's image and with its limits.

The bound that no pipeline around this scorer can pass on one core: no broker, no record format, no
processor. One call after the other, each timed; the clock is read once between two calls.
"""

from __future__ import annotations

import resource
import sys
import time
from array import array
from typing import TYPE_CHECKING, Final

import numpy as np

from crayfish_contract.arrays import RECEIVED, RECEIVED_FILE, SENT, SENT_FILE, point_indices
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment, Status
from crayfish_contract.runconfig import OUT_DIR, RunConfigError, load_run_config
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_scoring import ScorerError, open_scorer

from .check import ReferenceFileError, load_check
from .payloads import PointsError, load_points
from .rows import NOT_APPENDED, write_summaries

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from crayfish_contract.runconfig import RunConfig
    from crayfish_scoring import Scorer

    Floats = npt.NDArray[np.float32]

_log = json_logger("raw-scorer")
_BLOCK: Final = 64
"""Calls between two looks at the clock for the end of the warm-up."""


def main(out: Path = OUT_DIR) -> int:
    """Score until the count of the run config is reached; write rows and summaries."""
    try:
        config = load_run_config()
        batches = make_batches(config)
        check = load_check(config)
        scorer = open_scorer(config)
    except (RunConfigError, PointsError, ReferenceFileError, ScorerError) as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    clock = clock_offset_ns()
    warm_up(scorer, batches, config.workload.warmup.seconds)
    before = resource.getrusage(resource.RUSAGE_SELF)
    times, outputs = loop(
        scorer, batches, config.workload.stop.count or 0, config.workload.stop.seconds
    )
    after = resource.getrusage(resource.RUSAGE_SELF)
    sent, received = rows_of(times, outputs, config.workload.batch_size)
    check.fill(received, outputs)
    sent.tofile(out / SENT_FILE)
    received.tofile(out / RECEIVED_FILE)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    write_summaries(out, time.time_ns(), clock, cpu)
    scorer.close()
    _log.info("done", extra={"fields": {"calls": len(sent), "cpu_s": cpu}})
    return ServiceExit.OK


def make_batches(config: RunConfig) -> list[Floats]:
    """The distinct inputs, float32[batch, *input_shape] each, as the payloads of records."""
    points = load_points(config)
    workload = config.workload
    return [
        np.ascontiguousarray(points[point_indices(p, workload.batch_size, len(points))])
        for p in range(workload.points.pool)
    ]


def warm_up(scorer: Scorer, batches: list[Floats], seconds: float) -> None:
    """Score without keeping anything."""
    end = time.monotonic() + seconds
    position = 0
    while time.monotonic() < end:
        for _ in range(_BLOCK):
            scorer.score(batches[position % len(batches)])
            position += 1


def loop(
    scorer: Scorer, batches: list[Floats], count: int, seconds: float | None = None
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Score `count` batches one after the other, or fewer in `seconds`.

    Returns:
        int64[calls + 1]: Unix ns before the first call and after each; and the outputs,
        float32[calls, batch * output], copied out of the scorer's own memory.
    """
    score, now_ns, pool = scorer.score, time.time_ns, len(batches)
    times = array("q", [now_ns()])
    note = times.append
    outputs: list[Floats] = []
    keep = outputs.append
    limit = times[0] + round(seconds * 1e9) if seconds else None
    for position in range(count):
        keep(score(batches[position % pool]))
        note(now_ns())
        if limit is not None and times[-1] >= limit:
            break
    stacked = np.stack(outputs).reshape(len(outputs), -1)
    return np.frombuffer(times, dtype=np.int64), stacked


def rows_of(
    times: npt.NDArray[np.int64], outputs: Floats, batch: int
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """Each call as a record that was due when it began and back when it ended."""
    calls = len(outputs)
    sent = np.zeros(calls, dtype=SENT)
    received = np.zeros(calls, dtype=RECEIVED)
    for rows in (sent, received):
        rows["id"] = np.arange(calls)
        rows["segment"] = int(Segment.MEASURED)
        rows["intended_ns"] = rows["sent_ns"] = times[:-1]
    sent["in_append_ms"] = NOT_APPENDED
    received["status"] = int(Status.OK)
    received["received_ns"] = times[:-1]
    received["scored_ns"] = received["consumed_ns"] = times[1:]
    received["out_append_ms"] = NOT_APPENDED
    received["batch"] = batch
    return sent, received


if __name__ == "__main__":
    sys.exit(main())
