"""How busy the hosts were, and when one of them was the limit."""

from __future__ import annotations

import json
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from crayfish_ctl.analysis import collect_run
from crayfish_ctl.analysis.nodes import BUSY, CORES, RECEIVED, SENT, SPEED, nodes_of
from crayfish_ctl.analysis.usage import Usage
from crayfish_ctl.results import METRICS_SCHEMA, VerdictState
from crayfish_ctl.results.nodes import NodeUse
from tests.unit.results.synthetic import REFERENCE, START, S, Scenario, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import RunResult

MB = 1e6
SECONDS = 8
Row = tuple[float, str, str, str, float]


def series(name: str, node: str | None, values: list[float], device: str = "") -> list[Row]:
    """One value each second, the first 2 s before the window."""
    labels = {key: value for key, value in (("device", device), ("node", node)) if value}
    at = START / S - 2
    return [
        (at + second, name, "cgroup-exporter", json.dumps(labels), value)
        for second, value in enumerate(values)
    ]


def grown(*rates: float) -> list[float]:
    """A counter that grows by these, each second; the last one to the end."""
    steps = [*rates, *([rates[-1]] * (SECONDS + 4 - len(rates)))]
    return [7.0 + sum(steps[:count]) for count in range(len(steps) + 1)]


def cpu(node: str | None, *rates: float, cores: int | None = 4) -> list[Row]:
    rows = series(BUSY, node, grown(*rates))
    return rows + (series(CORES, node, [float(cores)] * len(rows)) if cores else [])


def link(
    node: str | None,
    device: str,
    received: tuple[float, ...] = (0.0,),
    sent: tuple[float, ...] = (0.0,),
    *,
    speed: float | None = None,
    dropped: float = 0.0,
) -> list[Row]:
    """MB/s."""
    rows: list[Row] = []
    for way, rates in ((RECEIVED, received), (SENT, sent)):
        rows += series(way.bytes, node, grown(*(rate * MB for rate in rates)), device)
        rows += series(way.dropped, node, grown(dropped), device)
        rows += series(way.errors, node, grown(0.0), device)
    if speed is not None:
        rows += series(SPEED, node, [speed * MB] * len(grown(0.0)), device)
    return rows


def table(*rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(chain(*rows)), schema=METRICS_SCHEMA, orient="row")


def nodes(*rows: list[Row], seconds: int = SECONDS) -> tuple[NodeUse, ...]:
    return nodes_of(Usage(table(*rows)), START, START + seconds * S)


def test_cores_are_busy_in_the_mean_and_at_most() -> None:
    (found,) = nodes(cpu("a", 4.0, 4.0, 1.0, 1.0, 3.0, 1.0))
    assert (found.name, found.cores) == ("a", 4)
    assert found.mean_busy_share == pytest.approx(10 / 8 / 4)
    assert found.peak_busy_share == pytest.approx(0.75)


def test_the_peak_is_not_below_the_mean_where_a_window_begins_between_scrapes() -> None:
    rows: list[Row] = [(row[0] - 0.75, *row[1:]) for row in cpu("a", 0.0, 0.0, 4.0, 1.0)]
    (found,) = nodes(rows, seconds=1)
    assert found.mean_busy_share == pytest.approx((0.25 * 4.0 + 0.75 * 1.0) / 4)
    assert found.peak_busy_share == pytest.approx(1.0)


def test_a_share_is_never_more_than_all() -> None:
    (found,) = nodes(cpu("a", 4.1))
    assert (found.mean_busy_share, found.peak_busy_share) == (1.0, 1.0)


def test_each_node_has_its_own_figures() -> None:
    rows = [cpu("b", 1.0), cpu("a", 2.0), link("a", "eth0", (10.0,)), link("b", "eth0", (30.0,))]
    found = nodes(*rows)
    assert [(node.name, node.mean_busy_share) for node in found] == [("a", 0.5), ("b", 0.25)]
    rates = [node.links[0].received.mean_megabytes_per_s for node in found]
    assert rates == pytest.approx([10.0, 30.0])


def test_a_link_has_its_rates_its_share_and_its_drops() -> None:
    rows = link("a", "eth0", (9.0, 9.0, 50.0, 110.0, 80.0), (5.0,), speed=125.0, dropped=0.5)
    (found,) = nodes(cpu("a", 1.0), rows)
    (eth0,) = found.links
    assert (eth0.device, eth0.speed_megabytes_per_s) == ("eth0", 125.0)
    assert eth0.received.mean_megabytes_per_s == pytest.approx((50 + 110 + 6 * 80) / 8)
    assert eth0.received.peak_megabytes_per_s == pytest.approx(110.0)
    assert eth0.received.share == pytest.approx(80 / 125)
    assert eth0.sent.share == pytest.approx(5 / 125)
    assert eth0.share == eth0.received.share
    assert (eth0.received.dropped, eth0.received.errors) == (4, 0)


