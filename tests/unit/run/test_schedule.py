"""Which run comes next follows from the results so far, whoever asks and whenever."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crayfish_ctl.catalog import Experiment, load_catalog
from crayfish_ctl.plan import Plan, RunSpec, choices, make_plan
from crayfish_ctl.results import RunResult, VerdictState
from crayfish_ctl.results.numbers import Capacity, Percentiles, Throughput
from crayfish_ctl.results.verdict import Reason, Verdict
from crayfish_ctl.run.schedule import next_run, not_run

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog(ROOT)


def planned(workloads: list[dict[str, Any]], seed: int = 1, **sizing: Any) -> Plan:
    experiment = Experiment.model_validate(
        {
            "name": "t",
            "question": "?",
            "defaults": {
                "processor": "flink", "runtime": "python", "tool": "onnx", "model": "ffnn",
            },
            "profiles": {
                "laptop": {
                    "repetitions": 2,
                    "warmup": {"seconds": 1},
                    "stop": {"seconds": 1, "count": 1000},
                    "workloads": workloads,
                    **sizing,
                }
            },
        }
    )  # fmt: skip
    return make_plan(CATALOG, choices(experiment="t", seed=seed), experiment)


def ran(
    spec: RunSpec,
    p50: float = 1.0,
    capacity: float = 8_000,
    state: str = "VALID",
    reason: str | None = None,
) -> RunResult:
    return RunResult(
        run_id=spec.run_id,
        spec=spec,
        verdict=Verdict(
            state=VerdictState("INVALID" if reason else state),
            reasons=(Reason(code=reason, message="why"),) if reason else (),
        ),
        latency_ms=Percentiles(
            count=10_000, mean=p50, p50=p50, p90=p50, p95=p50, p99=p50, p99_9=p50, max=p50
        ),
        throughput=Throughput(
            offered_records_per_s=None,
            sent_records_per_s=1,
            achieved_records_per_s=1,
            achieved_points_per_s=1,
            capacity=Capacity(
                records_per_s=capacity,
                sharing_records_per_s=None,
                drain_records_per_s=None,
                lower_bound=False,
            )
            if spec.cell.goal == "saturate"
            else None,
        ),
    )


def executed(plan: Plan, values: list[float] | None = None, **kind: Any) -> list[RunResult]:
    """Run to the end; `values` are the p50 of one run after the other."""
    done: list[RunResult] = []
    while (spec := next_run(plan, done)) is not None:
        value = values[len(done) % len(values)] if values else 1.0
        done.append(ran(spec, p50=value, **kind))
        assert len(done) < 200
    return done


def order(runs: list[RunResult]) -> list[tuple[int, int]]:
    return [(run.spec.workload, run.spec.repetition) for run in runs]


def test_all_workloads_once_then_all_again() -> None:
    done = executed(planned([{"rate": 100}, {"rate": 200}]))
    assert {*order(done)[:2]} == {(0, 1), (1, 1)}
    assert {*order(done)[2:]} == {(0, 2), (1, 2)}
    assert [run.spec.index for run in done] == [0, 1, 2, 3]
    assert len({run.run_id for run in done}) == 4


def test_each_round_has_an_order_of_its_own_by_the_seed() -> None:
    workloads = [{"rate": rate} for rate in (100, 200, 300, 400, 500)]
    rounds = order(executed(planned(workloads, repetitions=20)))
    orders = [[w for w, repetition in rounds if repetition == n] for n in range(1, 21)]

    assert all(sorted(found) == [0, 1, 2, 3, 4] for found in orders)
    assert {found[0] for found in orders} == {0, 1, 2, 3, 4}, "nobody is always first"
    assert len({tuple(found) for found in orders}) > 15
    again = planned(workloads, repetitions=20, seed=2)
    assert order(executed(again)) != rounds
    assert order(executed(planned(workloads, repetitions=20))) == rounds


def test_the_workloads_of_one_stack_stay_together() -> None:
    both = ("flink", "ray", "flink", "ray", "flink")
    workloads: list[dict[str, Any]] = [
        {"rate": 100 * n, "processor": name} for n, name in enumerate(both, start=1)
    ]
    starts = set()
    for seed in range(8):
        done = executed(planned(workloads, seed=seed, repetitions=1))
        names = [run.spec.cell.processor for run in done]
        assert sum(a != b for a, b in pairwise(names)) == 1
        starts.add(names[0])
    assert starts == {"flink", "ray"}


def test_the_order_may_be_the_one_that_was_written() -> None:
    workloads = [{"rate": rate} for rate in (100, 200, 300, 400)]
    done = executed(planned(workloads, shuffle=False))
    assert [run.spec.workload for run in done] == [0, 1, 2, 3] * 2


def test_the_warm_up_of_a_cold_stack_is_of_the_workload_that_was_written_first() -> None:
    workloads = [{"rate": rate} for rate in (100, 200, 300, 400)]
    cold = {"first_warmup": {"seconds": 5, "rate": 400}}
    for seed in range(8):
        done = executed(planned(workloads, seed=seed, **cold))
        assert order(done)[0] == (0, 1)
        assert done[0].spec.warmup.rate == 400
    firsts = {order(executed(planned(workloads, seed=seed, **cold)))[4][0] for seed in range(8)}
    assert len(firsts) > 1, "only the first round begins with it"


def test_a_capacity_is_measured_before_it_is_shared_whatever_the_seed() -> None:
    workloads: list[dict[str, Any]] = [
        {"rate": "capacity", "share": 0.5},
        {"rate": 100},
        {"rate": "max", "goal": "saturate"},
    ]
    for seed in range(8):
        first = order(executed(planned(workloads, seed=seed)))[:3]
        assert first[2] == (0, 1)


def test_the_preview_is_what_is_run_if_all_goes_as_assumed() -> None:
    workloads: list[dict[str, Any]] = [
        {"rate": 100},
        {"rate": "max", "goal": "saturate"},
        {"rate": "capacity", "share": 0.5},
        {"rate": "capacity", "search": {"confirm": 2, "objective_ms": 10}},
    ]
    plan = planned(workloads, repetitions=2, max_repetitions=5)
    done: list[RunResult] = []
    while (spec := next_run(plan, done)) is not None:
        held = (spec.cell.rate or 0) <= 8_000
        done.append(ran(spec, p50=1.0 if held else 50.0, capacity=10_000))
    assert tuple(run.spec for run in done) == plan.runs
    assert max(run.spec.repetition for run in done if run.spec.purpose == "measure") == 3


@pytest.mark.parametrize(
    ("values", "runs"),
    [([1.0, 1.001, 1.002], 3), ([1.0, 1.04, 1.08], 4), ([1.0, 3.0, 2.0], 5)],
)
def test_the_first_three_runs_decide_how_many_there_are(values: list[float], runs: int) -> None:
    """Never fewer, and what comes later decides nothing."""
    plan = planned([{"rate": 100}], max_repetitions=5, precision=0.1)
    assert len(executed(plan, [*values, 90.0, 1.0])) == runs


def test_a_fixed_number_of_runs_stays_what_was_asked_for() -> None:
    assert len(executed(planned([{"rate": 100}]), [1.0, 9.0])) == 2


def test_only_the_imprecise_workload_is_repeated() -> None:
    plan = planned([{"rate": 100}, {"rate": 200}], max_repetitions=4, precision=0.1)
    done: list[RunResult] = []
    while (spec := next_run(plan, done)) is not None:
        done.append(ran(spec, p50=float(spec.repetition) if spec.workload else 1.0))
    assert [order(done).count((0, n)) for n in (3, 4)] == [1, 0]
    assert [order(done).count((1, n)) for n in (3, 4)] == [1, 1]


@pytest.mark.parametrize(
    ("how", "repeated"),
    [
        ({"reason": "PRODUCER_LATE"}, True),
        ({"reason": "CLOCK_STEP"}, True),
        ({"state": "FAILED"}, True),
        ({"reason": "BACKLOG_GROWING"}, False),
        ({"reason": "LOST"}, False),
    ],
)
def test_what_the_harness_spoilt_is_repeated_and_what_the_system_did_is_its_answer(
    how: dict[str, str], repeated: bool
) -> None:
    plan = planned([{"rate": 100}], repetitions=3, max_repetitions=6)
    done: list[RunResult] = []
    while (spec := next_run(plan, done)) is not None:
        done.append(ran(spec, **(how if spec.repetition == 2 else {})))  # type: ignore[arg-type]
    assert len(done) == (4 if repeated else 3)


def test_one_repetition_stays_one() -> None:
    assert len(executed(planned([{"rate": 100}], repetitions=1, max_repetitions=4))) == 1


def test_a_share_of_the_capacity_is_of_the_measured_one() -> None:
    plan = planned(
        [
            {"rate": "max", "goal": "saturate"},
            {"rate": "capacity", "share": 0.5},
            {
                "rate": "capacity",
                "goal": "overload",
                "title": "bursts",
                "arrivals": {
                    "kind": "bursty", "base": 0.5, "burst": 2,
                    "base_seconds": 1, "burst_seconds": 1,
                },
            },
        ]
    )  # fmt: skip
    done = executed(plan, capacity=8_000)
    first, second = (
        {run.spec.workload: run.spec.cell for run in half} for half in (done[:3], done[3:])
    )
    assert [first[n].rate for n in range(3)] == [None, 4_000, (4_000 + 16_000) / 2]
    # Another capacity in the second repetition changes nothing: they are repetitions.
    assert first == second


def test_without_a_capacity_there_is_no_share_of_it() -> None:
    plan = planned([{"rate": "max", "goal": "saturate"}, {"rate": "capacity", "share": 0.5}])
    first = next_run(plan, [])
    assert first is not None
    failed = ran(first).model_copy(
        update={"throughput": None, "verdict": Verdict(state=VerdictState.FAILED)}
    )
    second = next_run(plan, [failed])
    assert second is not None
    assert (second.workload, second.repetition) == (0, 2), "the others go on"
    again = ran(second).model_copy(update={"throughput": None})
    assert next_run(plan, [failed, again]) is None
    (left_out,) = not_run(plan, [failed, again])
    assert left_out.startswith("workload 2: its rate is a share of the capacity of flink")
    # One repetition that went well is enough, however late it comes.
    third = next_run(plan, [failed, ran(second)])
    assert third is not None
    assert (third.workload, third.repetition, third.cell.rate) == (1, 1, 4_000)


def test_a_search_below_an_unknown_capacity_is_left_out_too() -> None:
    plan = planned(
        [{"rate": "max", "goal": "saturate"}, {"rate": "capacity", "search": {"confirm": 2}}],
        repetitions=1,
    )
    first = next_run(plan, [])
    assert first is not None
    failed = ran(first).model_copy(update={"throughput": None})
    assert next_run(plan, [failed]) is None
    assert len(not_run(plan, [failed])) == 1


def test_a_search_comes_last_and_below_the_capacity() -> None:
    plan = planned(
        [{"rate": "max", "goal": "saturate"}, {"rate": "capacity", "search": {"confirm": 2}}]
    )
    done = executed(plan, capacity=8_000)
    rates = [run.spec.cell.rate for run in done if run.spec.workload == 1]
    assert rates == [4_000, 8_000, 8_000, 8_000]
    assert [run.spec.purpose for run in done] == ["measure"] * 2 + ["probe"] * 2 + ["confirm"] * 2


def test_it_depends_on_the_results_alone() -> None:
    plan = planned([{"rate": 100}, {"rate": 200}], max_repetitions=4)
    done = executed(plan, [1.0, 2.0, 5.0])
    for cut in range(len(done)):
        assert next_run(replace(plan), done[:cut]) == done[cut].spec
