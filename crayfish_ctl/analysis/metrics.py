"""The values of a run that are put together over repetitions, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.results.model import STAGES
from crayfish_ctl.results.numbers import Percentiles

from .percentiles import QUANTILES, records_needed

if TYPE_CHECKING:
    from crayfish_ctl.results.model import RunResult

METRICS: Final[dict[str, str]] = {
    **{
        f"{rate}_per_s": f"throughput.{rate}_per_s"
        for rate in ("offered_records", "sent_records", "achieved_records", "achieved_points")
    },
    "processor_records_per_s": "throughput.processor_records_per_s",
    "capacity_records_per_s": "throughput.capacity.records_per_s",
    "capacity_sharing_records_per_s": "throughput.capacity.sharing_records_per_s",
    "capacity_drain_records_per_s": "throughput.capacity.drain_records_per_s",
    **{
        f"latency_{name}_ms": f"latency_ms.{name}"
        for name in ("mean", "p50", "p90", "p95", "p99", "p99_9", "max")
    },
    **{f"send_latency_{name}_ms": f"send_latency_ms.{name}" for name in ("p50", "p99", "max")},
    **{f"service_{name}_ms": f"service_ms.{name}" for name in ("p50", "p99")},
    **{
        f"{stage}_{name}_ms": f"stages_ms.{stage}.{name}"
        for stage in STAGES
        for name in ("p50", "p99")
    },
    **{f"broker_latency_{name}_ms": f"broker_latency_ms.{name}" for name in ("mean", "p50", "p99")},
    "schedule_lag_p99_ms": "schedule_lag_ms.p99",
    "records_per_cpu_second": "efficiency.records_per_cpu_second",
    "drain_records_per_cpu_second": "efficiency.drain_records_per_cpu_second",
    "cpu_seconds_per_million_points": "efficiency.cpu_seconds_per_million_points",
    "cores_used": "cores_used",
    "cores_allowed": "cores_allowed",
    "longest_pause_ms": "longest_pause_ms",
    "warmup_s": "warmed.seconds",
    "backlog_max": "backlog.max",
    "burst_recovery_s": "recovery_seconds",
    "end_to_end_accuracy": "correctness.end_to_end_accuracy",
    "offline_accuracy": "correctness.offline_accuracy",
    "max_deviation": "correctness.max_deviation",
}
"""What is put together over repetitions (also the columns of summary.csv), and where `run.json` has
it."""


def value_of(run: RunResult, metric: str) -> float | None:
    """A run's value of one of `METRICS`; None if the run has none."""
    found = _field(run, METRICS[metric])
    return None if found is None else float(found)


def records_of(run: RunResult, metric: str) -> int | None:
    """How many records a run's percentile is of; None if the metric or the run is without one."""
    path, _, name = METRICS[metric].rpartition(".")
    found = _field(run, path) if name in QUANTILES else None
    return found.count if isinstance(found, Percentiles) else None


def quantile_of(metric: str) -> float | None:
    """0.99 for the p99 of something; None if the metric is no percentile."""
    return QUANTILES.get(METRICS[metric].rpartition(".")[2])


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
