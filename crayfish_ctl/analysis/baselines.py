"""What is left of a scorer's speed in a pipeline, and of a pipeline's speed with a model in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .ratio import Ratio, ratio_between
from .repetition import key_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crayfish_ctl.cells import Cell

    from .repetition import CellSummary


@dataclass(frozen=True, slots=True)
class PipelineEfficiency:
    """The capacity of a cell relative to one of its bounds."""

    cell: Cell
    bound: Literal["raw", "noop"]
    """raw: the scorer in a loop, without a pipeline; noop: the pipeline without a model."""
    against: Cell
    ratio: Ratio
    """0.2: a fifth of the bound."""


def pipeline_efficiency(summaries: Sequence[CellSummary]) -> list[PipelineEfficiency]:
    """Each saturating cell with a pipeline against its bounds, as far as both have VALID runs.

    The raw bound has the same tool with its options, runtime, model and batch size. Of a model
    server it is the best that a bare client got out of it, in whichever runtime, with however many
    calls under way. The noop bound has everything the same but the tool and how it is called.
    """
    saturating = [summary for summary in summaries if summary.cell.aim.floods]
    raw = [summary for summary in saturating if not summary.cell.way.processor]
    pipelines = [summary for summary in saturating if summary.cell.way.processor]
    found: list[PipelineEfficiency] = []
    for summary in pipelines:
        scorer = _best(raw, _scorer(summary.cell), _scorer)
        pipeline = _first(
            (other for other in pipelines if other.cell.scores_nothing),
            _pipeline(summary.cell),
            _pipeline,
        )
        if scorer is not None:
            found += _against(summary, "raw", scorer)
        if pipeline is not None and not summary.cell.scores_nothing:
            found += _against(summary, "noop", pipeline)
    return found


def _scorer(cell: Cell) -> dict[str, Any]:
    own = {"tool", "tool_options", "model", "batch_size", "server", "tls"}
    return cell.model_dump(include=own if cell.calls_server else {*own, "runtime"})


def _pipeline(cell: Cell) -> dict[str, Any]:
    server = {"calls_server", "call", "server", "tls"}
    tool = {"tool", "tool_options", "scores_nothing", *server}
    return cell.model_dump(exclude={*tool, "title", "segment"})


def _first(summaries: Iterable[CellSummary], wanted: dict[str, Any], what: Any) -> Any:
    return next((other for other in summaries if what(other.cell) == wanted), None)


def _best(summaries: Sequence[CellSummary], wanted: dict[str, Any], what: Any) -> Any:
    """The one of the highest capacity."""
    found = [other for other in summaries if what(other.cell) == wanted]
    return max(found, key=_capacity, default=None)


def _capacity(summary: CellSummary) -> float:
    estimate = summary.estimates.get(key_metric(summary.cell))
    return estimate.centre if estimate else 0.0


def _against(
    summary: CellSummary, bound: Literal["raw", "noop"], other: CellSummary
) -> list[PipelineEfficiency]:
    metric = key_metric(summary.cell)
    ours, theirs = summary.estimates.get(metric), other.estimates.get(metric)
    ratio = ratio_between(ours, theirs) if ours and theirs else None
    return [] if ratio is None else [PipelineEfficiency(summary.cell, bound, other.cell, ratio)]
