"""When records are due. One class per arrival process; the run config chooses by `kind`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from crayfish_contract.runconfig import Arrivals, ConstantArrivals, MaxArrivals, StopRule

_NS: Final = 1_000_000_000


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


def _constant(arrivals: ConstantArrivals) -> ArrivalProcess:
    return Constant(arrivals.rate)


def _maximum(_: MaxArrivals) -> ArrivalProcess:
    return Maximum()


_PROCESSES: Final[Mapping[str, Callable[..., ArrivalProcess]]] = {
    "constant": _constant,
    "max": _maximum,
}


def arrival_process(arrivals: Arrivals) -> ArrivalProcess:
    """The process that a run config asks for."""
    return _PROCESSES[arrivals.kind](arrivals)
