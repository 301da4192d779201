"""The same workload twice, and how many times as much the dearer way of the two costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crayfish_ctl.analysis import Ratio, ratio_between
from crayfish_ctl.report.numbers import estimate_text, interval_text, ratio_text

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
    from collections.abc import Callable, Sequence

    from crayfish_ctl.cells import Cell
    from crayfish_ctl.report.view import CellView

_CAPACITY: Final = "capacity_records_per_s"
_COLOURS: Final = ("var(--role-broker)", "var(--role-processor)")
_LATENCIES: Final = (("p50", "circle"), ("p99", "diamond"))


@dataclass(frozen=True, slots=True)
class Pair:
    """The same workload with something, and without it."""

    dear: CellView
    cheap: CellView

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is compared."""
        return (_CAPACITY,) if self.dear.saturates else ("latency_p50_ms", "latency_p99_ms")

    def overhead(self, metric: str) -> Ratio | None:
        """How many times as much latency, or as little capacity, it makes of it."""
        ours, theirs = self.dear.value(metric), self.cheap.value(metric)
        if ours is None or theirs is None:
            return None
        if metric == _CAPACITY:
            ours, theirs = theirs, ours
        return ratio_between(ours, theirs)


def pipeline_pairs(cells: Sequence[CellView]) -> list[Pair]:
    """With Kafka and without: cells that differ in the pipeline alone."""
    return _pairs(
        cells,
        lambda cell: cell.way.broker,
        lambda cell: cell.way.in_job,
        ("pipeline", "kafka", "kafka_protocol"),
    )


def encryption_pairs(cells: Sequence[CellView]) -> list[Pair]:
    """With TLS and without: cells that differ in how their own Kafka is reached alone."""
    return _pairs(
        cells,
        lambda cell: cell.encrypted,
        lambda cell: cell.way.broker and not cell.encrypted,
        ("kafka_protocol",),
    )


def _pairs(
    cells: Sequence[CellView],
    dear: Callable[[Cell], bool],
    cheap: Callable[[Cell], bool],
    apart: Sequence[str],
) -> list[Pair]:
    without: dict[str, Any] = dict.fromkeys((*apart, "title"), True)

    def same(cell: CellView) -> dict[str, Any]:
        return cell.cell.model_dump(exclude={**without, "arrivals": {"seed"}})

    others = [cell for cell in cells if cheap(cell.cell) and cell.shown]
    return [
        Pair(cell, other)
        for cell in cells
        if dear(cell.cell) and cell.shown
        for other in others
        if same(cell) == same(other)
    ]


def kafka_overhead(cells: Sequence[CellView]) -> Figure | None:
    """Latency and capacity with Kafka beside those without."""
    return _figure(
        pipeline_pairs(cells),
        ("kafka", "in-job"),
        anchor="kafka-overhead",
        title="With Kafka, and with source and sink inside the job",
        caption="The same workload twice. In the job the records are made and taken by operators "
        "of the processor itself, so what is missing is the broker and both of its clients. The "
        "overhead says how many times as long a record takes with Kafka, or how many times as "
        "much would be carried without.",
    )


def tls_overhead(cells: Sequence[CellView]) -> Figure | None:
    """Latency and capacity with Kafka over TLS beside those in the clear."""
    return _figure(
        encryption_pairs(cells),
        ("TLS", "plaintext"),
        anchor="tls-overhead",
        title="Kafka over TLS, and in the clear",
        caption="The same workload twice, through the same broker. With TLS every record is "
        "encrypted and decrypted four times: from the producer to the broker, from there to the "
        "processor, back, and to the consumer. The overhead says how many times as long a record "
        "takes with TLS, or how many times as much would be carried without.",
    )


def _figure(
    pairs: Sequence[Pair], names: tuple[str, str], *, anchor: str, title: str, caption: str
) -> Figure | None:
    panels = [
        panel
        for panel in (
            _panel("Latency", "ms", [p for p in pairs if not p.dear.saturates], names),
            _panel("Capacity", "records/s", [p for p in pairs if p.dear.saturates], names),
        )
        if panel is not None
    ]
    if not panels:
        return None
    rows = [_row(pair, metric) for pair in pairs for metric in pair.metrics]
    return Figure(
        anchor=anchor,
        title=title,
        caption=caption,
        panels=panels,
        columns=len(panels),
        table=FigureTable(
            ("Workload", "Value", *names, "Overhead", "95 % interval"), rows, texts=2
        ),
    )


def _panel(title: str, unit: str, pairs: Sequence[Pair], ways: tuple[str, str]) -> Panel | None:
    if not pairs:
        return None
    data: list[Json] = []
    sides = ([pair.dear for pair in pairs], [pair.cheap for pair in pairs])
    labels = [pair.dear.label for pair in pairs]
    for name, colour, members in zip(ways, _COLOURS, sides, strict=True):
        for place, metric in enumerate(pairs[0].metrics):
            quantile, symbol = _LATENCIES[place] if len(pairs[0].metrics) > 1 else ("", "circle")
            found = [cell.value(metric) for cell in members]
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": f"{name} {quantile}".strip(),
                    "orientation": "h",
                    "offsetgroup": name,
                    "y": labels,
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
    layout = {
        "xaxis": log_axis(unit, [value for trace in data for value in trace["x"]]),
        "yaxis": names_axis(labels, autorange="reversed"),
        "scattermode": "group",
    }
    return Panel(title, data, layout, height=rows_height(len(labels), each=64))


def _row(pair: Pair, metric: str) -> tuple[str, ...]:
    values = [cell.value(metric) for cell in (pair.dear, pair.cheap)]
    ratio = pair.overhead(metric)
    what = "capacity, records/s" if metric == _CAPACITY else f"{metric.split('_')[1]}, ms"
    return (
        pair.dear.label,
        what,
        *(estimate_text(value) for value in values),
        ratio_text(ratio),
        interval_text(ratio),
    )
