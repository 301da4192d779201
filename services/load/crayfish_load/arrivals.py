"""When records are due. One class per arrival process; the run config chooses by `kind`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from crayfish_contract.runconfig import (
        Arrivals,
        BurstyArrivals,
        ConstantArrivals,
        MaxArrivals,
        PoissonArrivals,
        RampArrivals,
        StopRule,
        TraceArrivals,
    )

    Offsets = npt.NDArray[np.int64]

_NS: Final = 1_000_000_000
_BLOCK: Final = 1 << 14
_ROUNDING: Final = 1e-6
"""Of a record: what sums of floats may be off at the border between two pieces."""


class ArrivalProcess(Protocol):
    """The schedule of a segment."""

    paced: bool
    """False: every record is due when it is sent (as fast as possible)."""

    def count(self, stop: StopRule) -> int | None:
        """How many records `stop` allows; None if only the clock can tell."""

    def offsets_ns(self, first: int, count: int) -> npt.NDArray[np.int64]:
        """Due times of records first ... first+count-1, in ns after the segment's start, ascending.

        Any range may be asked for, and always gives the same answer.
        """


class Constant:
    """Record i is due at i / rate: computed from i and never summed up, so nothing drifts."""

    paced = True

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def count(self, stop: StopRule) -> int | None:
        """As many as are due before `stop.seconds`, and at most `stop.count`."""
        allowed = [] if stop.seconds is None else [round(stop.seconds * self._rate)]
        return min([*allowed, *([] if stop.count is None else [stop.count])])

    def offsets_ns(self, first: int, count: int) -> npt.NDArray[np.int64]:
        """I * 1e9 / rate, rounded to whole nanoseconds."""
        index = np.arange(first, first + count, dtype=np.float64)
        return np.rint(index * (_NS / self._rate)).astype(np.int64)


class Maximum:
    """No schedule: the next record is due as soon as the client takes it."""

    paced = False

    def count(self, stop: StopRule) -> int | None:
        """`stop.count`, or None if only `stop.seconds` is given."""
        return stop.count

    def offsets_ns(self, first: int, count: int) -> npt.NDArray[np.int64]:  # noqa: ARG002
        """Zeros: due since the segment's start."""
        return np.zeros(count, dtype=np.int64)


