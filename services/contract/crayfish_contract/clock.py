"""Whether the clock that all times are read from has been set meanwhile.

Due times and latencies are Unix times, because several processes must agree on them. When somebody
sets that clock, both ends of a record may lie on different sides of the step. `CLOCK_MONOTONIC`
knows no steps (and is slewed together with the other), so their difference tells.
"""

from __future__ import annotations

import time
from typing import Final

_TRIES: Final = 5


def clock_offset_ns() -> int:
    """Unix time minus monotonic time, in ns.

    The two cannot be read at once; of a few tries the one counts that was least interrupted.
    """
    best: tuple[int, int] | None = None
    for _ in range(_TRIES):
        before = time.monotonic_ns()
        now = time.time_ns()
        after = time.monotonic_ns()
        found = (after - before, now - (before + after) // 2)
        best = found if best is None else min(best, found)
    return best[1] if best else 0
