"""Times of two hosts, told by one clock."""

from __future__ import annotations

import json

import polars as pl
import pytest

from crayfish_ctl.analysis.clocks import host_clock, in_one_clock
from crayfish_ctl.analysis.latency import disordered, stages_ms, within_hosts
from crayfish_ctl.results.happened import HostClock
from crayfish_ctl.results.inputs import ContainerFact

FACTS = {
    "producer": ContainerFact(role="producer", node="a"),
    "consumer": ContainerFact(role="consumer", node="a"),
    "worker": ContainerFact(role="processor", node="b"),
}
MS = 1_000_000


def exchanges(node: str, pairs: list[tuple[float, float]]) -> list[dict[str, object]]:
    """Offset and round trip, ms, one pair each second."""
    labels = json.dumps({"node": "a", "of": node}, sort_keys=True)
    return [
        {"ts": float(ts), "name": name, "labels": labels, "value": value / 1e3}
        for ts, pair in enumerate(pairs)
        for name, value in zip(
            ("clock_offset_seconds", "clock_round_trip_seconds"), pair, strict=True
        )
    ]


def metrics(*rows: dict[str, object]) -> pl.DataFrame:
    schema = {"ts": pl.Float64, "name": pl.String, "labels": pl.String, "value": pl.Float64}
    return pl.DataFrame(list(rows), schema=schema)


def records() -> pl.DataFrame:
    """Two records that take 1 ms a stage, scored on a host that is 7 ms ahead."""
    ahead = 7 * MS
    return pl.DataFrame(
        {
            "intended_ns": [0, 10 * MS],
            "sent_ns": [0, 10 * MS],
            "received_ns": [1 * MS + ahead, 11 * MS + ahead],
            "scored_ns": [2 * MS + ahead, 12 * MS + ahead],
            "consumed_ns": [3 * MS, 13 * MS],
        }
    )


def test_on_one_host_there_is_nothing_to_compare() -> None:
    here = {name: fact.model_copy(update={"node": "a"}) for name, fact in FACTS.items()}
    assert host_clock(here, metrics()) is None
    nowhere = {name: fact.model_copy(update={"node": None}) for name, fact in FACTS.items()}
    assert host_clock(nowhere, metrics()) is None


def test_the_quickest_exchanges_say_how_far_the_clock_is_off() -> None:
    # A slow exchange that waited on one way is wrong by up to half of what it took.
    found = host_clock(FACTS, metrics(*exchanges("b", [(7.0, 0.2), (9.0, 5.0), (6.0, 3.0)])))
    assert found is not None
    assert found.node == "b"
    assert found.offset_ms == pytest.approx(7.0)
    assert found.uncertainty_ms == pytest.approx(0.1)


def test_a_clock_that_drifts_is_known_less_well() -> None:
    pairs = [(7.0 + number / 10, 0.2) for number in range(8)]
    found = host_clock(FACTS, metrics(*exchanges("b", pairs)))
    assert found is not None
    assert found.uncertainty_ms == pytest.approx(0.1 + 0.05)


def test_of_several_hosts_the_uncertainty_reaches_to_the_farthest() -> None:
    facts = {**FACTS, "other": ContainerFact(role="processor", node="c")}
    rows = [*exchanges("b", [(7.0, 0.2)]), *exchanges("c", [(9.0, 0.4)])]
    found = host_clock(facts, metrics(*rows))
    assert found is not None
    assert found.offset_ms == pytest.approx((6.9 + 9.2) / 2)
    assert found.uncertainty_ms == pytest.approx((9.2 - 6.9) / 2)


def test_the_stages_are_those_of_one_clock() -> None:
    clock = HostClock(node="b", offset_ms=7.0, uncertainty_ms=0.1)
    mended = in_one_clock(records(), clock)
    stages = within_hosts(stages_ms(mended), clock)
    assert {name: span.p50 for name, span in stages.items()} == {
        "schedule": 0.0,
        "input": 1.0,
        "score": 1.0,
        "output": 1.0,
    }
    assert disordered(mended, clock) == 0
    assert disordered(records()) == 2


def test_stages_between_hosts_whose_clocks_nobody_compared_are_left_out() -> None:
    clock = host_clock(FACTS, metrics())
    assert clock == HostClock(node="b")
    assert in_one_clock(records(), clock).equals(records())
    assert set(within_hosts(stages_ms(records()), clock)) == {"schedule", "score"}
    assert disordered(records(), clock) == 0