class Poisson:
    """Independent exponential gaps: the offset of record i is the sum of i + 1 of them.

    Gaps come in blocks, block k from a generator seeded by (seed, k), and the end of each block is
    remembered: any range gives the same answer in whatever order it is asked for.
    """

    paced = True

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._seed = seed
        self._ends = [0.0]
        """Seconds at which block k begins."""
        self._cached: tuple[int, npt.NDArray[np.float64]] = (-1, np.empty(0))

    def count(self, stop: StopRule) -> int | None:
        """Those that are due before `stop.seconds`, and at most `stop.count`."""
        if stop.seconds is None:
            return stop.count
        block = 0
        while self._end(block + 1) <= stop.seconds:
            block += 1
        due = block * _BLOCK + int(np.searchsorted(self._block(block), stop.seconds, side="left"))
        return due if stop.count is None else min(due, stop.count)

    def offsets_ns(self, first: int, count: int) -> Offsets:
        """Cumulative sums of the gaps, rounded to whole nanoseconds."""
        blocks = range(first // _BLOCK, (first + count - 1) // _BLOCK + 1) if count else range(0)
        parts = [self._block(block) for block in blocks]
        if not parts:
            return np.empty(0, dtype=np.int64)
        start = first - blocks[0] * _BLOCK
        return np.rint(np.concatenate(parts)[start : start + count] * _NS).astype(np.int64)

    def _end(self, block: int) -> float:
        """Seconds at which `block` begins."""
        while len(self._ends) <= block:
            self._ends.append(float(self._block(len(self._ends) - 1)[-1]))
        return self._ends[block]

    def _block(self, block: int) -> npt.NDArray[np.float64]:
        """Seconds at which its records are due."""
        if self._cached[0] != block:
            generator = np.random.default_rng(np.random.SeedSequence((self._seed, block)))
            gaps = generator.exponential(1 / self._rate, _BLOCK)
            self._cached = (block, self._end(block) + np.cumsum(gaps))
        return self._cached[1]


class Piecewise:
    """A rate that is a straight line between points in time, again and again if it is periodic.

    Record i is due when the integral of the rate reaches i: exact, whatever the pieces.

    Args:
        seconds: lengths of the pieces.
        rates: (at its start, at its end) of each piece, records/s.
        periodic: begin again after the last piece; otherwise its end rate goes on.
    """

    paced = True

    def __init__(
        self, seconds: Sequence[float], rates: Sequence[tuple[float, float]], *, periodic: bool
    ) -> None:
        self._seconds = np.array(seconds)
        self._rates = np.array(rates)
        self._periodic = periodic
        records = self._seconds * self._rates.mean(axis=1)
        self._starts = np.concatenate(([0.0], np.cumsum(self._seconds)))
        self._before = np.concatenate(([0.0], np.cumsum(records)))
        """Records before each piece, and in all of them."""

    def count(self, stop: StopRule) -> int | None:
        """Those that are due before `stop.seconds`, and at most `stop.count`."""
        if stop.seconds is None:
            return stop.count
        due = math.ceil(self._integral(stop.seconds) - _ROUNDING)
        return due if stop.count is None else min(due, stop.count)

    def _integral(self, seconds: float) -> float:
        """Records up to a time."""
        length, total = self._starts[-1], self._before[-1]
        if seconds > length:
            if not self._periodic:
                return float(total + (seconds - length) * self._rates[-1, 1])
            periods, rest = divmod(seconds, length)
            return float(periods * total + self._integral(rest))
        piece = min(
            int(np.searchsorted(self._starts, seconds, side="right")) - 1, len(self._rates) - 1
        )
        since = seconds - self._starts[piece]
        low, high = self._rates[piece]
        slope = (high - low) / self._seconds[piece]
        return float(self._before[piece] + low * since + slope * since**2 / 2)

    def offsets_ns(self, first: int, count: int) -> Offsets:
        """The inverse of the integral of the rate, rounded to whole nanoseconds."""
        index = np.arange(first, first + count, dtype=np.float64)
        total, length = self._before[-1], self._starts[-1]
        periods = np.floor((index + _ROUNDING) / total) if self._periodic else np.zeros(count)
        index = np.maximum(index - periods * total, 0.0)
        piece = np.searchsorted(self._before[1:-1], index + _ROUNDING, side="right")
        left = index - self._before[piece]
        low = self._rates[piece, 0]
        slope = (self._rates[piece, 1] - low) / self._seconds[piece]
        # Of the two forms of the root, the one that is exact for a slope of zero.
        root = np.sqrt(np.maximum(low**2 + 2 * slope * left, 0.0))
        since = 2 * left / (low + root)
        if not self._periodic:
            beyond = index > total
            since[beyond] = self._seconds[-1] + (index[beyond] - total) / self._rates[-1, 1]
        at = periods * length + self._starts[piece] + since
        return np.asarray(np.rint(at * _NS), dtype=np.int64)


class Trace:
    """Replays recorded offsets."""

    paced = True

    def __init__(self, path: str, speed: float) -> None:
        self._seconds: npt.NDArray[np.float64] = np.load(path, mmap_mode="r")
        self._speed = speed

    def count(self, stop: StopRule) -> int | None:
        """As many as the file holds, are due before `stop.seconds`, and at most `stop.count`."""
        counts = [len(self._seconds)]
        if stop.seconds is not None:
            limit = stop.seconds * self._speed
            counts.append(int(np.searchsorted(self._seconds, limit, side="left")))
        if stop.count is not None:
            counts.append(stop.count)
        return min(counts)

    def offsets_ns(self, first: int, count: int) -> Offsets:
        """Of the file, divided by the speed; after its end its last one."""
        index = np.minimum(np.arange(first, first + count), len(self._seconds) - 1)
        return np.rint(self._seconds[index] / self._speed * _NS).astype(np.int64)


class Share:
    """Every P-th record of a schedule, from the k-th on: what one of P producers sends.

    Args:
        whole: the schedule of all of them.
        number: k, from 0.
        of: P.
    """

    def __init__(self, whole: ArrivalProcess, number: int, of: int) -> None:
        self.paced = whole.paced
        self._whole, self._number, self._of = whole, number, of

    def count(self, stop: StopRule) -> int | None:
        """Of the records that `stop` allows all producers together, those of this one."""
        total = self._whole.count(stop)
        return None if total is None else max(0, -(-(total - self._number) // self._of))

    def offsets_ns(self, first: int, count: int) -> Offsets:
        """As they are in the whole schedule."""
        if not count:
            return np.empty(0, dtype=np.int64)
        span = (count - 1) * self._of + 1
        return self._whole.offsets_ns(self._number + first * self._of, span)[:: self._of]


def _constant(arrivals: ConstantArrivals) -> ArrivalProcess:
    return Constant(arrivals.rate)


def _poisson(arrivals: PoissonArrivals) -> ArrivalProcess:
    return Poisson(arrivals.rate, arrivals.seed)


def _bursty(arrivals: BurstyArrivals) -> ArrivalProcess:
    base, burst = arrivals.base_rate, arrivals.burst_rate
    seconds = (arrivals.base_seconds, arrivals.burst_seconds)
    return Piecewise(seconds, ((base, base), (burst, burst)), periodic=True)


def _ramp(arrivals: RampArrivals) -> ArrivalProcess:
    rates = ((arrivals.start_rate, arrivals.end_rate),)
    return Piecewise((arrivals.seconds,), rates, periodic=False)


def _trace(arrivals: TraceArrivals) -> ArrivalProcess:
    return Trace(arrivals.path, arrivals.speed)


def _maximum(_: MaxArrivals) -> ArrivalProcess:
    return Maximum()


_PROCESSES: Final[Mapping[str, Callable[..., ArrivalProcess]]] = {
    "constant": _constant,
    "poisson": _poisson,
    "bursty": _bursty,
    "ramp": _ramp,
    "trace": _trace,
    "max": _maximum,
}


def arrival_process(arrivals: Arrivals) -> ArrivalProcess:
    """The process that a run config asks for."""
    return _PROCESSES[arrivals.kind](arrivals)
