"""Two or more experiments, cell by cell: what has become better or worse, and by how much.

Each comparison is Welch's t test on the logarithms of the runs' values (`ratio`), all of one call
are adjusted together after Holm, because among many tests some come out small by themselves, and
what follows from one is in `decision`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .comparison import ComparedResults, Comparison, Unmatched, more_is_better
from .decision import Decision, decide, decide_bracket
from .differences import differences
from .estimate import estimate
from .identity import cells_of, searches_of
from .metrics import METRICS, key_metrics
from .options import recorded_defaults
from .ratio import Ratio, holm, ratio_across
from .search import SUSTAINABLE, objective_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crayfish_ctl.results import Results

    from .repetition import CellSummary
    from .search import Search

THRESHOLD: Final = 0.05


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
        metrics: of `METRICS`, for every cell that has them, or `SUSTAINABLE`; otherwise what a cell
            is run for.
        threshold: a difference up to this does not matter; 0.05 is 5 %.

    Raises:
        CrayfishError: for an unknown metric, or if a folder has two cells of one identity.
    """
    for metric in metrics:
        if metric not in METRICS and metric != SUSTAINABLE:
            raise CrayfishError(
                f"--metric {metric}: there is none of that name",
                hint=f"it is one of {', '.join([*METRICS, SUSTAINABLE])}",
            )
    found: list[Comparison] = []
    unmatched: list[Unmatched] = []
    warnings: list[tuple[int, str]] = []
    for number, other in enumerate(others):
        ours, theirs = recorded_defaults(base.manifest), recorded_defaults(other.manifest)
        before = cells_of(base, ours.or_those_of(theirs))
        looked_for = searches_of(base, ours.or_those_of(theirs))
        warnings += [(number, text) for text in differences(base.manifest, other.manifest)]
        after = cells_of(other, theirs.or_those_of(ours))
        looking = searches_of(other, theirs.or_those_of(ours))
        for identity, summary in before.items():
            match = after.get(identity)
            missing = _missing(number, summary, match)
            if missing is not None:
                unmatched.append(missing)
            elif match is not None:
                found += _cell(number, summary, match, metrics)
                unmatched += _one_sided(number, summary, match, metrics)
        searched = [
            _search(number, search, looking.get(identity), threshold)
            for identity, search in looked_for.items()
            if not metrics or SUSTAINABLE in metrics
        ]
        found += [result for result in searched if isinstance(result, Comparison)]
        unmatched += [result for result in searched if isinstance(result, Unmatched)]
        unmatched += _only_there(number, before, after) + _only_there(number, looked_for, looking)
    return ComparedResults(
        base=base.path.name,
        others=tuple(other.path.name for other in others),
        comparisons=tuple(_judged(found, threshold)),
        unmatched=tuple(unmatched),
        warnings=tuple(warnings),
        threshold=threshold,
    )


def _only_there(
    number: int,
    before: Mapping[str, CellSummary | Search],
    after: Mapping[str, CellSummary | Search],
) -> list[Unmatched]:
    return [
        Unmatched(number, found.cell, "not in the base")
        for identity, found in after.items()
        if identity not in before
    ]


def _missing(number: int, base: CellSummary, other: CellSummary | None) -> Unmatched | None:
    """Why there is nothing to compare, and what that says; None if there is."""
    if other is None:
        return Unmatched(number, base.cell, "only in the base")
    if base.not_carried and other.not_carried:
        return Unmatched(number, base.cell, "sustained in neither")
    empty = [name for name, side in (("base", base), ("other", other)) if not side.valid]
    if other.not_carried and base.valid:
        return Unmatched(number, base.cell, f"not sustained in the other ({_runs(other)})", "worse")
    if base.not_carried and other.valid:
        return Unmatched(number, base.cell, f"not sustained in the base ({_runs(base)})", "better")
    if not empty:
        return None
    why = f"no VALID run in the {' and the '.join(empty)}"
    return Unmatched(number, base.cell, why, "undecided")


def _runs(summary: CellSummary) -> str:
    return f"not carried in {summary.not_carried} of {summary.runs} runs"


def _cell(
    number: int, base: CellSummary, other: CellSummary, metrics: Sequence[str]
) -> list[Comparison]:
    chosen = metrics or key_metrics(base.cell.goal)
    both = [m for m in chosen if m in base.estimates and m in other.estimates]
    return [
        Comparison(
            other=number,
            cell=base.cell,
            metric=metric,
            base=base.estimates[metric],
            ours=other.estimates[metric],
            ratio=ratio_across(other.estimates[metric], base.estimates[metric]),
        )
        for metric in both
    ]


def _one_sided(
    number: int, base: CellSummary, other: CellSummary, metrics: Sequence[str]
) -> list[Unmatched]:
    """A value that one side has not: too few records for a percentile, or never recovered."""
    chosen = metrics or key_metrics(base.cell.goal)
    return [
        Unmatched(number, base.cell, f"{metric} only in the {side}", "undecided")
        for metric in chosen
        for side, here, there in (("base", base, other), ("other", other, base))
        if metric in here.estimates and metric not in there.estimates
    ]


def _search(
    number: int, base: Search, other: Search | None, threshold: float
) -> Comparison | Unmatched:
    """The rates of two searches: one value on each side, and how far it is open upwards."""
    # No rate in its name: that is what was looked for.
    text = objective_text(base.objective) if base.objective else "a VALID run"
    cell = base.cell.model_copy(update={"title": f"search for {text}"})
    if other is None:
        return Unmatched(number, cell, "only in the base")
    if base.found and other.found and base.ceiling and other.ceiling:
        ratio = Ratio(
            other.found / base.found,
            low=other.found / base.ceiling,
            high=other.ceiling / base.found,
        )
        before, ours = estimate([base.found]), estimate([other.found])
        assert before is not None  # noqa: S101  # of a value there is an estimate
        assert ours is not None  # noqa: S101
        outcome = decide_bracket(ratio, threshold)
        return Comparison(number, cell, SUSTAINABLE, before, ours, ratio, Decision(outcome))
    if base.found and other.exhausted:
        return Unmatched(number, cell, "the other's search found no rate that holds", "worse")
    if other.found and base.exhausted:
        return Unmatched(number, cell, "the base's search found no rate that holds", "better")
    if base.exhausted and other.exhausted:
        return Unmatched(number, cell, "neither search found a rate that holds")
    return Unmatched(number, cell, "a search did not come to its end", "undecided")


def _judged(comparisons: list[Comparison], threshold: float) -> list[Comparison]:
    """With p values adjusted over all of them, and what follows from that."""
    tests = {
        place: found.ratio.p_value
        for place, found in enumerate(comparisons)
        if found.ratio is not None and found.ratio.p_value is not None
    }
    adjusted = dict(zip(tests, holm(list(tests.values())), strict=True))
    return [
        found
        if found.metric == SUSTAINABLE
        else replace(
            found,
            adjusted_p=adjusted.get(place),
            decision=_decision(found, adjusted.get(place), threshold),
        )
        for place, found in enumerate(comparisons)
    ]


def _decision(found: Comparison, adjusted_p: float | None, threshold: float) -> Decision:
    values = {*found.base.values, *found.ours.values}
    if found.ratio is None and values == {0.0}:  # no ratio, but nothing differs either
        return Decision("within", visible=0.0)
    return decide(
        found.ratio,
        adjusted_p,
        threshold,
        more_is_better=more_is_better(found.metric),
        runs=min(found.base.n, found.ours.n),
    )
