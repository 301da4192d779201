"""The search finds the highest rate that holds, and does not trust a single lucky run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from crayfish_ctl.catalog.experiment import SearchEntry
from crayfish_ctl.plan.search import Found, Tried, Try, next_try

if TYPE_CHECKING:
    from collections.abc import Callable

SEARCH = SearchEntry(objective_ms=100, tolerance=0.05, confirm=2, max_probes=20)


def searched(
    search: SearchEntry, top: float, answer: Callable[[Try, int], bool]
) -> tuple[Found, list[Tried]]:
    runs: list[Tried] = []
    for index in range(200):
        step = next_try(search, top, runs)
        if isinstance(step, Found):
            return step, runs
        runs.append(Tried(step.rate, step.purpose, answer(step, index)))
    raise AssertionError("the search does not end")


@given(limit=st.floats(100, 9000))
def test_it_ends_just_below_the_limit(limit: float) -> None:
    found, runs = searched(SEARCH, 10_000, lambda step, _: step.rate <= limit)
    assert found.rate is not None
    assert found.rate <= limit
    # Rates are rounded to three digits, which may cost half a per cent on top of the tolerance.
    assert found.rate >= limit * (1 - SEARCH.tolerance) * 0.99
    assert found.confirmations == SEARCH.confirm
    assert sum(run.purpose == "confirm" for run in runs) == SEARCH.confirm


def test_the_top_itself_may_hold() -> None:
    found, _ = searched(SEARCH, 8_000, lambda *_: True)
    assert found == Found(8_000, SEARCH.confirm)


def test_nothing_may_hold() -> None:
    found, runs = searched(SEARCH, 8_000, lambda *_: False)
    assert found == Found(None, 0)
    assert len(runs) == SEARCH.max_probes


def test_a_lucky_probe_is_found_out_by_its_confirmation() -> None:
    lucky = 3

    found, _ = searched(SEARCH, 10_000, lambda step, index: step.rate <= 3_000 or index < lucky)
    assert found.rate is not None
    assert 0.9 * 3_000 < found.rate <= 3_000


def test_it_goes_on_where_it_was_interrupted() -> None:
    _, runs = searched(SEARCH, 10_000, lambda step, _: step.rate <= 2_345)
    for cut in range(len(runs)):
        step = next_try(SEARCH, 10_000, runs[:cut])
        assert isinstance(step, Try)
        assert (step.rate, step.purpose) == (runs[cut].rate, runs[cut].purpose)
