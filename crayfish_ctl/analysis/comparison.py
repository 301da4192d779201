"""What a comparison of experiments says, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .decision import Decision, Outcome
from .metrics import METRICS
from .search import SUSTAINABLE

if TYPE_CHECKING:
    from crayfish_ctl.cells import Cell

    from .estimate import Estimate
    from .ratio import Ratio

_OPEN: Final = Decision("undecided")


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
    """Other / base; None if a value is not positive. Of a search its ends are what the bisection
    leaves open."""
    decision: Decision = _OPEN
    adjusted_p: float | None = None
    """After Holm, over all comparisons of the table; None without an interval."""

    @property
    def outcome(self) -> Outcome:
        """worse, better, within the threshold, or undecided."""
        return self.decision.outcome

    @property
    def change(self) -> float | None:
        """Relative difference: 0.1 is 10 % more than the base."""
        return None if self.ratio is None else self.ratio.value - 1


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A cell whose values cannot be compared with those of one of the other experiments."""

    other: int
    cell: Cell
    why: str
    outcome: Outcome | None = None
    """What follows from it all the same; None where it was not asked of both."""


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

    def may_be_worse(self, found: Comparison) -> bool:
        """Whether an undecided comparison leaves open that it is worse by more than the threshold.

        Where it leaves open only whether something is better, nobody needs to be stopped.
        """
        ratio = found.ratio
        if found.outcome != "undecided":
            return False
        if ratio is None or ratio.low is None or ratio.high is None:
            return True
        if more_is_better(found.metric):
            return ratio.low < 1 - self.threshold
        return ratio.high > 1 + self.threshold

    @property
    def risks(self) -> int:
        """How many comparisons, and cells that have none, may be worse and nobody can tell."""
        open_cells = sum(found.outcome == "undecided" for found in self.unmatched)
        return open_cells + sum(self.may_be_worse(found) for found in self.comparisons)

    def count(self, outcome: Outcome) -> int:
        """How many comparisons, and cells that have none, came out so."""
        outcomes = [found.outcome for found in self.comparisons]
        return [*outcomes, *(found.outcome for found in self.unmatched)].count(outcome)


def more_is_better(metric: str) -> bool:
    """Of one of `METRICS`, or of the rate that a search finds."""
    return metric == SUSTAINABLE or METRICS[metric].more_is_better
