"""The pauses that a JVM's collector wrote into its container's log (`-Xlog:gc`, docs/jvm.md).

A line: `[2026-11-27T16:00:00.123+0000] GC(12) Pause Full (Metadata GC Threshold) 30M->20M(736M)
85.123ms`; its time is that of the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_PAUSE: Final = re.compile(
    rb"^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000)\] GC\(\d+\) Pause (\w+).* ([\d.]+)ms\s*$",
    re.MULTILINE,
)
_OF_A_COLLECTOR: Final = re.compile(r"^\[[^\]]+\] (GC\(\d+\)|Using \w+)")


@dataclass(frozen=True, slots=True)
class Pause:
    """Every thread of a JVM stood still."""

    ended_ns: int
    """Unix ns, to the millisecond."""
    ms: float
    full: bool
    """The whole heap was collected."""


def read_pauses(log: Path) -> tuple[Pause, ...]:
    """The pauses in a container's log, in its order; none if there is no log or no JVM."""
    try:
        text = log.read_bytes()
    except OSError:
        return ()
    return tuple(
        Pause(
            ended_ns=round(datetime.fromisoformat(when.decode()).timestamp() * 1000) * 1_000_000,
            ms=float(milliseconds),
            full=kind == b"Full",
        )
        for when, kind, milliseconds in _PAUSE.findall(text)
    )


def is_of_a_collector(line: str) -> bool:
    """Whether a line of a log is one of these, and says nothing of what the service does."""
    return _OF_A_COLLECTOR.match(line) is not None
