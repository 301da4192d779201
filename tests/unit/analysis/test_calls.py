"""Calls under way: how many there were, whether there may be so many, and what failed of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from crayfish_ctl.analysis.calls import call_facts, little, window_not_full, with_recovery
from crayfish_ctl.analysis.latency import stages_ms
from crayfish_ctl.cells import Call, Cell
from crayfish_ctl.results.happened import FaultFact
from crayfish_ctl.results.numbers import CallFacts, FailedCalls

MS = 1_000_000
BASE = {
    "experiment": "e", "processor": "flink", "runtime": "jvm", "tool": "triton", "model": "ffnn",
    "arrivals": {"kind": "max"}, "goal": "saturate", "calls_server": True,
}  # fmt: skip


def cell(**changes: Any) -> Cell:
    return Cell.model_validate({**BASE, **changes})


def records(under_way: int, count: int = 400, call_ms: float = 10.0, waited_ms: float = 2.0) -> Any:
    """`under_way` calls at a time, each as long as the others; one begins when one ends."""
    start = np.arange(count) // under_way * call_ms * MS + np.arange(count) % under_way
    called = start.astype(np.int64)
    waited = int(waited_ms * 1000)
    return pl.DataFrame(
        {
            "intended_ns": called - waited * 1000 - 2 * MS,
            "sent_ns": called - waited * 1000 - 1 * MS,
            "received_ns": called - waited * 1000,
            "scored_ns": called + int(call_ms * MS),
            "consumed_ns": called + int(call_ms * MS) + 1 * MS,
            "waited_us": pl.Series([waited] * count, dtype=pl.UInt32),
        }
    )


@pytest.mark.parametrize("under_way", [1, 4, 50])
def test_littles_law_finds_how_many_were_under_way(under_way: int) -> None:
    asynchronous = cell(call={"mode": "async", "in_flight": 50})
    found = call_facts(records(under_way), asynchronous)
    assert found is not None
    assert found.under_way == pytest.approx(under_way, rel=0.01)
    assert found.allowed == 50


def test_every_scorer_has_its_own() -> None:
    two = cell(call={"mode": "async", "in_flight": 8}, parallelism={"scorer": 2})
    found = call_facts(records(4), two)
    assert found is not None
    assert found.allowed == 16


@pytest.mark.parametrize(
    ("changes", "count"),
    [({"calls_server": False}, 400), ({"call": {"mode": "batched", "records": 8}}, 400), ({}, 99)],
)
def test_where_there_is_nothing_to_count(changes: dict[str, Any], count: int) -> None:
    assert call_facts(records(1, count), cell(**changes)) is None


class _Facts:
    def __init__(
        self, calls: CallFacts | None, mode: str = "async", saturates: bool = True
    ) -> None:
        self.calls, self.saturates = calls, saturates
        self.cell = cell(call={"mode": mode, "in_flight": 8})


@pytest.mark.parametrize(("under_way", "wrong"), [(8.0, False), (8.39, False), (8.41, True)])
def test_more_than_there_may_be_is_a_wrong_time_stamp(under_way: float, *, wrong: bool) -> None:
    facts: Any = _Facts(CallFacts(under_way=under_way, allowed=8))
    found = little(facts)
    assert (found is not None) is wrong
    if found is not None:
        assert found.code == "LITTLE"
        assert "8.4 calls were under way in the mean, and 8 may be" in found.message


@pytest.mark.parametrize(
    ("facts", "noted"),
    [
        (_Facts(CallFacts(under_way=6.3, allowed=8)), True),
        (_Facts(CallFacts(under_way=6.5, allowed=8)), False),
        (_Facts(CallFacts(under_way=1.0, allowed=8), saturates=False), False),
        (_Facts(CallFacts(under_way=0.5, allowed=1), mode="blocking"), False),
        (_Facts(None), False),
    ],
)
def test_a_window_that_is_not_full_is_noted(facts: Any, noted: bool) -> None:
    assert (window_not_full(facts) is not None) is noted


def test_waiting_for_a_call_is_a_stage_of_its_own() -> None:
    found = stages_ms(records(4))
    assert {name: span.p50 for name, span in found.items()} == pytest.approx(
        {"schedule": 1.0, "input": 1.0, "wait": 2.0, "score": 10.0, "output": 1.0}
    )


def test_without_waiting_there_is_none() -> None:
    assert "wait" not in stages_ms(records(4, waited_ms=0.0))


def test_failed_calls_in_words() -> None:
    assert FailedCalls(deadline=1200, bad_output=1).text == "1,200 deadline, 1 bad output"
    assert FailedCalls(deadline=1200, bad_output=1).total == 1201
    assert FailedCalls().text == ""


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ({}, "blocking"),
        ({"mode": "async", "in_flight": 64}, "async:64"),
        ({"mode": "async", "in_flight": 2, "ordered": True}, "async:2:ordered"),
        ({"mode": "batched", "records": 32}, "batched:32"),
        ({"mode": "batched", "records": 32, "wait_ms": 2.5}, "batched:32:2.5"),
        ({"mode": "of a newer version"}, "of a newer version:1"),
    ],
)
def test_a_call_mode_in_words(call: dict[str, Any], text: str) -> None:
    assert Call.model_validate(call).text == text


def seen(*rows: tuple[float, str]) -> pl.DataFrame:
    """Records by the second in which they were scored, and what became of them."""
    return pl.DataFrame(
        {
            "scored_ns": [int(at * 1e9) for at, _ in rows],
            "status": ["ok" if what == "ok" else "failed" for _, what in rows],
            "reason": [None if what in {"ok", "refused"} else what for _, what in rows],
        },
        schema={"scored_ns": pl.Int64, "status": pl.String, "reason": pl.String},
    )


def fault(start: float, end: float) -> FaultFact:
    return FaultFact(
        service="triton", action="kill", started_ns=int(start * 1e9), ended_ns=int(end * 1e9)
    )


def test_a_fault_of_a_server_says_what_failed_and_when_it_was_over() -> None:
    records = seen(
        (1.0, "ok"), (2.1, "unavailable"), (2.5, "ok"), (3.5, "deadline"), (4.25, "ok"), (9, "ok"),
    )  # fmt: skip
    (found,) = with_recovery([fault(2.0, 4.0)], records, cell())
    assert (found.failed, found.recovered_s) == (2, 0.25)


def test_each_fault_has_its_own_failures() -> None:
    records = seen((2.1, "unavailable"), (3.0, "ok"), (6.1, "unavailable"), (6.2, "refused"))
    first, second = with_recovery([fault(2.0, 2.5), fault(6.0, 7.0)], records, cell())
    assert (first.failed, first.recovered_s) == (1, 0.5)
    assert (second.failed, second.recovered_s) == (1, None)


def test_what_fails_nothing_needs_no_recovery() -> None:
    (found,) = with_recovery([fault(2.0, 2.5)], seen((3.0, "ok")), cell())
    assert (found.failed, found.recovered_s) == (0, None)
    (found,) = with_recovery([fault(2.0, 2.5)], seen((3.0, "ok")), cell(calls_server=False))
    assert found.failed is None
    assert with_recovery([], seen((3.0, "ok")), cell()) == ()
