"""Where commands print tables."""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console

_UNPIPED_WIDTH: Final = 160
"""A log has no width of its own, and tables broken at 80 columns cannot be read."""


def table_console() -> Console:
    """Of the terminal's width; of a fixed one where there is no terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _UNPIPED_WIDTH)
