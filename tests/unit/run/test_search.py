"""The search finds the highest rate that holds, and does not trust a single lucky run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.runconfig import ConstantArrivals, StopRule, Warmup
from crayfish_ctl.catalog.experiment import SearchEntry
from crayfish_ctl.plan.model import Cell, RunSpec
from crayfish_ctl.results import RunResult, VerdictState
from crayfish_ctl.results.model import Percentiles, Verdict
from crayfish_ctl.run.search import Found, Try, holds, next_try

if TYPE_CHECKING:
    from collections.abc import Callable

SEARCH = SearchEntry(objective_ms=100, tolerance=0.05, confirm=2, max_probes=20)


def result(step: Try, index: int, p99: float, state: VerdictState) -> RunResult:
    cell = Cell(
        experiment="x",
        processor="flink",
        runtime="python",
        tool="onnx",
        model="ffnn",
        arrivals=ConstantArrivals(rate=step.rate),
    )
    spec = RunSpec(
        run_id=str(index),
        index=index,
        cell=cell,
        repetition=index + 1,
        purpose=step.purpose,
        warmup=Warmup(seconds=0, rate=1),
        stop=StopRule(seconds=1),
        seed=0,
    )
    latency = Percentiles(count=100, mean=1, p50=1, p90=p99, p95=p99, p99=p99, p99_9=p99, max=p99)
    return RunResult(
        run_id=spec.run_id, spec=spec, verdict=Verdict(state=state), latency_ms=latency
    )


def searched(
    search: SearchEntry, top: float, answer: Callable[[Try, int], tuple[float, VerdictState]]
) -> tuple[Found, list[RunResult]]:
    runs: list[RunResult] = []
    for index in range(200):
        step = next_try(search, top, runs)
        if isinstance(step, Found):
            return step, runs
        p99, state = answer(step, index)
        runs.append(result(step, index, p99, state))
    raise AssertionError("the search does not end")


@given(limit=st.floats(100, 9000))
def test_it_ends_just_below_the_limit(limit: float) -> None:
    found, runs = searched(
        SEARCH, 10_000, lambda step, _: (50 if step.rate <= limit else 500, VerdictState.VALID)
    )
    assert found.rate is not None
    assert found.rate <= limit
    # Rates are rounded to three digits, which may cost half a per cent on top of the tolerance.
    assert found.rate >= limit * (1 - SEARCH.tolerance) * 0.99
    assert found.confirmations == SEARCH.confirm
    assert sum(run.spec.purpose == "confirm" for run in runs) == SEARCH.confirm


def test_the_top_itself_may_hold() -> None:
    found, _ = searched(SEARCH, 8_000, lambda *_: (1, VerdictState.VALID))
    assert found == Found(8_000, SEARCH.confirm)


def test_nothing_may_hold() -> None:
    found, runs = searched(SEARCH, 8_000, lambda *_: (500, VerdictState.VALID))
    assert found == Found(None, 0)
    assert len(runs) == SEARCH.max_probes


def test_a_lucky_probe_is_found_out_by_its_confirmation() -> None:
    lucky = 3

    def answer(step: Try, index: int) -> tuple[float, VerdictState]:
        held = step.rate <= 3_000 or index < lucky
        return (50 if held else 500), VerdictState.VALID

    found, _ = searched(SEARCH, 10_000, answer)
    assert found.rate is not None
    assert 0.9 * 3_000 < found.rate <= 3_000


def test_an_invalid_run_does_not_hold_however_fast_it_was() -> None:
    run = result(Try(1, "probe"), 0, 1, VerdictState.INVALID)
    assert not holds(run, SEARCH)
    assert holds(run.model_copy(update={"verdict": Verdict(state=VerdictState.VALID)}), SEARCH)


def test_it_goes_on_where_it_was_interrupted() -> None:
    def answer(step: Try, _: int) -> tuple[float, VerdictState]:
        return (50 if step.rate <= 2_345 else 500), VerdictState.VALID

    _, runs = searched(SEARCH, 10_000, answer)
    for cut in range(len(runs)):
        step = next_try(SEARCH, 10_000, runs[:cut])
        assert isinstance(step, Try)
        assert (step.rate, step.purpose) == (runs[cut].spec.cell.rate, runs[cut].spec.purpose)
