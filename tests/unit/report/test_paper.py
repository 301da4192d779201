"""The figures for print hold what the panels say, as text and at its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from matplotlib.colors import to_rgb

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.report.figures.base import Panel, band, level, upright
from crayfish_ctl.report.paper import write_figures
from crayfish_ctl.report.paper.draw import MM, draw
from crayfish_ctl.report.paper.theme import colour
from crayfish_ctl.report.paper.traces import offsets
from crayfish_ctl.results import load_results
from tests.unit.report.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.report.figures import Figure

_TEXT = "{http://www.w3.org/2000/svg}text"


def line(**more: Any) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "a line",
        "x": [1, 10, 100],
        "y": [2.0, None, 4.0],
        "line": {"color": "var(--series-1)", "dash": "dash", "width": 2},
        "marker": {"color": "#2a6fb8", "size": 9, "symbol": ["circle", "circle", "circle-open"]},
    } | more


def axes_of(*data: dict[str, Any], **layout: Any) -> Any:
    (axes,) = draw([Panel("A panel", list(data), layout)], [], 1, 85.0).axes
    return axes


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_figure_of_every_experiment_can_be_printed(
    drawn: dict[str, dict[str, Figure]], experiment: str
) -> None:
    for figure in drawn[experiment].values():
        for width in (85.0, 180.0):
            canvas = draw(figure.panels, figure.legend, figure.columns, width)
            canvas.draw_without_rendering()
            assert len([axes for axes in canvas.axes if axes.axison]) == len(figure.panels)
            assert canvas.get_figwidth() == pytest.approx(width * MM)


def test_a_line_has_its_points_dashes_and_marks() -> None:
    axes = axes_of(line(), xaxis={"type": "log", "range": [0, 2]})
    drawn, *marks = axes.get_lines()

    assert list(drawn.get_xdata()) == [1, 10, 100]
    assert drawn.get_linestyle() == "--"
    assert to_rgb(drawn.get_color()) == to_rgb("#2a6fb8")
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [False, False, True]
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == pytest.approx((1, 100))


def test_names_lie_in_their_order_and_groups_beside_each_other() -> None:
    def dots(group: str) -> dict[str, Any]:
        dot = line(mode="markers", orientation="h", offsetgroup=group, x=[5, 7], y=["one", "two"])
        return dot | {"marker": {"color": "#2a6fb8", "size": 9}}

    data = [dots("a"), dots("b")]
    layout = {"scattermode": "group", "yaxis": {"autorange": "reversed"}}
    axes = axes_of(*data, **layout)

    assert offsets(data, layout) == pytest.approx({"a": -0.175, "b": 0.175})
    heights = [mark.get_ydata()[0] for mark in axes.get_lines()]
    assert heights == pytest.approx([-0.175, 0.825, 0.175, 1.175])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["one", "two"]
    assert axes.get_ylim() == (1.5, -0.5)


def test_bars_stand_on_their_base_with_their_interval() -> None:
    bar = {
        "type": "bar",
        "orientation": "h",
        "name": "score",
        "y": ["cell"],
        "x": [2.0],
        "base": [3.0],
        "error_x": {"array": [0.5], "arrayminus": [0.4], "thickness": 1.4, "color": "#4b5260"},
        "marker": {"color": "#d9532c"},
    }
    axes = axes_of(bar)
    (patch,) = axes.patches
    (interval,) = axes.collections

    assert (patch.get_x(), patch.get_width()) == (3.0, 2.0)
    assert interval.get_segments()[0][:, 0].tolist() == pytest.approx([4.6, 5.5])


def test_shapes_are_spans_and_lines() -> None:
    axes = axes_of(line(), shapes=[band(2, 5), upright(7), level(3)])
    (span,) = axes.patches
    vertical, horizontal = axes.get_lines()[-2:]

    assert (span.get_x(), span.get_width()) == (2, 3)
    assert (vertical.get_xdata()[0], horizontal.get_ydata()[0]) == (7, 3)


def test_colours_are_those_of_the_light_page() -> None:
    assert colour("var(--series-0)")[:3] == pytest.approx(to_rgb("#c23b22"))
    assert colour("var(--stage-score)") == colour("var(--role-processor)")
    assert colour("var(--burst)")[3] == 0.16
    with pytest.raises(ValueError, match="not a colour"):
        colour("red")


def test_text_remains_text(folders: dict[str, Path]) -> None:
    (svg, pdf) = write_figures(load_results(folders["scalability"]), only=["scaling"])

    assert (svg.name, pdf.name) == ("scaling.svg", "scaling.pdf")
    tree = ET.parse(svg).getroot()  # noqa: S314  # written a moment ago
    texts = {element.text for element in tree.iter(_TEXT)}
    assert {"scorers (log)", "flink python onnx · N-N-N"} <= texts
    assert float((tree.get("width") or "").removesuffix("pt")) == pytest.approx(
        85 * 72 / 25.4, 0.01
    )
    content = pdf.read_bytes()
    assert b"/FontFile2" in content  # TrueType, in the file
    assert not re.search(rb"/Subtype\s*/Type3", content)


def test_the_same_results_give_the_same_files(folders: dict[str, Path]) -> None:
    results = load_results(folders["stall"])
    first = [path.read_bytes() for path in write_figures(results, only=["distribution"])]

    assert [p.read_bytes() for p in write_figures(results, only=["distribution"])] == first


def test_many_panels_become_a_file_each(folders: dict[str, Path]) -> None:
    results = load_results(folders["kafka-overhead"])
    written = write_figures(results, formats=["png"], only=["latency-over-time"])

    assert [path.name for path in written] == [f"latency-over-time-{n}.png" for n in range(1, 5)]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"formats": ["gif"]}, "--format gif"),
        ({"width_mm": 8.5}, "--width 8.5"),
        ({"only": ["burst"]}, "--only burst"),
    ],
)
def test_what_does_not_exist_is_refused(
    folders: dict[str, Path], choice: dict[str, Any], message: str
) -> None:
    with pytest.raises(CrayfishError, match=message):
        write_figures(load_results(folders["stall"]), **choice)
