"""What a search means: when a rate holds, which rate was found, and how sure that is.

The schedule asks it while a search goes on, the report, the summary and a comparison afterwards.
The objective is in the manifest's plan: the profile's workload that the runs belong to. A folder of
an older or a foreign plan may not have it; then a rate held if its run was VALID.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from crayfish_ctl.results.verdict import VerdictState

if TYPE_CHECKING:
    from crayfish_ctl.cells import Cell
    from crayfish_ctl.results import Manifest, Results, RunResult

SUSTAINABLE: Final = "sustainable_records_per_s"
"""The metric that a search is made for: the highest rate that held and was confirmed, records/s."""


class Objective(BaseModel):
    """What a rate must hold, as the experiment asks for it (docs/experiments.md: `search`)."""

    model_config = ConfigDict(extra="ignore", frozen=True, from_attributes=True)

    percentile: str = "p99"
    objective_ms: float = 100.0
    confirm: int = 3
    """Runs at the rate that was found."""
    max_probes: int = 12


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
    """One search; it has at least one run."""

    workload: int
    """Position in the experiment, from 0."""
    objective: Objective | None
    attempts: tuple[Attempt, ...]

    @property
    def cell(self) -> Cell:
        """Of its first run; the others differ from it in the rate alone."""
        return self.attempts[0].run.spec.cell

    @property
    def system(self) -> str:
        """Whose rate is looked for."""
        return self.cell.system

    @property
    def found(self) -> float | None:
        """The rate (records/s) that held as often as it was to be confirmed.

        None if no rate did, or if the search was interrupted before.
        """
        last = self.attempts[-1]
        if not (last.confirms and last.held):
            return None
        needed = self.objective.confirm if self.objective else 1
        return last.rate if self._confirmed(last.rate) >= needed else None

    @property
    def confirmations(self) -> int:
        """How many runs confirm the rate that was found."""
        return self._confirmed(self.found)

    def _confirmed(self, rate: float | None) -> int:
        return sum(a.confirms and a.held and a.rate == rate for a in self.attempts)

    @property
    def ceiling(self) -> float | None:
        """The lowest rate above the found one that did not hold, records/s.

        What the system sustains lies between the two. The found rate itself where none failed: the
        search ended at the top that it was given.
        """
        if self.found is None:
            return None
        failed = [a.rate for a in self.attempts if not a.held and a.rate > self.found]
        return min(failed, default=self.found)

    @property
    def exhausted(self) -> bool:
        """Whether it may not go on, without having found anything: the answer is "none"."""
        probes = sum(not attempt.confirms for attempt in self.attempts)
        return self.found is None and (
            self.objective is not None and probes >= self.objective.max_probes
        )


def holds(run: RunResult, objective: Objective | None) -> bool:
    """Whether a run sustained its rate within the objective: VALID, and the percentile low enough.

    A rate that the producer could not keep is not known to hold, so it does not.
    """
    if run.verdict.state is not VerdictState.VALID or run.latency_ms is None:
        return False
    ms = _percentile(run, objective)
    return objective is None or (ms is not None and ms <= objective.objective_ms)


def _percentile(run: RunResult, objective: Objective | None) -> float | None:
    """ms; None if the run has none, or the objective is of one that this version does not know."""
    found: float | None = getattr(
        run.latency_ms, objective.percentile if objective else "p99", None
    )
    return found


def objective_text(objective: Objective) -> str:
    """`p99 of at most 100 ms`."""
    return f"{objective.percentile.replace('_', '.')} of at most {objective.objective_ms:g} ms"


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
        found.append(Search(workload, objective, tuple(attempts)))
    return found


def _attempt(number: int, run: RunResult, objective: Objective | None) -> Attempt:
    ms, held = _percentile(run, objective), holds(run, objective)
    return Attempt(number, run, run.spec.cell.rate or 0.0, ms, held)


def _objective(manifest: Manifest, workload: int) -> Objective | None:
    for entry in planned_workloads(manifest, workload):
        try:
            return Objective.model_validate(entry.get("search"))
        except ValidationError:
            continue
    return None


def planned_workloads(manifest: Manifest, workload: int) -> list[dict[str, Any]]:
    """What the plan says of a workload: with the user's choices in it, then as it was written.

    Empty where the plan is of another version, or says nothing.
    """
    plan = manifest.plan
    profiles = _get(_get(plan, "experiment"), "profiles")
    found: list[dict[str, Any]] = []
    for sizing in (_get(plan, "sizing"), _get(profiles, manifest.profile)):
        workloads = _get(sizing, "workloads")
        if isinstance(workloads, list) and workload < len(workloads):
            entry = workloads[workload]
            found += [entry] if isinstance(entry, dict) else []
    return found


def _get(given: Any, name: str) -> Any:
    return given.get(name) if isinstance(given, dict) else None
