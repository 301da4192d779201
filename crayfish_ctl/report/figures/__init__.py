"""The figures of the report, each a function of what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Figure, FigureTable, Panel
from .baselines import efficiency
from .batch import by_batch
from .breakdown import cpu, stages
from .bursts import bursts
from .calls import call_parts
from .cost import cost
from .distribution import latency_distribution
from .executions import executions_by_size
from .omission import omission
from .over_time import backlog_over_time, latency_over_time, steps
from .pairs import kafka_overhead, tls_overhead
from .rates import latency_by_rate, throughput
from .scaling import scaling
from .search import search
from .servers import embedded_or_external, server_curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import Results

__all__ = ["Figure", "FigureTable", "Panel", "all_figures"]


def all_figures(results: Results, cells: Sequence[CellView]) -> list[Figure]:
    """Every figure that has something to show: answers first, then what they are made of."""
    figures = (
        search(results),
        scaling(cells),
        by_batch(cells),
        bursts(results, cells),
        omission(results, cells),
        kafka_overhead(cells),
        tls_overhead(cells),
        embedded_or_external(cells),
        call_parts(cells),
        executions_by_size(cells),
        server_curve(cells),
        latency_by_rate(cells),
        throughput(cells),
        efficiency(cells),
        latency_distribution(results, cells),
        stages(cells),
        cost(cells),
        cpu(cells),
        latency_over_time(results, cells),
        backlog_over_time(results, cells),
        steps(results),
    )
    return [figure for figure in figures if figure is not None]
