"""What is left of the scorer's speed in the pipeline, and what Kafka's part of the cost is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.analysis import Ratio, pipeline_efficiency, ratio_between
from crayfish_ctl.report.numbers import estimate_text, interval_text, percent, ratio_text

from .base import (
    Figure,
    FigureTable,
    Json,
    Panel,
    interval,
    log_axis,
    mark,
    means,
    names_axis,
    rows_height,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.report.view import CellView

_CAPACITY: Final = "capacity_records_per_s"
_KINDS: Final = (
    ("pipeline", "var(--role-processor)", "circle"),
    ("noop in the pipeline", "var(--role-broker)", "diamond"),
    ("raw scorer", "var(--role-producer)", "square"),
)
_BOUNDS: Final = {"raw": "raw scorer", "noop": "noop in the pipeline"}
_PIPELINES: Final = (("kafka", "var(--role-broker)"), ("in-job", "var(--role-processor)"))
_LATENCIES: Final = (("p50", "circle"), ("p99", "diamond"))


def efficiency(cells: Sequence[CellView]) -> Figure | None:
    """The capacity of each pipeline beside its bounds: the raw scorer, and no model at all."""
    found = pipeline_efficiency([cell.summary for cell in cells])
    if not found:
        return None
    members = [entry.cell for entry in found] + [entry.against for entry in found]
    shown = [cell for cell in cells if cell.cell in members]
    shown.sort(key=lambda cell: (_kind(cell), -_mean(cell)))
    data = [_dots([cell for cell in shown if _kind(cell) == place], place) for place in range(3)]
    layout = {
        "xaxis": log_axis("records/s", [value for trace in data for value in trace["x"]]),
        "yaxis": names_axis([cell.label for cell in shown], autorange="reversed"),
    }
    rows = [
        (
            _label(cells, entry.cell),
            f"{_BOUNDS[entry.bound]}: {_label(cells, entry.against)}",
            percent(entry.ratio.value),
            interval_text(entry.ratio, percent),
        )
        for entry in found
    ]
    return Figure(
        anchor="efficiency",
        title="What is left of the scorer's speed",
        caption="Capacity of the pipeline, of the same pipeline with a scorer that answers without "
        "a model (noop), and of the scorer in a loop without a pipeline (raw). The share of raw is "
        "what the pipeline lets through; the share of noop is what the model leaves of it.",
        panels=[Panel("", data, layout, height=rows_height(len(shown)))],
        table=FigureTable(("Pipeline", "Bound", "Share", "95 % interval"), rows, texts=2),
    )


def _label(cells: Sequence[CellView], cell: Cell) -> str:
    return next(view.label for view in cells if view.cell == cell)


def _kind(cell: CellView) -> int:
    if not cell.cell.way.processor:
        return 2
    return int(cell.cell.scores_nothing)


def _mean(cell: CellView) -> float:
    found = cell.value(_CAPACITY)
    return found.centre if found else 0.0


def _dots(cells: Sequence[CellView], kind: int) -> Json:
    name, colour, symbol = _KINDS[kind]
    found = [cell.value(_CAPACITY) for cell in cells]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": means(found),
        "y": [cell.label for cell in cells],
        "error_x": {**interval(found), "color": colour},
        "marker": {
            "color": colour,
            "size": 11,
            "symbol": [mark(cell, symbol) for cell in cells],
        },
        "hovertemplate": "%{y}: %{x:,.0f} records/s<extra>%{fullData.name}</extra>",
    }


@dataclass(frozen=True, slots=True)
class Pair:
    """The same workload with Kafka, and with source and sink inside the job."""

    kafka: CellView
    in_job: CellView

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is compared."""
        return (_CAPACITY,) if self.kafka.saturates else ("latency_p50_ms", "latency_p99_ms")

    def overhead(self, metric: str) -> Ratio | None:
        """How many times as much latency, or as little capacity, Kafka makes of it."""
        ours, theirs = self.kafka.value(metric), self.in_job.value(metric)
        if ours is None or theirs is None:
            return None
        if metric == _CAPACITY:
            ours, theirs = theirs, ours
        return ratio_between(ours, theirs)


def pipeline_pairs(cells: Sequence[CellView]) -> list[Pair]:
    """Cells that differ in the pipeline alone."""
    in_job = [cell for cell in cells if cell.cell.way.in_job and cell.shown]
    return [
        Pair(cell, other)
        for cell in cells
        if cell.cell.way.broker and cell.shown
        for other in in_job
        if _same(cell) == _same(other)
    ]


def _same(cell: CellView) -> dict[str, Any]:
    without = dict.fromkeys(("pipeline", "title", "kafka", "kafka_protocol"), True)
    return cell.cell.model_dump(exclude={**without, "arrivals": {"seed"}})


def kafka_overhead(cells: Sequence[CellView]) -> Figure | None:
    """Latency and capacity with Kafka beside those without."""
    pairs = pipeline_pairs(cells)
    panels = [
        panel
        for panel in (
            _pair_panel("Latency", "ms", [p for p in pairs if not p.kafka.saturates]),
            _pair_panel("Capacity", "records/s", [p for p in pairs if p.kafka.saturates]),
        )
        if panel is not None
    ]
    if not panels:
        return None
    rows = [_pair_row(pair, metric) for pair in pairs for metric in pair.metrics]
    return Figure(
        anchor="kafka-overhead",
        title="With Kafka, and with source and sink inside the job",
        caption="The same workload twice. In the job the records are made and taken by operators "
        "of the processor itself, so what is missing is the broker and both of its clients. The "
        "overhead says how many times as long a record takes with Kafka, or how many times as "
        "much would be carried without.",
        panels=panels,
        columns=len(panels),
        table=FigureTable(
            ("Workload", "Value", "kafka", "in-job", "Overhead", "95 % interval"), rows, texts=2
        ),
    )


def _pair_panel(title: str, unit: str, pairs: Sequence[Pair]) -> Panel | None:
    if not pairs:
        return None
    data: list[Json] = []
    for name, colour in _PIPELINES:
        for place, metric in enumerate(pairs[0].metrics):
            members = [pair.kafka if name == "kafka" else pair.in_job for pair in pairs]
            quantile, symbol = _LATENCIES[place] if len(pairs[0].metrics) > 1 else ("", "circle")
            found = [cell.value(metric) for cell in members]
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": f"{name} {quantile}".strip(),
                    "orientation": "h",
                    "offsetgroup": name,
                    "y": [pair.kafka.label for pair in pairs],
                    "x": means(found),
                    "error_x": {**interval(found), "color": colour},
                    "marker": {
                        "color": colour,
                        "size": 10,
                        "symbol": [mark(cell, symbol) for cell in members],
                    },
                    "hovertemplate": f"%{{y}}: %{{x:,.3~g}} {unit}"
                    "<extra>%{fullData.name}</extra>",
                }
            )
    names = [pair.kafka.label for pair in pairs]
    layout = {
        "xaxis": log_axis(unit, [value for trace in data for value in trace["x"]]),
        "yaxis": names_axis(names, autorange="reversed"),
        "scattermode": "group",
    }
    return Panel(title, data, layout, height=rows_height(len(names), each=64))


def _pair_row(pair: Pair, metric: str) -> tuple[str, ...]:
    values = [cell.value(metric) for cell in (pair.kafka, pair.in_job)]
    ratio = pair.overhead(metric)
    what = "capacity, records/s" if metric == _CAPACITY else f"{metric.split('_')[1]}, ms"
    return (
        pair.kafka.label,
        what,
        *(estimate_text(value) for value in values),
        ratio_text(ratio),
        interval_text(ratio),
    )
