"""What the latency is made of, and what the components used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis.estimate import estimate
from crayfish_ctl.results import STAGES

from .base import Figure, Json, Key, Panel, axis, interval, means, names_axis, rows_height

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis import Estimate
    from crayfish_ctl.report.view import CellView

_PIPELINE: Final = ("producer", "broker", "processor", "server", "consumer", "monitoring", "idle")
STAGE_NAMES: Final = {
    "schedule": "schedule (producer)",
    "input": "input (broker, queue)",
    "wait": "wait (for a call)",
    "score": "score (model, or call of its server)",
    "output": "output (broker, consumer)",
}


def stages(cells: Sequence[CellView]) -> Figure | None:
    """The stages' p50 and p99, side by side."""
    found = [cell for cell in cells if not cell.saturates and any(r.stages_ms for r in cell.shown)]
    shown = [cell for cell in found if cell.trusted] or found
    if not shown:
        return None
    return Figure(
        anchor="stages",
        title="What the latency is made of",
        caption="Each stage's own percentile, one after the other. The stages of one record add up "
        "to its latency; their percentiles do not quite. Only cells with VALID runs, if there are "
        "any. A bar has the 95 % interval over runs; a cell with fewer than three runs has none, "
        "and is drawn as lines.",
        panels=[_stage_panel(shown, quantile) for quantile in ("p50", "p99")],
        legend=[Key(STAGE_NAMES[stage], f"var(--stage-{stage})") for stage in STAGES],
        columns=2,
    )


def _stage_panel(cells: Sequence[CellView], quantile: str) -> Panel:
    data: list[Json] = []
    starts = dict.fromkeys((cell.label for cell in cells), 0.0)
    for stage in STAGES:
        found = {cell.label: cell.value(f"{stage}_{quantile}_ms") for cell in cells}
        colour = f"var(--stage-{stage})"
        bars = [cell.label for cell in cells if cell.repeated and found[cell.label]]
        data.append(_stage_bars(bars, starts, found, stage, colour))
        data += [
            _stage_line(cell.label, starts[cell.label], value.centre, stage, colour)
            for cell in cells
            if not cell.repeated and (value := found[cell.label])
        ]
        for label, value in found.items():
            starts[label] += value.centre if value else 0.0
    layout = {
        "barmode": "overlay",
        "bargap": 0.35,
        "xaxis": axis(f"{quantile}, ms", rangemode="tozero"),
        "yaxis": names_axis([cell.label for cell in reversed(cells)]),
    }
    return Panel(f"{quantile} of each stage", data, layout, height=rows_height(len(cells)))


def _stage_bars(
    labels: list[str],
    starts: dict[str, float],
    found: dict[str, Estimate | None],
    stage: str,
    colour: str,
) -> Json:
    return {
        "type": "bar",
        "orientation": "h",
        "name": STAGE_NAMES[stage],
        "y": labels,
        "x": means([found[label] for label in labels]),
        "base": [starts[label] for label in labels],
        "error_x": {**interval([found[label] for label in labels]), "color": "var(--ink-soft)"},
        "marker": {"color": colour},
        "showlegend": False,
        "hovertemplate": "%{y}: %{x:.3g} ms<extra>%{fullData.name}</extra>",
    }


def _stage_line(label: str, start: float, length: float, stage: str, colour: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": STAGE_NAMES[stage],
        "y": [label, label],
        "x": [start, start + length],
        "line": {"color": colour, "width": 3},
        "marker": {"color": colour, "size": 8, "symbol": ["line-ns", "circle-open"]},
        "showlegend": False,
        "hovertemplate": f"{label}: {length:.3g} ms<extra>%{{fullData.name}}</extra>",
    }


def cpu(cells: Sequence[CellView]) -> Figure | None:
    """Mean cores of each component over the measured window, with its limit."""
    shown = [cell for cell in cells if any(run.components for run in cell.shown)]
    names = _busiest_first(shown)
    if not names:
        return None
    data: list[Json] = []
    for position, (role, name) in enumerate(names):
        before = sum(other == role for other, _ in names[:position])
        data += _component_traces(shown, role, name, opacity=max(1 - 0.45 * before, 0.3))
    layout = {
        "barmode": "group",
        "scattermode": "group",
        "bargap": 0.3,
        "yaxis": axis("mean cores", rangemode="tozero"),
        "xaxis": names_axis([cell.label for cell in shown]),
    }
    return Figure(
        anchor="cpu",
        title="CPU by component",
        caption="Mean cores over the measured window (while saturating: until the last result). "
        "The short line above is the container's limit. Bars have the 95 % interval over runs; a "
        "single run is a hollow mark.",
        panels=[Panel("", data, layout, height=400)],
    )


def _busiest_first(cells: Sequence[CellView]) -> list[tuple[str, str]]:
    """(role, name) of the components, along the pipeline; of one role, the busiest first."""
    most: dict[tuple[str, str], float] = {}
    for part in (part for cell in cells for run in cell.shown for part in run.components):
        if part.mean_cores is not None:
            # One that a newer version has added is drawn beside what is measured.
            key = part.role if part.role in _PIPELINE else "monitoring", part.name
            most[key] = max(most.get(key, 0.0), part.mean_cores)
    return sorted(most, key=lambda key: (_PIPELINE.index(key[0]), -most[key]))


def _component_traces(
    cells: Sequence[CellView], role: str, name: str, *, opacity: float
) -> list[Json]:
    used = {cell.label: _cores(cell, name) for cell in cells}
    colour = f"var(--role-{role})"
    bars = [cell.label for cell in cells if cell.repeated and used[cell.label]]
    single = [cell.label for cell in cells if not cell.repeated and used[cell.label]]
    limits = [(cell.label, limit) for cell in cells if (limit := _limit(cell, name)) is not None]
    common = {"name": name, "offsetgroup": name, "legendgroup": name}
    hover = f"%{{x}}: %{{y:.2f}} cores<extra>{name}</extra>"
    return [
        {
            **common,
            "type": "bar",
            "x": bars,
            "y": means([used[label] for label in bars]),
            "error_y": {**interval([used[label] for label in bars]), "color": "var(--ink-soft)"},
            "marker": {"color": colour, "opacity": opacity},
            "hovertemplate": hover,
        },
        {
            **common,
            "type": "scatter",
            "mode": "markers",
            "x": single,
            "y": means([used[label] for label in single]),
            "marker": {"color": colour, "size": 10, "symbol": "circle-open"},
            "showlegend": not bars,
            "hovertemplate": hover,
        },
        {
            **common,
            "type": "scatter",
            "mode": "markers",
            "x": [label for label, _ in limits],
            "y": [limit for _, limit in limits],
            "marker": {
                "symbol": "line-ew",
                "size": 14,
                "line": {"color": colour, "width": 2},
            },
            "showlegend": False,
            "hovertemplate": f"%{{x}}: limit %{{y:.2f}} cores<extra>{name}</extra>",
        },
    ]


def _cores(cell: CellView, name: str) -> Estimate | None:
    return estimate(
        part.mean_cores
        for run in cell.shown
        for part in run.components
        if part.name == name and part.mean_cores is not None
    )


def _limit(cell: CellView, name: str) -> float | None:
    limits = [
        part.cpu_limit_cores for run in cell.shown for part in run.components if part.name == name
    ]
    return limits[0] if limits else None
