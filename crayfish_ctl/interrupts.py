"""What ends a command in order, so that it cleans up: Ctrl-C, a kill, a closed terminal."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDS: Final = (signal.SIGTERM, signal.SIGHUP)
"""Beside Ctrl-C."""


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP do what Ctrl-C does; not one that is ignored, as `nohup` has it."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    heard = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
