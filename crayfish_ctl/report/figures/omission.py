"""Coordinated omission: the same records counted from when they were due, and from their send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.report.distribution import latency_curve
from crayfish_ctl.report.numbers import estimate_text, number

from .base import Figure, FigureTable, Panel, left_out
from .distribution import tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.report.view import CellView
    from crayfish_ctl.results import Results

_MAX_PANELS: Final = 4
_SAME: Final = 1.1
_NEGLIGIBLE_MS: Final = 1.0
_QUANTILES: Final = ("p50", "p99", "max")
_FROM_DUE: Final = ("from due", "var(--quantile-p99)", "solid")
_FROM_SENT: Final = ("from sent", "var(--quantile-p50)", "dash")


def omission(results: Results, cells: Sequence[CellView]) -> Figure | None:
    """Both latencies of the cells that had faults, or in which they differ."""
    shown = [cell for cell in cells if cell.shown and not cell.saturates and _worth_it(cell)]
    drawn = [c for c in shown if any(results.has_records(run.run_id) for run in c.shown)]
    panels = [panel for cell in drawn[:_MAX_PANELS] if (panel := _panel(results, cell))]
    if not panels:
        return None
    rows = [_row(cell, quantile) for cell in shown for quantile in _QUANTILES]
    return Figure(
        anchor="coordinated-omission",
        title="What counting from the send would hide",
        caption="While something stalls, records become due that cannot be sent, and each of them "
        "waits; counted from the send, as a load generator that waits for its turn counts, that "
        "wait does not exist. The distance between the two curves is what such a generator would "
        "have left out (coordinated omission); every other figure on this page counts from due."
        + left_out(drawn, _MAX_PANELS),
        panels=panels,
        columns=2,
        table=FigureTable(
            ("Cell", "Percentile", "From due, ms", "From sent, ms", "Hidden, ms"), rows, texts=2
        ),
    )


def _worth_it(cell: CellView) -> bool:
    if any(run.faults for run in cell.shown) and cell.value("send_latency_p99_ms"):
        return True
    due, sent = cell.value("latency_p99_ms"), cell.value("send_latency_p99_ms")
    if due is None or sent is None:
        return False
    return due.centre > _SAME * sent.centre and due.centre - sent.centre > _NEGLIGIBLE_MS


def _panel(results: Results, cell: CellView) -> Panel | None:
    due = latency_curve(results, cell.shown)
    sent = latency_curve(results, cell.shown, since="sent_ns")
    if due is None or sent is None:
        return None
    drawn = tail(
        [
            (_FROM_DUE[0], due, *_FROM_DUE[1:]),
            (_FROM_SENT[0], sent, *_FROM_SENT[1:]),
        ]
    )
    data = [{**trace, "showlegend": True, "legendgroup": trace["name"]} for trace in drawn.data]
    return Panel(cell.label, data, drawn.layout, height=380)


def _row(cell: CellView, quantile: str) -> tuple[str, ...]:
    due, sent = (cell.value(f"{kind}_{quantile}_ms") for kind in ("latency", "send_latency"))
    hidden = due.centre - sent.centre if due and sent else None
    return (cell.label, quantile, estimate_text(due), estimate_text(sent), number(hidden))
