"""Calls of a scorer and nothing else: one after the other, or several under way at a server."""

from __future__ import annotations

import asyncio
import resource
import time
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_contract.codec import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from crayfish_scoring import Scorer

    Values = npt.NDArray[Any]
    Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Calls:
    """What was measured."""

    started_ns: Times
    """int64[calls], Unix time."""
    ended_ns: Times
    outputs: Values
    """[calls, batch * output], copied out of the scorer's own memory; zeros of a failed
    call."""
    reasons: npt.NDArray[np.int8]
    """int8[calls]: -1, or the `Reason` of a call that failed."""
    cpu_seconds: float
    """Of this process, while it called."""


def one_after_the_other(
    scorer: Scorer, batches: Sequence[Values], warmup_s: float, count: int, seconds: float | None
) -> Calls:
    """Score `count` batches, or fewer in `seconds`; the clock is read once between two calls."""
    end = time.monotonic() + warmup_s
    position, pool, score, now_ns = 0, len(batches), scorer.score, time.time_ns
    outputs: list[Values | None] = []
    failed: dict[int, int] = {}
    while time.monotonic() < end:  # at each call: one may take seconds
        _scored(score, batches[position % pool], failed, 0)
        position += 1
    failed.clear()
    cpu = _cpu_seconds()
    times = array("q", [now_ns()])
    note, keep = times.append, outputs.append
    limit = times[0] + round(seconds * 1e9) if seconds else None
    for position in range(count):
        try:
            keep(score(batches[position % pool]))
        except Exception as error:  # noqa: BLE001  whatever a client raises is a failed call
            failed[position] = _reason(error)
            keep(None)
        note(now_ns())
        if limit is not None and times[-1] >= limit:
            break
    cpu = _cpu_seconds() - cpu
    clock = np.frombuffer(times, dtype=np.int64)
    return _calls(clock[:-1], clock[1:], outputs, failed, cpu)


def under_way(  # noqa: PLR0917
    scorer: Any,
    batches: Sequence[Values],
    in_flight: int,
    warmup_s: float,
    count: int,
    seconds: float | None,
) -> Calls:
    """The same with `in_flight` calls at a time: as soon as one is back, the next begins.

    Args:
        scorer: a client with a coroutine `call`.
        batches: taken in turn.
        in_flight: how many wait at the same time.
        warmup_s: before anything is kept.
        count: calls to be measured.
        seconds: or fewer, in so long a time.
    """
    return asyncio.run(_under_way(scorer, batches, in_flight, warmup_s, count, seconds))


async def _under_way(  # noqa: PLR0917
    scorer: Any,
    batches: Sequence[Values],
    in_flight: int,
    warmup_s: float,
    count: int,
    seconds: float | None,
) -> Calls:
    await _all(scorer, batches, in_flight, 10**12, warmup_s)
    cpu = _cpu_seconds()
    started, ended, outputs, failed = await _all(scorer, batches, in_flight, count, seconds)
    cpu = _cpu_seconds() - cpu
    await scorer.aclose()
    return _calls(np.array(started), np.array(ended), outputs, failed, cpu)


async def _all(
    scorer: Any, batches: Sequence[Values], in_flight: int, count: int, seconds: float | None
) -> tuple[array[int], array[int], list[Values | None], dict[int, int]]:
    pool, now_ns, call = len(batches), time.time_ns, scorer.call
    started, ended = array("q"), array("q")
    outputs: list[Values | None] = []
    failed: dict[int, int] = {}
    limit = now_ns() + round(seconds * 1e9) if seconds is not None else None

    async def one_place() -> None:
        while len(started) < count and (limit is None or now_ns() < limit):
            position = len(started)
            started.append(now_ns())
            ended.append(0)
            outputs.append(None)
            try:
                outputs[position] = await call(batches[position % pool])
            except Exception as error:  # noqa: BLE001  whatever a client raises is a failed call
                failed[position] = _reason(error)
            ended[position] = now_ns()

    await asyncio.gather(*(one_place() for _ in range(in_flight)))
    return started, ended, outputs, failed


def _scored(
    score: Callable[[Values], Values], points: Values, failed: dict[int, int], position: int
) -> None:
    """A call whose answer nobody keeps."""
    try:
        score(points)
    except Exception as error:  # noqa: BLE001
        failed[position] = _reason(error)


def _reason(error: Exception) -> int:
    found = getattr(error, "reason", None)  # others' exceptions have one, too, and mean words
    return int(found if isinstance(found, Reason) else Reason.OTHER)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _calls(
    started: Times,
    ended: Times,
    outputs: Sequence[Values | None],
    failed: dict[int, int],
    cpu_seconds: float,
) -> Calls:
    good = next((output for output in outputs if output is not None), np.zeros(0, np.float32))
    blank = np.zeros_like(good)
    filled = [blank if output is None else output for output in outputs]
    stacked = np.stack(filled).reshape(len(filled), -1)
    reasons = np.full(len(filled), -1, dtype=np.int8)
    for position, reason in failed.items():
        reasons[position] = reason
    return Calls(started, ended, stacked, reasons, cpu_seconds)
