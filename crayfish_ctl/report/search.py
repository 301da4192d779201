"""Searches for the highest rate that holds an objective, read back from the results.

The objective is in the manifest's plan: the profile's workload that the runs belong to. A folder of
an older or a foreign plan may not have it; then a rate held if its run was VALID.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crayfish_ctl.results import VerdictState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.results import Manifest, Results, RunResult


@dataclass(frozen=True, slots=True)
class Objective:
    """What a rate must hold."""

    percentile: str
    """A field of `Percentiles`: p99."""
    ms: float

    @property
    def text(self) -> str:
        """`p99 of at most 100 ms`."""
        return f"{self.percentile.replace('_', '.')} of at most {self.ms:g} ms"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a search."""

    number: int
    """From 1."""
    run: RunResult
    rate: float
    """records/s"""
    ms: float | None
    """The percentile of the objective."""
    held: bool

    @property
    def confirms(self) -> bool:
        """Whether it repeats the rate that was found."""
        return self.run.spec.purpose == "confirm"


@dataclass(frozen=True, slots=True)
class Search:
    """One search."""

    objective: Objective | None
    attempts: tuple[Attempt, ...]

    @property
    def system(self) -> str:
        """Whose rate is looked for."""
        return self.attempts[0].run.spec.cell.system

    @property
    def found(self) -> float | None:
        """The rate that held when it was confirmed; None if no rate did, or it was interrupted."""
        last = self.attempts[-1]
        return last.rate if last.confirms and last.held else None

    @property
    def confirmations(self) -> int:
        """How many runs confirm the rate that was found."""
        return sum(
            attempt.confirms and attempt.held and attempt.rate == self.found
            for attempt in self.attempts
        )


def searches(results: Results) -> list[Search]:
    """The searches of an experiment, in the order of its workloads."""
    groups: dict[int, list[RunResult]] = {}
    for run in results.runs:
        if run.spec.purpose != "measure" and run.spec.cell.rate is not None:
            groups.setdefault(run.spec.workload, []).append(run)
    found: list[Search] = []
    for workload, runs in sorted(groups.items()):
        objective = _objective(results.manifest, workload)
        attempts = (_attempt(number, run, objective) for number, run in enumerate(runs, start=1))
        found.append(Search(objective, tuple(attempts)))
    return found


def _attempt(number: int, run: RunResult, objective: Objective | None) -> Attempt:
    percentile = objective.percentile if objective else "p99"
    ms = None if run.latency_ms is None else float(getattr(run.latency_ms, percentile))
    held = run.verdict.state is VerdictState.VALID and ms is not None
    if objective is not None and ms is not None:
        held = held and ms <= objective.ms
    return Attempt(number, run, run.spec.cell.rate or 0.0, ms, held)


def _objective(manifest: Manifest, workload: int) -> Objective | None:
    plan = manifest.plan
    profiles = _get(_get(plan, "experiment"), "profiles")
    for sizing in (_get(plan, "sizing"), _get(profiles, manifest.profile)):
        workloads = _get(sizing, "workloads")
        if not isinstance(workloads, list) or workload >= len(workloads):
            continue
        entry = _get(workloads[workload], "search")
        percentile, ms = _get(entry, "percentile"), _get(entry, "objective_ms")
        if percentile in {"p50", "p90", "p95", "p99", "p99_9"} and isinstance(ms, int | float):
            return Objective(str(percentile), float(ms))
    return None


def _get(given: Mapping[str, Any] | Any, name: str) -> Any:
    return given.get(name) if isinstance(given, dict) else None
