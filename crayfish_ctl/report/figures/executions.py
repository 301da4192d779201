"""How many calls a model server put into one execution of the model: not the mean, all sizes."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

from crayfish_ctl.report.numbers import NOTHING
from crayfish_ctl.results.numbers import BatchSizes

from .base import MAX_PANELS, Figure, Panel, axis, left_out, names_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView

_WORDS = {"requests": "calls"}
"""What the server's counts are called here: a request of the server is a call of its client."""


def executions_by_size(cells: Sequence[CellView]) -> Figure | None:
    """The share of the executions that had each size, where a server put anything together."""
    found = [
        (cell, sizes) for cell in cells if (sizes := sizes_of(cell)) is not None and sizes.together
    ]
    if not found:
        return None
    return Figure(
        anchor="executions-by-size",
        title="What the model server put together",
        caption="Each time that a server called the model: how many calls it had put together for "
        "that, as it counts them itself, from the first call of the measured records to the last "
        "answer, over all VALID runs of a cell. The last bar is the largest size that occurred; a "
        "bar at 1 is what found nobody to wait for. Few large ones and many of 1 have the same "
        "mean as all of a middle size, and are another server to wait for: a call waits for "
        "those that it shares its execution with."
        + left_out([cell for cell, _ in found], MAX_PANELS),
        panels=[_panel(cell, sizes) for cell, sizes in found[:MAX_PANELS]],
        columns=2,
    )


def sizes_of(cell: CellView) -> BatchSizes | None:
    """Of all runs shown; None if the server does not count it."""
    known = [run.server.batch_sizes for run in cell.shown if run.server]
    all_runs = [sizes for sizes in known if sizes is not None]
    if not all_runs:
        return None
    counts: Counter[int | None] = Counter()
    for sizes in all_runs:
        counts.update(dict(zip(sizes.bounds, sizes.counts, strict=True)))
    bounds = sorted(counts, key=lambda bound: (bound is None, bound))
    return BatchSizes(
        of=all_runs[0].of,
        bounds=tuple(bounds),
        counts=tuple(counts[bound] for bound in bounds),
    )


def sizes_text(sizes: BatchSizes | None) -> str:
    """`3; 8`: the median and the largest, as ranges where a bound stands for several sizes."""
    if sizes is None or not sizes.executions:
        return NOTHING
    ranges = _ranges(sizes)
    middle = (sizes.executions + 1) // 2
    median = next(i for i, count in enumerate(accumulate(sizes.counts)) if count >= middle)
    text = f"{ranges[median]}; {ranges[_largest(sizes)]}"
    return text if sizes.of in _WORDS else f"{text} {sizes.of}"


def _largest(sizes: BatchSizes) -> int:
    return max(place for place, count in enumerate(sizes.counts) if count)


def _ranges(sizes: BatchSizes) -> list[str]:
    """`1`, `2`, `3`, `4`, `5 to 6`, ..., `over 64`: what each bound stands for."""
    texts = []
    least = 1
    for bound in sizes.bounds:
        if bound is None:
            texts.append(f"over {least - 1}")
            continue
        texts.append(f"{bound}" if bound <= least else f"{least} to {bound}")
        least = bound + 1
    return texts


def _panel(cell: CellView, sizes: BatchSizes) -> Panel:
    what = _WORDS.get(sizes.of, sizes.of)
    last = _largest(sizes) + 1
    names, counts = _ranges(sizes)[:last], sizes.counts[:last]
    layout = {
        "xaxis": names_axis(names, title={"text": f"{what} an execution"}),
        "yaxis": axis("share of the executions", rangemode="tozero", tickformat=".0%"),
        "bargap": 0.25,
    }
    bars = {
        "type": "bar",
        "name": cell.label,
        "x": names,
        "y": [count / sizes.executions for count in counts],
        "marker": {"color": cell.colour},
        "showlegend": False,
        "hovertemplate": "%{x}: %{y:.1%}<extra></extra>",
    }
    return Panel(cell.label, [bars], layout, height=260)
