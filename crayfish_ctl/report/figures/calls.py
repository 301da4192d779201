"""A call of a model server, taken apart: where its time goes, and what the server made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis.estimate import estimate
from crayfish_ctl.report.numbers import estimate_text

from .base import Figure, FigureTable, Json, Key, Panel, axis, names_axis, rows_height
from .executions import sizes_of, sizes_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import RunResult

_NAMES: Final = {
    "wait": "waits for its call",
    "way": "client, network, and what the server does not count",
    "server": "the rest of the server",
    "queue": "the server's queue",
    "model": "its model",
}
"""Parts of a call, in their order."""
_COLOURS: Final = {
    part: f"var(--series-{number})" for part, number in zip(_NAMES, (1, 0, 4, 2, 3), strict=True)
}


def call_parts(cells: Sequence[CellView]) -> Figure | None:
    """Mean milliseconds of each part of a call, stacked, and the batches that the server made."""
    shown = [cell for cell in cells if cell.cell.calls_server and any(map(parts_ms, cell.shown))]
    if not shown:
        return None
    means = {cell.label: _means(cell) for cell in shown}
    data: list[Json] = []
    for part, name in _NAMES.items():
        with_it = [label for label, found in means.items() if found.get(part)]
        if with_it:
            data.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": name,
                    "y": with_it,
                    "x": [means[label][part] for label in with_it],
                    "base": [_before(means[label], part) for label in with_it],
                    "marker": {"color": _COLOURS[part]},
                    "showlegend": False,
                    "hovertemplate": "%{y}: %{x:.3g} ms<extra>%{fullData.name}</extra>",
                }
            )
    layout = {
        "barmode": "overlay",
        "bargap": 0.35,
        "xaxis": axis("mean, ms", rangemode="tozero"),
        "yaxis": names_axis([cell.label for cell in reversed(shown)]),
    }
    return Figure(
        anchor="call-parts",
        title="What a call of the model server is made of",
        caption="Means, from the moment when the processor has a record until it has the "
        "prediction. Waits for its call: for a free place among the calls under way, or for the "
        "other records of its batch. What the server's queue and its model take, and all that a "
        "request is in the server, it counts itself, as scraped while records are measured; "
        "the rest of the call is the client's (which writes the request and reads the answer), the "
        "network's, and of the server what it has no counter for: one that counts no times is all "
        "in there. Calls and points of an execution are means: what it answered divided by how "
        "often it called the model. Beside them the size that half of the executions had at most, "
        "and the largest that occurred; a range is as fine as the server counts (a dash: it does "
        "not count that).",
        panels=[Panel("", data, layout, height=rows_height(len(shown)))],
        legend=[
            Key(name, _COLOURS[part])
            for part, name in _NAMES.items()
            if any(found.get(part) for found in means.values())
        ],
        table=FigureTable(
            (
                "Cell",
                "Waits, ms",
                "Call, ms",
                "In the server, ms",
                "Queue, ms",
                "Model, ms",
                "Points a call",
                "Calls an execution",
                "Median; largest",
                "Points an execution",
            ),
            [_row(cell) for cell in shown],
        ),
    )


def parts_ms(run: RunResult) -> dict[str, float]:
    """The mean of each part of a run's calls; those that nobody knows are in `way`.

    A part is never below 0: the server's counts are read once a second, the processor's times are
    those of each measured record, so a difference of the two may be.
    """
    call = _call_ms(run)
    if call is None:
        return {}
    wait = run.stages_ms["wait"].mean if "wait" in run.stages_ms else 0.0
    server = run.server
    queue = (server.queue_ms if server else None) or 0.0
    model = (server.compute_ms if server else None) or 0.0
    total = (server.total_ms if server else None) or queue + model
    return {
        "wait": wait,
        "way": max(0.0, call - max(total, queue + model)),
        "server": max(0.0, total - queue - model),
        "queue": queue,
        "model": model,
    }


def _call_ms(run: RunResult) -> float | None:
    """From the call to the answer; a bare client has no stages."""
    if "score" in run.stages_ms:
        return run.stages_ms["score"].mean
    return run.service_ms.mean if run.service_ms else None


def _means(cell: CellView) -> dict[str, float]:
    known = [found for run in cell.shown if (found := parts_ms(run))]
    return {part: sum(found[part] for found in known) / len(known) for part in _NAMES}


def _before(found: dict[str, float], part: str) -> float:
    names = list(_NAMES)
    return sum(found[each] for each in names[: names.index(part)])


def _row(cell: CellView) -> tuple[str, ...]:
    calls = cell.value("server_requests_per_execution")
    return (
        cell.label,
        estimate_text(
            estimate(run.stages_ms["wait"].mean for run in cell.shown if "wait" in run.stages_ms)
        ),
        estimate_text(estimate(ms for run in cell.shown if (ms := _call_ms(run)) is not None)),
        estimate_text(cell.value("server_total_ms")),
        estimate_text(cell.value("server_queue_ms")),
        estimate_text(cell.value("server_compute_ms")),
        _points_a_call(cell),
        estimate_text(calls),
        sizes_text(sizes_of(cell)),
        estimate_text(_times(calls, cell)),
    )


def _points_a_call(cell: CellView) -> str:
    """Known, unless a call takes what lies ready."""
    one = cell.cell
    if one.call.mode != "batched":
        return f"{one.batch_size}"
    return f"up to {one.batch_size * one.call.records}"


def _times(calls: Estimate | None, cell: CellView) -> Estimate | None:
    """Points: calls of a known size, each with as many points."""
    if calls is None or cell.cell.call.mode == "batched":
        return None
    return estimate(
        run.server.requests_per_execution * cell.cell.batch_size
        for run in cell.shown
        if run.server and run.server.requests_per_execution is not None
    )
