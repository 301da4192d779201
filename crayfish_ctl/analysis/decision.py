"""What a ratio of two experiments decides: worse, better, within the threshold, or nothing yet.

A test that finds no difference has not shown that there is none. So there are three answers, not
two. *Within the threshold* needs its own evidence: the whole interval of the ratio lies there,
which is the two one-sided tests of Schuirmann ("A comparison of the two one-sided tests procedure
and the power approach for assessing the equivalence of average bioavailability", Journal of
Pharmacokinetics and Biopharmaceutics 15, 1987), each at 2.5 %. *Worse* and *better* need a p value
below 5 % after Holm and a difference above the threshold. Everything else is *undecided*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from scipy import stats

from crayfish_ctl.sample import CONFIDENCE, MIN_RUNS

if TYPE_CHECKING:
    from .ratio import Ratio

Outcome = Literal["better", "worse", "within", "undecided"]

SIGNIFICANCE: Final = 0.05
MOST_RUNS: Final = 1000
"""Above which a number of repetitions is no advice any more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the runs of two cells say of one metric."""

    outcome: Outcome
    visible: float | None = None
    """The smallest worsening, relative to the base, that these runs would have shown: -0.12 of a
    rate, 0.14 of a latency. None without an interval."""
    runs_needed: int | None = None
    """About how many runs on each side would decide, if undecided; None if nobody knows, or if
    they are more than `MOST_RUNS`."""


def decide(
    ratio: Ratio | None,
    adjusted_p: float | None,
    threshold: float,
    *,
    more_is_better: bool,
    runs: int,
) -> Decision:
    """The answer for one metric of one cell.

    Args:
        ratio: other / base; None if a value is not positive.
        adjusted_p: its p value after Holm; None if it has none.
        threshold: a difference up to this does not matter; 0.05 is 5 %.
        more_is_better: of the metric.
        runs: on the side that has fewer.
    """
    if ratio is None:
        return Decision("undecided")
    if ratio.p_value is None or ratio.error is None or adjusted_p is None:
        return Decision("undecided", runs_needed=MIN_RUNS)
    if ratio.freedom is None:
        return Decision(_outcome(ratio, adjusted_p, threshold, more_is_better), visible=0.0)
    # What Holm has multiplied the p value by, so that what is visible is what would have been so.
    level = SIGNIFICANCE * (ratio.p_value / adjusted_p if adjusted_p else 1.0)
    reach = float(stats.t.isf(level / 2, ratio.freedom)) * ratio.error
    outcome = _outcome(ratio, adjusted_p, threshold, more_is_better)
    return Decision(
        outcome,
        visible=float(np.expm1(-reach if more_is_better else reach)),
        runs_needed=_needed(ratio, level, threshold, runs) if outcome == "undecided" else None,
    )


def _outcome(ratio: Ratio, adjusted_p: float, threshold: float, more_is_better: bool) -> Outcome:
    low, high = ratio.low or 0.0, ratio.high or 0.0
    if 1 - threshold <= low and high <= 1 + threshold:
        return "within"
    if adjusted_p >= SIGNIFICANCE or abs(ratio.value - 1) <= threshold:
        return "undecided"
    return "better" if (ratio.value > 1) == more_is_better else "worse"


def decide_bracket(ratio: Ratio, threshold: float) -> Outcome:
    """The answer for the rates of two searches: more is better.

    The ends are those that the tolerance of the bisection leaves, and know nothing of chance.
    """
    low, high = ratio.low or 0.0, ratio.high or 0.0
    if 1 - threshold <= low and high <= 1 + threshold:
        return "within"
    if low <= 1 <= high or abs(ratio.value - 1) <= threshold:
        return "undecided"
    return "better" if ratio.value > 1 else "worse"


def _needed(ratio: Ratio, level: float, threshold: float, runs: int) -> int | None:
    """If the difference and the spread are what they seem: runs on each side that would decide."""
    assert ratio.error is not None  # noqa: S101  # the caller has looked
    spread = ratio.error * (runs / 2) ** 0.5  # of a single run, as if both sides had so many
    difference = float(np.log(ratio.value))
    beyond = abs(ratio.value - 1) > threshold
    margin = min(np.log1p(threshold) - difference, difference - np.log1p(-threshold))
    counts = np.arange(max(MIN_RUNS, runs + 1), MOST_RUNS + 1)
    two_sided = level if beyond else 1 - CONFIDENCE
    reach = stats.t.isf(two_sided / 2, 2 * counts - 2) * spread * np.sqrt(2 / counts)
    enough = counts[reach < (abs(difference) if beyond else margin)]
    return int(enough[0]) if enough.size else None
