"""Repetitions of a cell, put together.

Between-run variation is what decides whether two systems differ, and it is larger than what one run
shows of itself (Georges, Buytaert, Eeckhout: "Statistically Rigorous Java Performance Evaluation",
OOPSLA 2007): so every run contributes one value, and the interval is Student's t over the runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import stats

from crayfish_ctl.plan.model import Cell, Purpose  # noqa: TC001  # pydantic reads them
from crayfish_ctl.results.model import STAGES, VerdictState

from .warnings import warnings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.results.model import RunResult

CONFIDENCE: Final = 0.95


class Estimate(BaseModel):
    """A value over the valid runs of a cell. With one run there is no interval."""

    model_config = ConfigDict(frozen=True)

    n: int
    mean: float
    median: float
    low: float | None
    """Lower end of the 95 % confidence interval of the mean."""
    high: float | None
    cv: float | None
    """Coefficient of variation: standard deviation / mean."""
    values: tuple[float, ...] = ()
    """One of each run, in the order of the runs."""

    @property
    def half_width(self) -> float | None:
        """Half of the interval: what stands after the ±."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


class CellSummary(BaseModel):
    """All repetitions of a cell; only VALID runs enter the estimates.

    Where a search has confirmed its result, only the confirmations count: the probe that led to it
    was chosen because it held.
    """

    model_config = ConfigDict(frozen=True)

    cell: Cell
    runs: int
    valid: int
    invalid: int
    failed: int
    estimates: dict[str, Estimate]
    """Keys: `METRICS`; a metric that no valid run has is left out."""
    warnings: tuple[str, ...] = ()
    """What a reader should know of the repetitions, with figures and with what to do."""
    purpose: Purpose = "measure"
    """Of the runs that count."""


def estimate(values: Iterable[float]) -> Estimate | None:
    """Mean and median with a 95 % t interval of the mean; None without values."""
    data = np.array(list(values), dtype=float)
    if not data.size:
        return None
    mean = float(data.mean())
    if data.size == 1:
        return Estimate(n=1, mean=mean, median=mean, low=None, high=None, cv=None, values=(mean,))
    deviation = float(data.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, data.size - 1)) * deviation / data.size**0.5
    return Estimate(
        n=data.size,
        mean=mean,
        median=float(np.median(data)),
        low=mean - half,
        high=mean + half,
        cv=deviation / mean if mean else None,
        values=tuple(data.tolist()),
    )


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
    found: Any = run
    for name in METRICS[metric].split("."):
        if found is None:
            return None
        found = found.get(name) if isinstance(found, dict) else getattr(found, name)
    return None if found is None else float(found)


def by_cell(runs: Iterable[RunResult]) -> list[tuple[Cell, list[RunResult]]]:
    """The runs of each cell, cells in the order in which they first appear."""
    groups: dict[str, tuple[Cell, list[RunResult]]] = {}
    for run in runs:
        cell = run.spec.cell
        # Each repetition of random arrivals has a seed of its own.
        same = cell.model_dump_json(exclude={"arrivals": {"seed"}})
        groups.setdefault(same, (cell, []))[1].append(run)
    return list(groups.values())


def counting(runs: Sequence[RunResult]) -> list[RunResult]:
    """The runs of a cell that count: a search's confirmations if there are any, else all."""
    confirmations = [run for run in runs if run.spec.purpose == "confirm"]
    return confirmations or list(runs)


def summarise_cell(cell: Cell, runs: Sequence[RunResult], asked: int | None = None) -> CellSummary:
    """Put the repetitions of one cell together.

    Args:
        cell: what was run.
        runs: all of its runs.
        asked: how many repetitions were asked for; without it, as many as there are runs.
    """
    runs = counting(runs)
    states = [run.verdict.state for run in runs]
    valid = [run for run in runs if run.verdict.state is VerdictState.VALID]
    found = {name: over_runs(valid, name) for name in METRICS}
    estimates = {name: value for name, value in found.items() if value is not None}
    purpose = runs[0].spec.purpose
    wanted = asked if asked is not None and purpose == "measure" else len(runs)
    return CellSummary(
        cell=cell,
        runs=len(runs),
        valid=len(valid),
        invalid=states.count(VerdictState.INVALID),
        failed=states.count(VerdictState.FAILED),
        estimates=estimates,
        warnings=warnings_of(cell, len(valid), wanted, estimates) if purpose != "probe" else (),
        purpose=purpose,
    )


def key_metric(cell: Cell) -> str:
    """The one of `METRICS` that a cell is run for."""
    return "capacity_records_per_s" if cell.goal == "saturate" else "latency_p50_ms"


def precise(runs: Sequence[RunResult], target: float) -> bool:
    """Whether half of the interval of the key metric is at most `target` of its mean.

    Args:
        runs: of one cell; only the VALID ones count, and with fewer than two there is no interval.
        target: 0.1 is 10 %.
    """
    valid = [run for run in runs if run.verdict.state is VerdictState.VALID]
    found = over_runs(valid, key_metric(valid[0].spec.cell)) if valid else None
    return (
        found is not None
        and found.half_width is not None
        and found.half_width <= target * abs(found.mean)
    )


def over_runs(runs: Iterable[RunResult], metric: str) -> Estimate | None:
    """One value of each run, as an estimate."""
    values = (value_of(run, metric) for run in runs)
    return estimate(value for value in values if value is not None)


def summarise(runs: Iterable[RunResult], asked: int | None = None) -> list[CellSummary]:
    """Put the repetitions of every cell together.

    Args:
        runs: of an experiment.
        asked: how many repetitions of each cell were asked for, if that is known.
    """
    return [summarise_cell(cell, group, asked) for cell, group in by_cell(runs)]
