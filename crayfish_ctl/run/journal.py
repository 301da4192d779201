"""`journal.jsonl`: what the controller did and when, one JSON object a line, as it happens."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Journal:
    """Appends events; a line is on the disk before the next step begins.

    Args:
        path: of the file, made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        whole = not path.is_file() or path.read_bytes()[-1:] in {b"", b"\n"}
        self._file = path.open("a", encoding="utf-8")
        if not whole:  # the last line was cut off: what follows is not its end
            self._file.write("\n")

    def write(self, event: str, **fields: Any) -> None:
        """Append one event with the current time (Unix ns)."""
        self._file.write(json.dumps({"ts_ns": time.time_ns(), "event": event, **fields}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Steps:
    """The steps of one run's life with their times; each is also an event of the journal."""

    def __init__(self, journal: Journal, run_id: str) -> None:
        self._journal = journal
        self._run_id = run_id
        self._steps: list[dict[str, Any]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step of the controller; an exception ends it as well."""
        started = time.time_ns()
        try:
            yield
        finally:
            self.add(name, started, time.time_ns())

    def add(self, name: str, started_ns: int, ended_ns: int) -> None:
        """Note a step whose times somebody else measured."""
        self._steps.append({"name": name, "started_ns": started_ns, "ended_ns": ended_ns})
        self._journal.write(
            "step", run_id=self._run_id, step=name, seconds=(ended_ns - started_ns) / 1e9
        )

    def in_order(self) -> list[dict[str, Any]]:
        """Steps by their start."""
        return sorted(self._steps, key=lambda step: (step["started_ns"], step["ended_ns"]))
