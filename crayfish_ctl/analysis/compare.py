"""Two or more experiments, cell by cell: what has become better or worse, and by how much.

A difference counts only if chance does not explain it: each comparison is Welch's t test on the
logarithms of the runs' values (`ratio`), and all comparisons of one call are adjusted together
after Holm, because among many tests some come out small by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from crayfish_ctl.errors import CrayfishError

from .differences import differences
from .options import completed, recorded_defaults
from .ratio import holm, ratio_of
from .repetition import METRICS, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.plan.model import Cell
    from crayfish_ctl.results import Results

    from .options import Defaults
    from .ratio import Ratio
    from .repetition import CellSummary, Estimate

Outcome = Literal["better", "worse", "no difference", "unknown"]

SIGNIFICANCE: Final = 0.05
THRESHOLD: Final = 0.05

_COSTS: Final = ("records_per_cpu_second",)
_KEY_METRICS: Final = {
    "sustain": ("latency_p50_ms", "latency_p99_ms", "achieved_records_per_s", *_COSTS),
    "overload": (
        "latency_p50_ms",
        "latency_p99_ms",
        "achieved_records_per_s",
        "burst_recovery_s",
        *_COSTS,
    ),
    "saturate": ("capacity_records_per_s", "capacity_drain_records_per_s", *_COSTS),
}
"""What is compared unless something is asked for. CPU-seconds per million points would be the same
comparison as records per CPU-second once more: cells that match have the same batch size."""
_MORE_IS_BETTER: Final = ("_per_s", "per_cpu_second", "accuracy")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one cell, in the base and in another experiment."""

    other: int
    """Which of the other experiments, from 0."""
    cell: Cell
    """As the base has it."""
    metric: str
    base: Estimate
    ours: Estimate
    ratio: Ratio | None
    """Other / base; None if a value is not positive."""
    adjusted_p: float | None = None
    """After Holm, over all comparisons of the table; None without an interval."""
    outcome: Outcome = "unknown"
    regression: bool = False
    """Worse by more than the threshold."""

    @property
    def change(self) -> float | None:
        """Relative difference: 0.1 is 10 % more than the base."""
        return None if self.ratio is None else self.ratio.value - 1


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A cell that cannot be compared with one of the other experiments."""

    other: int
    cell: Cell
    why: str


@dataclass(frozen=True, slots=True)
class ComparedResults:
    """Everything that `crayfish compare` says."""

    base: str
    others: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    unmatched: tuple[Unmatched, ...]
    warnings: tuple[tuple[int, str], ...]
    """Which of the others, and in what its circumstances differ from those of the base."""
    threshold: float

    @property
    def regressions(self) -> tuple[Comparison, ...]:
        """What has become significantly worse, by more than the threshold."""
        return tuple(found for found in self.comparisons if found.regression)


def compare_results(
    base: Results,
    others: Sequence[Results],
    metrics: Sequence[str] = (),
    threshold: float = THRESHOLD,
) -> ComparedResults:
    """Compare each of `others` with `base`; only VALID runs enter.

    Args:
        base: what is compared with.
        others: at least one.
        metrics: of `METRICS`, for every cell that has them; otherwise what a cell is run for.
        threshold: a significant worsening by more than this is a regression; 0.05 is 5 %.

    Raises:
        CrayfishError: for an unknown metric.
    """
    for metric in metrics:
        if metric not in METRICS:
            raise CrayfishError(
                f"--metric {metric}: there is none of that name",
                hint=f"it is one of {', '.join(METRICS)}",
            )
    found: list[Comparison] = []
    unmatched: list[Unmatched] = []
    warnings: list[tuple[int, str]] = []
    for number, other in enumerate(others):
        ours, theirs = recorded_defaults(base.manifest), recorded_defaults(other.manifest)
        before = _by_identity(base, {**theirs, **ours})
        after = _by_identity(other, {**ours, **theirs})
        warnings += [(number, text) for text in differences(base.manifest, other.manifest)]
        for identity, summary in before.items():
            if identity in after:
                found += _cell(number, summary, after[identity], metrics)
            missing = _missing(summary, after.get(identity))
            if missing:
                unmatched.append(Unmatched(number, summary.cell, missing))
        unmatched += [
            Unmatched(number, summary.cell, "not in the base")
            for identity, summary in after.items()
            if identity not in before
        ]
    return ComparedResults(
        base=base.path.name,
        others=tuple(other.path.name for other in others),
        comparisons=tuple(_judged(found, threshold)),
        unmatched=tuple(unmatched),
        warnings=tuple(warnings),
        threshold=threshold,
    )


def identity_of(cell: Cell) -> str:
    """What makes a cell the same in two experiments.

    Everything that is run, except how it arrives if it has a title: a share of the capacity is
    another rate on another day, and has the title so that it can be recognised.
    """
    if cell.title:
        return cell.model_dump_json(exclude={"experiment", "arrivals"})
    return cell.model_dump_json(exclude={"experiment": True, "arrivals": {"seed"}})


def more_is_better(metric: str) -> bool:
    """Rates, records per CPU-second and accuracies; not times, costs, backlogs and deviations."""
    return metric.endswith(_MORE_IS_BETTER)


def _by_identity(results: Results, defaults: Defaults) -> dict[str, CellSummary]:
    """The cells of an experiment; a search's probes are no results, and its last rate is its.

    Those of results without the defaults of their options are completed with the other side's.
    """
    summaries = (s for s in summarise(results.runs) if s.purpose != "probe")
    return {identity_of(completed(summary.cell, defaults)): summary for summary in summaries}


def _missing(base: CellSummary, other: CellSummary | None) -> str:
    if other is None:
        return "only in the base"
    sides = [name for name, side in (("base", base), ("other", other)) if not side.valid]
    return f"no VALID run in the {' and the '.join(sides)}" if sides else ""


def _cell(
    number: int, base: CellSummary, other: CellSummary, metrics: Sequence[str]
) -> list[Comparison]:
    chosen = metrics or _KEY_METRICS[base.cell.goal]
    both = [m for m in chosen if m in base.estimates and m in other.estimates]
    return [
        Comparison(
            other=number,
            cell=base.cell,
            metric=metric,
            base=base.estimates[metric],
            ours=other.estimates[metric],
            ratio=ratio_of(other.estimates[metric].values, base.estimates[metric].values),
        )
        for metric in both
    ]


def _judged(comparisons: list[Comparison], threshold: float) -> list[Comparison]:
    """With p values adjusted over all of them, and what follows from that."""
    tests = {
        place: found.ratio.p_value
        for place, found in enumerate(comparisons)
        if found.ratio is not None and found.ratio.p_value is not None
    }
    adjusted = dict(zip(tests, holm(list(tests.values())), strict=True))
    return [
        _verdict(found, adjusted[place], threshold) if place in adjusted else found
        for place, found in enumerate(comparisons)
    ]


def _verdict(found: Comparison, p_value: float, threshold: float) -> Comparison:
    change = found.change or 0.0
    outcome: Outcome = "no difference"
    if p_value < SIGNIFICANCE:
        outcome = "better" if (change > 0) == more_is_better(found.metric) else "worse"
    return replace(
        found,
        adjusted_p=p_value,
        outcome=outcome,
        regression=outcome == "worse" and abs(change) > threshold,
    )
