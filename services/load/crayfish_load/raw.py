"""`python -m crayfish_load.raw`: the scorer in a loop, in a processor's image and with its limits.

The bound that no pipeline around this scorer can pass on one core: no broker, no record format, no
processor. Of a model server it is the bare client: with several calls under way, its best.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_contract.arrays import RECEIVED, RECEIVED_FILE, SENT, SENT_FILE, point_indices
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment, Status
from crayfish_contract.runconfig import OUT_DIR, RunConfigError, load_run_config
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_scoring import ScorerError, open_scorer

from .bare import one_after_the_other, under_way
from .check import ReferenceFileError, load_check
from .payloads import PointsError, load_points
from .rows import NOT_APPENDED, write_summaries

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from crayfish_contract.runconfig import RunConfig

    from .bare import Calls
    from .check import PredictionCheck

    Values = npt.NDArray[Any]

_log = json_logger("raw-scorer")


def main(out: Path = OUT_DIR) -> int:
    """Score until the count of the run config is reached; write rows and summaries."""
    try:
        config = load_run_config()
        _check_call(config)
        batches = make_batches(config)
        check = load_check(config)
        loading = time.monotonic()
        scorer = open_scorer(config)
        loading = time.monotonic() - loading
    except (RunConfigError, PointsError, ReferenceFileError) as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    except ScorerError as error:
        _log.error(str(error))
        return error.exit_code
    clock = clock_offset_ns()
    warmup, stop = config.workload.warmup.seconds, config.workload.stop
    count, seconds = stop.count or 0, stop.seconds
    if config.call.mode == "async":
        calls = under_way(scorer, batches, config.call.in_flight, warmup, count, seconds)
    else:
        calls = one_after_the_other(scorer, batches, warmup, count, seconds)
    sent, received = rows_of(calls, config.workload.batch_size)
    _check(check, received, calls)
    sent.tofile(out / SENT_FILE)
    received.tofile(out / RECEIVED_FILE)
    cpu = calls.cpu_seconds
    write_summaries(out, time.time_ns(), clock, cpu)
    scorer.close()
    _log.info("done", extra={"fields": {"calls": len(sent), "cpu_s": cpu, "load_s": loading}})
    return ServiceExit.OK


def _check_call(config: RunConfig) -> None:
    if config.call.mode == "batched":
        raise RunConfigError(
            "call.mode: batched: the bare scorer has no records to put together; choose blocking "
            "with batch_size, or async"
        )


def make_batches(config: RunConfig) -> list[Values]:
    """The distinct inputs, [batch, *input_shape] each, as the payloads of records."""
    points = load_points(config)
    workload = config.workload
    return [
        np.ascontiguousarray(points[point_indices(p, workload.batch_size, len(points))])
        for p in range(workload.points.pool)
    ]


def _check(check: PredictionCheck, received: npt.NDArray[np.void], calls: Calls) -> None:
    """Of the calls that gave a prediction; the others have none to be compared."""
    check.fill(received, calls.outputs)
    failed = calls.reasons >= 0
    for name, value in (("prediction", -1), ("correct", -1), ("deviation", np.nan)):
        received[name][failed] = value


def rows_of(calls: Calls, batch: int) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """Each call as a record that was due when it began and back when it ended."""
    count = len(calls.outputs)
    sent = np.zeros(count, dtype=SENT)
    received = np.zeros(count, dtype=RECEIVED)
    for rows in (sent, received):
        rows["id"] = np.arange(count)
        rows["segment"] = int(Segment.MEASURED)
        rows["intended_ns"] = rows["sent_ns"] = calls.started_ns
    sent["in_append_ms"] = NOT_APPENDED
    failed = calls.reasons >= 0
    received["status"] = np.where(failed, int(Status.FAILED), int(Status.OK))
    received["reason"] = np.where(failed, calls.reasons, 0)
    received["received_ns"] = calls.started_ns
    received["scored_ns"] = received["consumed_ns"] = calls.ended_ns
    received["out_append_ms"] = NOT_APPENDED
    received["batch"] = batch
    return sent, received


if __name__ == "__main__":
    sys.exit(main())
