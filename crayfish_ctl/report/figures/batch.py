"""What a larger batch costs in latency, and what it brings in throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.report.view import colour

from .base import Figure, Json, Panel, estimates_line, log_axis, steps_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.report.view import CellView

_PERCENTILES = (("p50", "solid", "circle"), ("p99", "dash", "diamond"))


def by_batch(cells: Sequence[CellView]) -> Figure | None:
    """Latency and points/s against the batch size, if several were measured."""
    paced = _lines([cell for cell in cells if not cell.saturates and cell.shown])
    fast = _lines([cell for cell in cells if cell.saturates and cell.shown]) or paced
    names = list(dict.fromkeys([*paced, *fast]))
    panels = [
        panel
        for panel in (_latency(paced, names), _points(fast, names, saturated=fast is not paced))
        if panel is not None
    ]
    if not panels:
        return None
    return Figure(
        anchor="batch-size",
        title="Latency and throughput by batch size",
        caption="A record carries a whole batch, and one call of the model scores it. The latency "
        "is that of a record; points/s are records/s times the batch size, from the capacity "
        "where that was measured. Hollow marks: no VALID run.",
        panels=panels,
        columns=2,
    )


def _lines(cells: Sequence[CellView]) -> dict[str, list[CellView]]:
    rates = {cell.rate for cell in cells}
    groups: dict[str, list[CellView]] = {}
    for cell in sorted(cells, key=lambda cell: cell.cell.batch_size):
        workload = cell.cell.workload.removesuffix(f" x{cell.cell.batch_size}")
        name = f"{cell.series} @ {workload}" if len(rates) > 1 else cell.series
        groups.setdefault(name, []).append(cell)
    return {
        name: group
        for name, group in groups.items()
        if len({cell.cell.batch_size for cell in group}) > 1
    }


def _latency(lines: dict[str, list[CellView]], names: list[str]) -> Panel | None:
    data = [
        estimates_line(
            group,
            [cell.cell.batch_size for cell in group],
            [cell.value(f"latency_{percentile}_ms") for cell in group],
            name=f"{name} {percentile}",
            colour=colour(names.index(name)),
            hover="batch %{x}: %{y:.3g} ms",
            dash=dash,
            symbol=symbol,
        )
        for name, group in lines.items()
        for percentile, dash, symbol in _PERCENTILES
    ]
    return _panel("Latency", "latency, ms", data)


def _points(lines: dict[str, list[CellView]], names: list[str], *, saturated: bool) -> Panel | None:
    data = [
        estimates_line(
            group,
            [cell.cell.batch_size for cell in group],
            [_points_per_s(cell) for cell in group],
            name=name,
            colour=colour(names.index(name)),
            hover="batch %{x}: %{y:,.0f} points/s",
        )
        for name, group in lines.items()
    ]
    title = "Points scored, at capacity" if saturated else "Points scored, at the offered rate"
    return _panel(title, "points/s", data)


def _panel(title: str, unit: str, data: list[Json]) -> Panel | None:
    if not data:
        return None
    layout = {
        "xaxis": steps_axis(
            "points in a record (log)", sorted({size for line in data for size in line["x"]})
        ),
        "yaxis": log_axis(unit, [value for line in data for value in line["y"]]),
    }
    return Panel(title, data, layout, height=400)


def _points_per_s(cell: CellView) -> Estimate | None:
    if not cell.saturates:
        return cell.value("achieved_points_per_s")
    found = cell.value("capacity_records_per_s")
    return found and scaled(found, cell.cell.batch_size)


def scaled(found: Estimate, factor: float) -> Estimate:
    """The same runs in another unit."""
    return found.model_copy(
        update={
            "mean": found.mean * factor,
            "geometric_mean": found.geometric_mean and found.geometric_mean * factor,
            "median": found.median * factor,
            "low": None if found.low is None else found.low * factor,
            "high": None if found.high is None else found.high * factor,
            "values": tuple(value * factor for value in found.values),
        }
    )
