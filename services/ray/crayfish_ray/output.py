"""Lines that others print, as the log's JSON lines."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


class LogStream(io.TextIOBase):
    """Stands for stderr: each line that is written becomes a line of the log."""

    def __init__(self, log: logging.Logger, level: int) -> None:
        self._log, self._level = log, level
        self._rest = ""

    def write(self, text: str) -> int:
        """Complete lines are logged; the rest waits for its end."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if shown := _COLOURS.sub("", line).strip():
                self._log.log(self._level, shown)
        return len(text)
