"""The figures of the report, each a function of what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Figure, Panel
from .breakdown import cpu, stages
from .over_time import backlog_over_time, latency_over_time, steps
from .rates import latency_by_rate, throughput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import Results

__all__ = ["Figure", "Panel", "all_figures"]


def all_figures(results: Results, cells: Sequence[CellView]) -> list[Figure]:
    """Every figure that has something to show."""
    figures = (
        latency_by_rate(cells),
        throughput(cells),
        stages(cells),
        latency_over_time(results, cells),
        backlog_over_time(results, cells),
        cpu(cells),
        steps(results),
    )
    return [figure for figure in figures if figure is not None]
