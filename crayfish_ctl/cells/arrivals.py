"""When records are due: each kind of arrivals with all that planning and reading ask of it.

The fields are those that the containers are told (`crayfish_contract.runconfig`). A kind that a
newer version has added is `UnknownArrivals`, and is shown by its name.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, get_args

from pydantic import Discriminator, Field, Tag

from crayfish_contract import runconfig as contract

from .recorded import Recorded


class _Facts(Recorded):
    """What holds unless a kind says otherwise."""

    paced: ClassVar[bool] = True
    """Whether there is a schedule to keep: without one, everything is due at once."""
    steady: ClassVar[bool] = False
    """Whether the rate stays what it is, so that the system may find a steady state."""
    random: ClassVar[bool] = False
    """Whether each repetition is drawn anew, by a seed of its own."""
    ends_itself: ClassVar[bool] = False
    """Whether the schedule has a last record of its own, whatever the stop rule says."""

    @property
    def mean(self) -> float | None:
        """records/s over the schedule; None without one."""
        rate: float | None = getattr(self, "rate", None)
        return rate

    @property
    def text(self) -> str:
        """In a few words, as tables have it."""
        raise NotImplementedError

    @property
    def first(self) -> float | None:
        """records/s with which the measured segment begins; None without a schedule."""
        return self.mean

    @property
    def highest(self) -> float | None:
        """records/s of the bursts; of all others the mean."""
        return self.mean

    def bursts(self, seconds: float) -> list[tuple[float, float, float]]:
        """Start, end, and start of the next burst or end of the schedule, for each burst.

        Args:
            seconds: length of the schedule; the result's times are seconds after its start.
        """
        del seconds
        return []

    def due_within(self, stop: contract.StopRule) -> int:
        """Records of a schedule with that stop rule (the mean, if it is a random one)."""
        counts = [] if stop.count is None else [stop.count]
        if self.mean is not None and stop.seconds:
            counts.append(round(self.mean * stop.seconds))
        return min(counts)

    def lasts(self, stop: contract.StopRule) -> float | None:
        """Seconds that a schedule with that stop rule is expected to take; None without one."""
        return self.due_within(stop) / self.mean if self.mean else None

    def lasted(self, stop: contract.StopRule, records: int, spread_s: float) -> float:
        """Seconds of the schedule whose records were seen.

        What the clock ended is as long as the stop rule says; what a count or the end of a trace
        ended lasts until one mean gap after its last record was due.

        Args:
            stop: its stop rule.
            records: that were due.
            spread_s: from the first due time to the last.
        """
        counted = stop.count is not None and records >= stop.count
        if stop.seconds is not None and not counted and not self.ends_itself:
            return stop.seconds
        return spread_s + (1 / self.mean if self.mean else 0.0)

    def offered(self, records: int, seconds: float) -> float | None:
        """What a schedule of that many records asked for, records/s; None without a schedule."""
        return records / seconds if self.paced else None


class ConstantArrivals(contract.ConstantArrivals, _Facts):
    """Equal gaps."""

    steady = True

    @property
    def text(self) -> str:
        """`500/s`."""
        return f"{self.rate:.9g}/s"

    def offered(self, records: int, seconds: float) -> float | None:
        """Exactly the rate: no part of a gap is missing at the end."""
        del records, seconds
        return self.rate


class PoissonArrivals(contract.PoissonArrivals, _Facts):
    """Exponential gaps."""

    steady = True
    random = True

    @property
    def text(self) -> str:
        """`500/s poisson`."""
        return f"{self.rate:.9g}/s poisson"


class BurstyArrivals(contract.BurstyArrivals, _Facts):
    """A base rate, then a burst, and again."""

    @property
    def text(self) -> str:
        """`bursts 100-800/s`."""
        return f"bursts {self.base_rate:.4g}-{self.burst_rate:.4g}/s"

    @property
    def first(self) -> float | None:
        """The base."""
        return self.base_rate

    @property
    def highest(self) -> float | None:
        """The bursts'."""
        return self.burst_rate

    def bursts(self, seconds: float) -> list[tuple[float, float, float]]:
        """See `_Facts`; the last one may be cut off."""
        period = self.base_seconds + self.burst_seconds
        found: list[tuple[float, float, float]] = []
        while (start := len(found) * period + self.base_seconds) < seconds:
            end = len(found) * period + period
            found.append((start, min(end, seconds), min(end + self.base_seconds, seconds)))
        return found


class RampArrivals(contract.RampArrivals, _Facts):
    """A rate that rises or falls in a straight line."""

    @property
    def text(self) -> str:
        """`ramp 100-500/s`."""
        return f"ramp {self.start_rate:.4g}-{self.end_rate:.4g}/s"

    @property
    def first(self) -> float | None:
        """The start's."""
        return self.start_rate


class TraceArrivals(contract.TraceArrivals, _Facts):
    """The arrival times of a file."""

    ends_itself = True

    @property
    def text(self) -> str:
        """`trace 120/s`."""
        return f"trace {self.rate:.4g}/s"

    def due_within(self, stop: contract.StopRule) -> int:
        """All of them, unless a count ends it before; the count has been made to fit the clock."""
        return self.records if stop.count is None else min(stop.count, self.records)

    def lasts(self, stop: contract.StopRule) -> float | None:
        """As long as the clock lets it."""
        own = self.due_within(stop) / self.records * self.seconds
        return min(stop.seconds or own, self.seconds)


class MaxArrivals(contract.MaxArrivals, _Facts):
    """Everything at once."""

    paced = False

    @property
    def text(self) -> str:
        """`max`."""
        return "max"


PlannedArrivals = (
    ConstantArrivals | PoissonArrivals | BurstyArrivals | RampArrivals | TraceArrivals | MaxArrivals
)
"""The kinds that this version can run."""
_UNKNOWN = "unknown"
_KINDS = [str(kind.model_fields["kind"].default) for kind in get_args(PlannedArrivals)]


class UnknownArrivals(_Facts):
    """A kind that a newer version has added: what it means is not known, but its name is."""

    kind: Annotated[str, Field(json_schema_extra={"not": {"enum": _KINDS}})]

    @property
    def text(self) -> str:
        """`diurnal 500/s`, or the kind alone."""
        return self.kind if self.mean is None else f"{self.kind} {self.mean:.4g}/s"

    @property
    def mean(self) -> float | None:
        """If it calls it `rate`, as all known kinds do."""
        rate = self.unknown.get("rate")
        return float(rate) if isinstance(rate, int | float) else None


def _kind(value: Any) -> str:
    kind = str(value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None))
    return kind if kind in _KINDS else _UNKNOWN


Arrivals = Annotated[
    Annotated[ConstantArrivals, Tag("constant")]
    | Annotated[PoissonArrivals, Tag("poisson")]
    | Annotated[BurstyArrivals, Tag("bursty")]
    | Annotated[RampArrivals, Tag("ramp")]
    | Annotated[TraceArrivals, Tag("trace")]
    | Annotated[MaxArrivals, Tag("max")]
    | Annotated[UnknownArrivals, Tag(_UNKNOWN)],
    Discriminator(_kind),
]
