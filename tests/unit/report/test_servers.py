"""Figures of model servers: a bare client's curve, and what pipelines make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.cells import Parallelism
from crayfish_ctl.report.figures.servers import embedded_or_external, server_curve
from crayfish_ctl.report.view import view_cells
from tests.unit.report.experiments import FLOOD, Folder, called

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.report.figures import Figure

Drawn = dict[str, "dict[str, Figure]"]
SHORT = replace(FLOOD, tool="triton", service_ms=1.0, seconds=1.0, send_rate=2000.0)


def test_the_curve_of_a_server_has_its_calls_in_order(drawn: Drawn) -> None:
    rates, times = drawn["servers"]["server-curve"].panels

    (line,) = rates.data
    assert (line["name"], line["x"]) == ("raw python triton", [1, 4, 16])
    assert line["y"] == sorted(line["y"])
    assert [each["name"] for each in times.data] == [
        "raw python triton p50",
        "raw python triton p99",
    ]


def test_every_way_to_score_is_a_mark_and_a_row_of_the_table(drawn: Drawn) -> None:
    figure = drawn["servers"]["embedded-or-external"]

    names = ["onnx", "triton blocking", "triton async:4", "triton async:4 (no model)"]
    (panel,) = figure.panels
    assert [trace["name"].split(" · ")[0] for trace in panel.data] == names
    assert all(trace["y"] == ["flink python"] for trace in panel.data)
    onnx, blocking, others, floor = (trace["marker"] for trace in panel.data)
    assert blocking["color"] == others["color"] not in {onnx["color"], floor["color"]}
    assert [one["symbol"][0].split("-")[0] for one in (onnx, blocking, others)] == [
        "circle",
        "circle",
        "diamond",
    ]
    assert figure.table is not None
    assert [row[1].split(" · ")[0] for row in figure.table.rows] == names
    of_bound = {row[1]: row[3] for row in figure.table.rows}
    assert of_bound["triton blocking"].endswith("%")
    assert not of_bound["onnx"].endswith("%")


def test_the_best_of_a_bare_client_is_the_bound_of_every_call_mode(drawn: Drawn) -> None:
    best = max(drawn["servers"]["server-curve"].panels[0].data[0]["y"])
    figure = drawn["servers"]["embedded-or-external"]
    rates = {trace["name"]: trace["x"][0] for trace in figure.panels[0].data}
    assert figure.table is not None
    for row in figure.table.rows:
        if row[1] in {"triton blocking", "triton async:4"}:
            share = float(row[3].removesuffix("%"))
            assert share == pytest.approx(100 * rates[row[1]] / best, rel=0.01)


def test_one_point_is_no_curve_and_no_server_is_no_figure(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "one", "one")
    folder.add(replace(SHORT, pipeline="raw", network_ms=0.0, warmup_seconds=0.0), cell=called(4))
    folder.add(replace(SHORT, tool="onnx"))
    cells = view_cells(folder.results())
    assert server_curve(cells) is None
    assert embedded_or_external(cells) is None


def test_what_belongs_to_the_processor_is_in_its_row(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "wide", "wide")
    for scorers in (1, 2):
        wide = {"parallelism": Parallelism(scorer=scorers)}
        folder.add(SHORT, cell=called(4) | wide | {"processor_options": {"linger_ms": scorers}})
    figure = embedded_or_external(view_cells(folder.results()))
    assert figure is not None
    (trace,) = figure.panels[0].data
    assert trace["name"] == "triton async:4"
    assert trace["y"] == ["flink python · N 1-1-1", "flink python · N 1-2-1"]
