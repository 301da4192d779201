"""The searches for the highest rate that holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis.search import Attempt, Search, objective_text, searches
from crayfish_ctl.report.numbers import NOTHING, number

from .base import Figure, FigureTable, Json, Panel, axis, level, log_axis, upright

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.results import Results

_KINDS: Final = (
    ("probe held", False, True, "var(--good)", "circle"),
    ("probe did not hold", False, False, "var(--bad)", "x"),
    ("confirmation held", True, True, "var(--good)", "star"),
    ("confirmation did not hold", True, False, "var(--bad)", "star"),
)


def search(results: Results) -> Figure | None:
    """Every run of the searches: its rate, its percentile, and whether it held."""
    found = searches(results)
    panels = [panel for entry in found if (panel := _panel(entry)) is not None]
    if not panels:
        return None
    rows = [_row(entry, attempt) for entry in found for attempt in entry.attempts]
    return Figure(
        anchor="search",
        title="The highest rate that holds",
        caption="Each mark is a run, numbered in the order in which they were made. A rate holds "
        "if its run is VALID (nothing lost, the producer on time, no growing backlog) and the "
        "percentile is below the dashed line. The dotted line is the rate that was found: it "
        "held, and held again each time that it was confirmed (stars). A run without results "
        "is in the table alone.",
        panels=panels,
        columns=2,
        table=FigureTable(
            ("System", "Run", "Held", "Run number", "records/s", "Percentile, ms"), rows, texts=3
        ),
    )


def _panel(entry: Search) -> Panel | None:
    drawn = [attempt for attempt in entry.attempts if attempt.ms is not None]
    if not drawn:
        return None
    percentile = entry.objective.percentile.replace("_", ".") if entry.objective else "p99"
    data = [
        _marks([a for a in drawn if (a.confirms, a.held) == (confirms, held)], name, colour, symbol)
        for name, confirms, held, colour, symbol in _KINDS
    ]
    shapes: list[Json] = []
    values = [attempt.ms for attempt in drawn]
    if entry.objective is not None:
        shapes.append(level(entry.objective.objective_ms))
        values.append(entry.objective.objective_ms)
    if entry.found is not None:
        shapes.append(upright(entry.found, "var(--good)"))
    layout = {
        "xaxis": axis("offered records/s", tickformat=",.0f"),
        "yaxis": log_axis(f"{percentile} latency, ms", values),
        "shapes": shapes,
    }
    held = f"{number(entry.found)} records/s held" if entry.found else "no rate was confirmed"
    objective = objective_text(entry.objective) if entry.objective else "a VALID run"
    title = f"{entry.system}: {held}; objective: {objective}"
    return Panel(title, [trace for trace in data if trace["x"]], layout, height=400)


def _marks(attempts: Sequence[Attempt], name: str, colour: str, symbol: str) -> Json:
    by_rate: dict[float, list[int]] = {}
    for attempt in attempts:
        by_rate.setdefault(attempt.rate, []).append(attempt.number)
    numbers = [attempt.number for attempt in attempts]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": name,
        "x": [attempt.rate for attempt in attempts],
        "y": [attempt.ms for attempt in attempts],
        "text": [
            # Runs at one rate lie on each other: the first of them carries all numbers.
            ", ".join(map(str, same)) if (same := by_rate[a.rate])[0] == a.number else ""
            for a in attempts
        ],
        "customdata": numbers,
        "textposition": "middle right" if symbol == "star" else "top center",
        "textfont": {"color": "var(--muted)", "size": 10.5},
        "marker": {"color": colour, "symbol": symbol, "size": 11},
        "hovertemplate": "run %{customdata}: %{x:,.0f}/s, %{y:.3g} ms"
        "<extra>%{fullData.name}</extra>",
    }


def _row(entry: Search, attempt: Attempt) -> tuple[str, ...]:
    codes = " ".join(reason.code for reason in attempt.run.verdict.reasons)
    why = codes or ("" if attempt.ms is not None else attempt.run.verdict.state.value)
    over = not attempt.held and not why
    return (
        entry.system,
        attempt.run.run_id + (", confirmation" if attempt.confirms else ""),
        "yes" if attempt.held else f"no: {'above the objective' if over else why}",
        str(attempt.number),
        number(attempt.rate),
        NOTHING if attempt.ms is None else number(attempt.ms),
    )
