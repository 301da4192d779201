"""Row files and summaries of runs that have no producer and no consumer of their own.

Whoever makes the records and takes the results writes what those two would have written, so that
everything after the run is the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.arrays import (
    CONSUMER_SUMMARY,
    PRODUCER_SUMMARY,
    RECEIVED,
    RECEIVED_FILE,
    SENT,
    SENT_FILE,
)
from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.codec import Segment

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Rows = npt.NDArray[np.void]

STOP_FILE: Final = "stop"
"""Made in the `out` folder to end a job that makes its own records."""
NOT_APPENDED: Final = -1
"""Append time of a record that no broker has seen."""


def part(file: str, subtask: str) -> str:
    """The name of a subtask's own row file."""
    stem, suffix = file.rsplit(".", 1)
    return f"{stem}.{subtask}.{suffix}"


def read_parts(out: Path, file: str, dtype: np.dtype[Any]) -> Rows:
    """The rows of all subtasks' files."""
    stem, suffix = file.rsplit(".", 1)
    paths = sorted(out.glob(f"{stem}*.{suffix}"))
    parts = [np.fromfile(path, dtype=dtype) for path in paths]
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def write_summaries(
    out: Path, ended_ns: int, clock_start_ns: int, cpu_seconds: float | None = None
) -> None:
    """`producer.json` and `consumer.json` from the row files in `out`.

    Args:
        out: the run's folder for what its services write.
        ended_ns: when the job or the loop had ended, Unix ns.
        clock_start_ns: `clock_offset_ns` before its first record.
        cpu_seconds: of the process that did both, if it is one.
    """
    sent = read_parts(out, SENT_FILE, SENT)
    received = read_parts(out, RECEIVED_FILE, RECEIVED)
    measured = sent[sent["segment"] == int(Segment.MEASURED)]
    warmup = sent[sent["segment"] == int(Segment.WARMUP)]
    producer = {
        "ready_ns": _first(warmup, "sent_ns") or _first(measured, "sent_ns"),
        "warmup_start_ns": _first(warmup, "sent_ns"),
        "measured_start_ns": _first(measured, "intended_ns"),
        "measured_end_ns": _last(measured, "sent_ns"),
        "sent_warmup": len(warmup),
        "sent_measured": len(measured),
        "delivered": len(sent),
        "undelivered": 0,
        "measured_cpu_seconds": cpu_seconds,
        "clock_start_ns": clock_start_ns,
        "clock_end_ns": clock_offset_ns(),
    }
    everything = len(np.unique(received["id"])) >= len(sent)
    consumer = {
        "first_result_ns": _first(received, "consumed_ns"),
        "last_result_ns": _last(received, "consumed_ns"),
        "finished_ns": ended_ns,
        # Whatever has no result when the job has ended will never have one.
        "ended": "all" if everything else "idle",
        "received": len(received),
        "undecodable": 0,
    }
    (out / PRODUCER_SUMMARY).write_text(json.dumps(producer, indent=1))
    (out / CONSUMER_SUMMARY).write_text(json.dumps(consumer, indent=1))


def _first(rows: Rows, field: str) -> int | None:
    return int(rows[field].min()) if len(rows) else None


def _last(rows: Rows, field: str) -> int | None:
    return int(rows[field].max()) if len(rows) else None
