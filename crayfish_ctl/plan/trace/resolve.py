"""A trace is read once, when the plan is made; runs and a resumed experiment have its copy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from crayfish_ctl.catalog.files import digest
from crayfish_ctl.catalog.values import RATE_MAX, SECONDS_MAX
from crayfish_ctl.cells import TraceArrivals
from crayfish_ctl.errors import CrayfishError

from .choose import read_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crayfish_ctl.catalog.experiment import TraceEntry

    from .times import Seconds, Times

_FOLDER: Final = "/points"
"""Where the producer finds it; the experiment's own folder of inputs is mounted there."""


class TraceFacts(BaseModel):
    """What was taken from the file; saved beside the copy, and in the manifest."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    source: str
    sha256: str
    """Of the source."""
    column: str
    unit: str
    """`seconds`, `ms`, `Unix times in ms`, `dates`."""
    first: str
    last: str
    """As the file has them, in its own order."""
    records: int
    seconds: float
    """From the start to the last arrival, before `speed`."""
    sorted_here: bool = False
    """The file was not in order, and the user has asked to put it in order."""


@dataclass(frozen=True)
class Trace:
    """A file's arrivals."""

    facts: TraceFacts
    offsets: Seconds
    """float64[n]: seconds after the start, ascending, before `speed`."""
    name: str
    """Of its copy, see `trace_name`."""

    def arrivals(self, speed: float) -> TraceArrivals:
        """The arrival process.

        Raises:
            CrayfishError: if the speed makes of it what no run can be.
        """
        seconds = self.facts.seconds / speed
        rate = self.facts.records / seconds if seconds else float("inf")
        if rate > RATE_MAX:
            raise CrayfishError(
                f"{self.facts.source}: {self.facts.records:,} records in {seconds:.3g} s at speed "
                f"{speed:g}: {rate:.3g}/s, and at most {RATE_MAX:,.0f}/s can be sent",
                hint="lower --trace-speed, or `speed` of the trace",
            )
        if seconds > SECONDS_MAX:
            raise CrayfishError(
                f"{self.facts.source}: column {self.facts.column}: {self.facts.first} to "
                f"{self.facts.last}, taken as {self.facts.unit}: lasts {seconds / 86_400:,.0f} "
                f"days at speed {speed:g}, a run at most {SECONDS_MAX / 86_400:.0f}",
                hint="is the unit right? name the column offset_ms (or _us, _ns), or raise "
                "--trace-speed",
            )
        return TraceArrivals(
            path=f"{_FOLDER}/{self.name}",
            records=self.facts.records,
            seconds=seconds,
            speed=speed,
        )

    def due(self, seconds: float, speed: float) -> int:
        """How many records are due before `seconds` of a run."""
        return int(np.searchsorted(self.offsets, seconds * speed, side="left"))


Traces = dict[str, Trace]
"""By `trace_name`."""


def trace_name(entry: TraceEntry) -> str:
    """The name of a copy: of two files `day`, or two readings of one, each has its own."""
    asked = [entry.path, *filter(None, [entry.column, entry.start == "file" and "file"])]
    if entry.sort:
        asked.append("sort")
    key = hashlib.sha256("\n".join(map(str, asked)).encode()).hexdigest()[:8]
    return f"trace-{Path(entry.path).stem[:80]}-{key}.npy"


def resolve_traces(entries: Iterable[TraceEntry], copies: Path | None) -> Traces:
    """Read what the workloads replay, each file once.

    Args:
        entries: of the workloads.
        copies: the folder of inputs of an experiment that goes on: what it has a copy of is not
            read again, so the original may have moved or changed.

    Raises:
        CrayfishError: naming file, column and row.
    """
    traces: Traces = {}
    for entry in entries:
        name = trace_name(entry)
        if name not in traces:
            traces[name] = _copied(name, copies) or _read(entry, name)
    return traces


def _copied(name: str, copies: Path | None) -> Trace | None:
    if copies is None or not (copies / name).is_file():
        return None
    facts = copies / f"{name}.json"
    try:
        offsets: Seconds = np.load(copies / name)
        known = TraceFacts.model_validate_json(facts.read_bytes()) if facts.is_file() else None
    except (OSError, ValueError, ValidationError) as error:
        raise CrayfishError(f"{copies / name}: cannot be read: {error}") from None
    known = known or TraceFacts(  # a copy from before facts were saved
        source=name, sha256="", column="", unit="seconds", first=str(offsets[0]),
        last=str(offsets[-1]), records=len(offsets), seconds=float(offsets[-1]),
    )  # fmt: skip
    return Trace(known, offsets, name)


def _read(entry: TraceEntry, name: str) -> Trace:
    path = Path(entry.path)
    column, times = read_times(path, entry.column, "--trace-column (or `column` of the trace)")
    where = f"{path}: column {column}"
    seconds, mended = _ordered(where, times, sort=entry.sort)
    if entry.start == "file" and times.absolute:
        raise CrayfishError(
            f"{where}: {times.unit} have no zero to start from",
            hint="leave out --trace-start file: the run begins with the first arrival",
        )
    if entry.start == "first":
        seconds -= seconds[0]
    if seconds[-1] == 0:
        raise CrayfishError(f"{where}: all records are due at once", hint="use --rate max for that")
    return Trace(
        TraceFacts(
            source=entry.path,
            sha256=digest(path),
            column=column,
            unit=times.unit,
            first=times.first,
            last=times.last,
            records=len(seconds),
            seconds=float(seconds[-1]),
            sorted_here=mended,
        ),
        seconds,
        name,
    )


def _ordered(where: str, times: Times, *, sort: bool) -> tuple[Seconds, bool]:
    seconds = times.seconds.copy()
    if (seconds < 0).any():
        row = int(np.argmax(seconds < 0))
        raise CrayfishError(
            f"{where}: row {row + 1}: {seconds[row]:g} is negative: times are after the start"
        )
    back = np.diff(seconds) < 0
    if not back.any():
        return seconds, False
    if not sort:
        row = int(np.argmax(back)) + 1
        raise CrayfishError(
            f"{where}: row {row + 1}: is earlier than the one before, by "
            f"{seconds[row - 1] - seconds[row]:.6g} s",
            hint="if these are the arrivals, --trace-sort (or `sort: true` of the trace) puts "
            "them in order",
        )
    return np.sort(seconds), True


def copy_traces(traces: Mapping[str, Trace], folder: Path) -> None:
    """Write the offsets as float64 .npy, which the producer maps into its memory, and the facts.

    A resumed experiment has its copies, and goes on with them.
    """
    for name, trace in traces.items():
        if not (folder / name).is_file():
            (folder / f"{name}.json").write_text(trace.facts.model_dump_json(indent=2) + "\n")
            np.save(folder / name, trace.offsets)
