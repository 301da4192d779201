"""The values of a run that are put together over repetitions.

One entry for each, with all that the tables, the comparison, the warnings and the page's glossary
say of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.cells import GOALS
from crayfish_ctl.results.model import STAGES
from crayfish_ctl.results.numbers import Percentiles

from .percentiles import QUANTILES, records_needed

if TYPE_CHECKING:
    from crayfish_ctl.results import RunResult

_ALL: Final = tuple(GOALS)
_FLOODS: Final = tuple(name for name, goal in GOALS.items() if goal.floods)
_PACED: Final = tuple(name for name, goal in GOALS.items() if not goal.floods)


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of the glossary, of one metric or of several."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """How a metric stands in the results table."""

    place: int
    """Columns are in the order of their places."""
    title: str
    under: str
    """The second line of its head: the unit, or of what."""
    goals: tuple[str, ...] = _ALL
    """The goals for which the number means something."""
    percent: bool = False
    console: bool = True
    """Whether it is worth the width of a terminal."""
    spread: bool = True
    """Whether its interval is worth showing: not of what was asked for."""


@dataclass(frozen=True, slots=True)
class Key:
    """A cell with one of these goals is run for this metric."""

    place: int
    """`compare` has them in this order."""
    goals: tuple[str, ...]
    called: str | None = None
    """In the warning that the runs do not agree on it; None: there is none."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number of a run."""

    name: str
    """In summary.csv, and of `compare --metric`."""
    path: str
    """Where `run.json` (or a property of `RunResult`) has it."""
    unit: str = "ms"
    more_is_better: bool = False
    key: Key | None = None
    column: Column | None = None
    term: Term | None = None


_OFFERED: Final = Term(
    "offered",
    "Records per second that the schedule asked for. For max there is none: everything is due at "
    "once.",
)
_ACHIEVED: Final = Term(
    "achieved",
    "Results per second in a window as long as the schedule that opens with the first result.",
)
_COUNTED: Final = Term(
    "counted",
    "Results per second by the processor's own counter, over the same time as the capacity: a "
    "second witness beside the consumer.",
)
_CAPACITY: Final = Term(
    "capacity, drain",
    "Results per second while work was always waiting: over the middle 80 % of the run, and after "
    "the producer had finished.",
)
_LATENCY: Final = Term(
    "p50, p99, p99.9, max",
    "Half, 99 %, 99.9 % and all of the records were this fast or faster, from due to consumed.",
)
_STAGES: Final = {
    "schedule": "Stage from due to sent: how late the producer was.",
    "input": "Stage from sent to the moment the scoring function had the record: client, broker, "
    "and every queue before the model.",
    "wait": "Stage between the processor's having a record and its call of the model: for a free "
    "place among those under way, or for others to be called together with.",
    "score": "Stage in the model (or the call of the model server): the service time.",
    "output": "Stage from scored to consumed: the processor's sink, the broker and the consumer.",
}
_CALLS: Final = Term(
    "calls under way",
    "Calls of the model server at a time, in the mean: their rate times their duration.",
)
_EFFICIENCY: Final = Term(
    "efficiency",
    "Results for each second of CPU time that the processor and the model server used together.",
)
_CORES: Final = Term(
    "cores",
    "What the processor's services and the model server used together over the window, and what "
    "their limits allow them.",
)
_PAUSE: Final = Term(
    "longest GC",
    "The longest time for which a JVM of the processor or the model server stood still to collect "
    "garbage.",
)
_WARMUP: Final = Term(
    "warm-up",
    "From the first warm-up record until the window opened; at a steady rate it ends when the "
    "latency falls no more.",
)
_BACKLOG: Final = Term("backlog", "Records that were sent and have no result yet.")
_RECOVERY: Final = Term(
    "recovery",
    "From the end of a burst until the latency is back within the band of the base; the mean over "
    "a run's bursts.",
)
_ACCURACY: Final = Term(
    "accuracy",
    "Share of points whose predicted class is their label, in the results that came back. Shown "
    "for data with labels.",
)
_LATENCY_COLUMNS: Final = {
    "p50": Column(30, "p50", "ms", _PACED),
    "p99": Column(31, "p99", "ms", _PACED),
    "p99_9": Column(32, "p99.9", "ms", _PACED, console=False),
    "max": Column(33, "max", "ms", _PACED),
}
_LATENCY_KEYS: Final = {
    "p50": Key(10, _PACED, "p50 latency"),
    "p99": Key(20, _PACED, "p99 latency"),
}


def _rate(name: str, path: str, **more: Any) -> Metric:
    unit = "points/s" if "points" in name else "records/s"
    return Metric(name, f"throughput.{path}", unit, more_is_better=True, **more)


def _some(what: str, path: str, *names: str, term: Term | None = None) -> list[Metric]:
    """Some numbers of a distribution in ms."""
    return [Metric(f"{what}_{name}_ms", f"{path}.{name}", term=term) for name in names]


