"""What a table says where there is little to say it of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.report.tables import COLUMNS, cell_rows, node_rows
from crayfish_ctl.report.view import view_cells
from crayfish_ctl.results import Results, VerdictState
from crayfish_ctl.results.nodes import Flow, NodeLink, NodeUse
from tests.unit.results.runs import result
from tests.unit.results.synthetic import manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crayfish_ctl.report.tables import CellRow
    from crayfish_ctl.results import RunResult


def row(path: Path, runs: Sequence[RunResult]) -> CellRow:
    (found,) = cell_rows(view_cells(Results(path=path, manifest=manifest(), runs=tuple(runs))))
    return found


def value(found: CellRow, metric: str) -> tuple[str, str]:
    place = [name for name, _ in COLUMNS].index(metric)
    return found.values[place].text, found.values[place].spread


@pytest.mark.parametrize(
    ("second", "text", "state", "trusted"),
    [
        ({"reasons": ["PRODUCER_LATE"]}, "VALID 2/3", "INVALID", True),
        ({"state": "FAILED"}, "VALID 2/3", "INVALID", True),
        ({"reasons": ["BACKLOG_GROWING"]}, "NOT SUSTAINED 1/3", "INVALID", False),
        ({}, "VALID 3/3", "VALID", True),
    ],
)
def test_a_verdict_counts_what_is_good(
    tmp_path: Path, second: dict[str, Any], text: str, state: str, trusted: bool
) -> None:
    """It said INVALID 1/3 of two good runs and a late one. Its colour is that of its state."""
    found = row(tmp_path, [result(1.0), result(1.1, **second), result(1.2)])
    assert (found.verdict, found.state) == (text, VerdictState(state))
    assert found.trusted == trusted


def test_three_runs_have_an_interval_and_two_are_shown(tmp_path: Path) -> None:
    three = value(row(tmp_path, [result(v) for v in (10.0, 11.0, 12.0)]), "latency_p50_ms")
    two = value(row(tmp_path, [result(v) for v in (26.0, 318.0)]), "latency_p50_ms")
    assert three == ("11.0", "8.75 to 13.8")
    assert two == ("26 and 318", "")


def test_a_percentile_that_the_records_do_not_support_says_how_long_to_run(
    tmp_path: Path,
) -> None:
    runs = [result(10.0, rate=50.0) for _ in range(3)]
    few = [
        run.model_copy(update={"latency_ms": run.latency_ms.model_copy(update={"count": 300})})
        for run in runs
        if run.latency_ms
    ]
    found = row(tmp_path, few)
    assert value(found, "latency_p99_ms") == ("\N{EN DASH} (run 7.36 s)", "")
    assert value(found, "latency_p99_9_ms") == ("\N{EN DASH} (run 1 min 14 s)", "")
    assert value(found, "latency_p50_ms")[0] == "10"


def hosts(path: Path, *nodes: NodeUse) -> list[list[str]]:
    run = result(10.0).model_copy(update={"nodes": nodes})
    return node_rows(view_cells(Results(path=path, manifest=manifest(), runs=(run,))))


def test_a_host_has_its_cores_and_the_link_that_is_nearest_to_its_limit(tmp_path: Path) -> None:
    idle = Flow(mean_megabytes_per_s=6.5e-7, peak_megabytes_per_s=0.0021, dropped=0)
    busy = Flow(mean_megabytes_per_s=90.0, peak_megabytes_per_s=118.0, share=0.72, dropped=4)
    links = (
        NodeLink(device="eth0", received=idle, sent=idle),
        NodeLink(device="eth1", speed_megabytes_per_s=125.0, received=busy, sent=idle),
    )
    node = NodeUse(name="n2", cores=16, mean_busy_share=0.5, peak_busy_share=0.75, links=links)
    (found,) = hosts(tmp_path, node)
    assert found[1:] == [
        "n2", "eth1", "16", "50.00 % (peak 75.00 %)", "90 (peak 118)", "0 (peak 0.00200)",
        "72.00 %", "4",
    ]  # fmt: skip


def test_what_nobody_knows_of_a_host_is_a_dash(tmp_path: Path) -> None:
    (found,) = hosts(tmp_path, NodeUse())
    assert found[1:] == ["the only one", *["\N{EN DASH}"] * 7]
    assert hosts(tmp_path) == []