def test_where_no_speed_is_known_the_busiest_link_is_that_which_carried_most() -> None:
    rows = [link("a", "eth0", (1.0,)), link("a", "eth1", sent=(2.0,))]
    (found,) = nodes(cpu("a", 1.0), *rows)
    assert [each.share for each in found.links] == [None, None]
    assert found.busiest_link is not None
    assert found.busiest_link.device == "eth1"
    rows.append(link("a", "eth2", (0.5,), speed=1.0))
    (found,) = nodes(cpu("a", 1.0), *rows)
    assert found.busiest_link is not None
    assert found.busiest_link.device == "eth2"
    assert NodeUse().busiest_link is None


def test_one_host_has_no_name_and_may_not_have_said_how_many_cores_it_has() -> None:
    (found,) = nodes(cpu(None, 1.0, cores=None), link(None, "eth0", (3.0,)))
    assert (found.name, found.cores, found.mean_busy_share) == (None, None, None)
    assert found.links[0].received.mean_megabytes_per_s == pytest.approx(3.0)


def test_what_the_scrapes_do_not_cover_has_no_value() -> None:
    assert nodes([]) == ()
    (found,) = nodes(cpu("a", 1.0), link("a", "eth0", (3.0,)), seconds=100)
    assert found.mean_busy_share is None
    assert found.links == ()


def with_nodes(tmp_path: Path, *rows: list[Row]) -> RunResult:
    """A run of a simulated queue on hosts that did that."""
    scenario = Scenario(seconds=4.0)
    folder = write_run(tmp_path, scenario)
    path = folder / "metrics.parquet"
    pl.concat([pl.read_parquet(path), table(*rows)]).write_parquet(path)
    return collect_run(folder, scenario.spec(), REFERENCE)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([cpu("a", 3.9), cpu("b", 1.0)], ["node a: its 4 cores were busy 97.5% of the window"]),
        (
            [cpu("a", 1.0), link("a", "eth0", (1.0,), (110.0,), speed=125.0)],
            ["node a: its link eth0 sent 110.0 MB/s, 88% of the 125 that it carries"],
        ),
        (
            [cpu("a", 4.0), link("a", "eth0", (125.0,), (1.0,), speed=125.0), cpu("b", 4.0)],
            ["node a: its 4 cores", "node a: its link eth0 received 125.0 MB/s", "node b: its 4"],
        ),
        ([cpu(None, 1.0), link(None, "eth0", (120.0,), speed=125.0)], ["the host: its link eth0"]),
    ],
)
def test_a_node_that_was_the_limit_is_named_in_a_note(
    tmp_path: Path, rows: list[list[Row]], said: list[str]
) -> None:
    found = with_nodes(tmp_path, *rows).verdict
    assert found.state is VerdictState.VALID
    (note,) = found.notes
    assert note.code == "NODE_LIMIT"
    assert note.message.count("; ") == len(said) - 1
    places = [note.message.index(text) for text in said]
    assert all(one < two for one, two in pairwise(places))


@pytest.mark.parametrize(
    "rows",
    [
        [cpu("a", 3.7, 4.0, 3.7), cpu("b", 1.0)],
        [cpu("a", 1.0), link("a", "eth0", (99.0,), (99.0,), speed=125.0)],
        [cpu("a", 1.0), link("a", "eth0", (9999.0,))],
        [cpu(None, 4.0)],
        [cpu("a", 4.0, cores=None)],
    ],
    ids=["busy", "both ways", "speed unknown", "one host", "older exporter"],
)
def test_no_node_is_blamed_for_what_it_had_left(tmp_path: Path, rows: list[list[Row]]) -> None:
    found = with_nodes(tmp_path, *rows)
    assert found.verdict.notes == ()
    assert found.nodes


def test_a_run_says_what_its_nodes_did(tmp_path: Path) -> None:
    found: Any = json.loads(
        with_nodes(tmp_path, cpu("a", 1.0), link("a", "eth0", (3.0,))).model_dump_json()
    )
    (node,) = found["nodes"]
    assert (node["name"], node["cores"], node["mean_busy_share"]) == ("a", 4, 0.25)
    assert node["links"][0]["received"]["mean_megabytes_per_s"] == pytest.approx(3.0)