_LIST: Final = (
    _rate(
        "offered_records_per_s",
        "offered_records_per_s",
        column=Column(10, "offered", "records/s", console=False, spread=False),
        term=_OFFERED,
    ),
    _rate("sent_records_per_s", "sent_records_per_s"),
    # To saturate, what comes back while the schedule lasts says nothing: there is the capacity.
    _rate(
        "achieved_records_per_s",
        "achieved_records_per_s",
        key=Key(30, _PACED),
        column=Column(20, "achieved", "records/s", _PACED),
        term=_ACHIEVED,
    ),
    _rate("achieved_points_per_s", "achieved_points_per_s"),
    _rate(
        "processor_records_per_s",
        "processor_records_per_s",
        column=Column(50, "counted", "by the processor, /s", console=False),
        term=_COUNTED,
    ),
    _rate(
        "capacity_records_per_s",
        "capacity.records_per_s",
        key=Key(10, _FLOODS, "capacity"),
        column=Column(40, "capacity", "records/s", _FLOODS),
        term=_CAPACITY,
    ),
    _rate("capacity_sharing_records_per_s", "capacity.sharing_records_per_s"),
    _rate(
        "capacity_drain_records_per_s",
        "capacity.drain_records_per_s",
        key=Key(20, _FLOODS),
        column=Column(60, "drain", "records/s", _FLOODS, console=False),
        term=_CAPACITY,
    ),
    *(
        Metric(
            f"latency_{name}_ms",
            f"latency_ms.{name}",
            key=_LATENCY_KEYS.get(name),
            column=_LATENCY_COLUMNS.get(name),
            term=_LATENCY,
        )
        for name in ("mean", "p50", "p90", "p95", "p99", "p99_9", "max")
    ),
    *_some("send_latency", "send_latency_ms", "p50", "p99", "max"),
    *_some("service", "service_ms", "p50", "p99"),
    *(
        metric
        for stage in STAGES
        for metric in _some(
            stage, f"stages_ms.{stage}", "p50", "p99", term=Term(stage, _STAGES[stage])
        )
    ),
    *_some("broker_latency", "broker_latency_ms", "mean", "p50", "p99"),
    *_some("schedule_lag", "schedule_lag_ms", "p99"),
    # CPU-seconds per million points would be the same comparison once more: cells that match have
    # the same batch size.
    Metric(
        "records_per_cpu_second",
        "efficiency.records_per_cpu_second",
        "records/CPU-s",
        more_is_better=True,
        key=Key(50, _ALL),
        column=Column(80, "efficiency", "records/CPU-s", console=False),
        term=_EFFICIENCY,
    ),
    Metric(
        "drain_records_per_cpu_second",
        "efficiency.drain_records_per_cpu_second",
        "records/CPU-s",
        more_is_better=True,
    ),
    Metric("cpu_seconds_per_million_points", "efficiency.cpu_seconds_per_million_points", "CPU-s"),
    Metric(
        "cores_used",
        "cores_used",
        "cores",
        column=Column(90, "cores", "used", console=False),
        term=_CORES,
    ),
    Metric(
        "cores_allowed",
        "cores_allowed",
        "cores",
        column=Column(91, "cores", "allowed", console=False),
        term=_CORES,
    ),
    Metric(
        "longest_pause_ms",
        "longest_pause_ms",
        column=Column(100, "longest GC", "ms", _PACED, console=False),
        term=_PAUSE,
    ),
    Metric(
        "warmup_s",
        "warmed.seconds",
        "s",
        column=Column(110, "warm-up", "s", console=False),
        term=_WARMUP,
    ),
    Metric(
        "calls_under_way",
        "calls.under_way",
        "calls",
        column=Column(75, "calls", "under way", console=False),
        term=_CALLS,
    ),
    Metric("server_requests_per_s", "server.requests_per_s", "requests/s", more_is_better=True),
    Metric("server_requests_per_execution", "server.requests_per_execution", "requests"),
    Metric("server_queue_ms", "server.queue_ms"),
    Metric("server_compute_ms", "server.compute_ms"),
    Metric("server_total_ms", "server.total_ms"),
    Metric("failed_records", "counts.failed", "records"),
    Metric("backlog_max", "backlog.max", "records", term=_BACKLOG),
    Metric(
        "burst_recovery_s",
        "recovery_seconds",
        "s",
        key=Key(40, ("overload",)),
        column=Column(70, "recovery", "s", ("overload",)),
        term=_RECOVERY,
    ),
    Metric(
        "end_to_end_accuracy",
        "correctness.end_to_end_accuracy",
        "share",
        more_is_better=True,
        column=Column(120, "accuracy", "end to end", percent=True),
        term=_ACCURACY,
    ),
    Metric("offline_accuracy", "correctness.offline_accuracy", "share", more_is_better=True),
    Metric("max_deviation", "correctness.max_deviation", ""),
)

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _LIST}
"""By name, in the order of the columns of summary.csv."""


def concerns(goals: tuple[str, ...], goal: str) -> bool:
    """Whether a goal is among these; of one that a newer version has added nobody knows: yes."""
    return goal in goals or goal not in GOALS


def key_metrics(goal: str) -> tuple[str, ...]:
    """What a cell with this goal is run for, in the order in which a comparison has it."""
    keys = sorted(
        (metric.key.place, metric.name)
        for metric in _LIST
        if metric.key is not None and concerns(metric.key.goals, goal)
    )
    return tuple(name for _, name in keys)


def value_of(run: RunResult, metric: str) -> float | None:
    """A run's value of one of `METRICS`; None if the run has none."""
    found = _field(run, METRICS[metric].path)
    return None if found is None else float(found)


def records_of(run: RunResult, metric: str) -> int | None:
    """How many records a run's percentile is of; None if the metric or the run is without one."""
    path, _, name = METRICS[metric].path.rpartition(".")
    found = _field(run, path) if name in QUANTILES else None
    return found.count if isinstance(found, Percentiles) else None


def quantile_of(metric: str) -> float | None:
    """0.99 for the p99 of something; None if the metric is no percentile."""
    return QUANTILES.get(METRICS[metric].path.rpartition(".")[2])


def supported(run: RunResult, metric: str) -> bool:
    """Whether a run has enough records for a percentile; of anything else, always."""
    quantile, records = quantile_of(metric), records_of(run, metric)
    return quantile is None or records is None or records >= records_needed(quantile)


def _field(run: RunResult, path: str) -> Any:
    found: Any = run
    for name in path.split("."):
        if found is None:
            return None
        found = found.get(name) if isinstance(found, dict) else getattr(found, name)
    return found
