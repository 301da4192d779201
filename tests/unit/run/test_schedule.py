"""Which run comes next follows from the results so far, whoever asks and whenever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from crayfish_ctl.catalog import Experiment, load_catalog
from crayfish_ctl.plan import Plan, RunSpec, choices, make_plan
from crayfish_ctl.results import RunResult, VerdictState
from crayfish_ctl.results.model import Capacity, Percentiles, Throughput, Verdict
from crayfish_ctl.run.schedule import next_run, not_run

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog(ROOT)


def planned(workloads: list[dict[str, Any]], **sizing: Any) -> Plan:
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
    return make_plan(CATALOG, choices(experiment="t"), experiment)


def ran(
    spec: RunSpec, p50: float = 1.0, capacity: float = 8_000, state: str = "VALID"
) -> RunResult:
    return RunResult(
        run_id=spec.run_id,
        spec=spec,
        verdict=Verdict(state=VerdictState(state)),
        latency_ms=Percentiles(
            count=9, mean=p50, p50=p50, p90=p50, p95=p50, p99=p50, p99_9=p50, max=p50
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
        assert len(done) < 100
    return done


def order(runs: list[RunResult]) -> list[tuple[int, int]]:
    return [(run.spec.workload, run.spec.repetition) for run in runs]


def test_all_workloads_once_then_all_again() -> None:
    done = executed(planned([{"rate": 100}, {"rate": 200}]))
    assert order(done) == [(0, 1), (1, 1), (0, 2), (1, 2)]
    assert [run.spec.index for run in done] == [0, 1, 2, 3]
    assert len({run.run_id for run in done}) == 4


def test_a_wide_interval_is_narrowed_by_more_runs_up_to_the_maximum() -> None:
    plan = planned([{"rate": 100}], max_repetitions=5, precision=0.1)
    assert len(executed(plan, [1.0, 1.001])) == 2
    assert len(executed(plan, [1.0, 3.0])) == 5


def test_only_the_imprecise_workload_is_repeated() -> None:
    plan = planned([{"rate": 100}, {"rate": 200}], max_repetitions=3, precision=0.1)
    # Odd runs are those of the second workload.
    assert order(executed(plan, [1.0, 5.0, 1.0, 1.0, 1.0])) == [
        (0, 1), (1, 1), (0, 2), (1, 2), (1, 3),
    ]  # fmt: skip


def test_an_invalid_run_is_replaced_by_another() -> None:
    plan = planned([{"rate": 100}], max_repetitions=4)
    done = [ran(s) for s in [next_run(plan, [])] if s]
    second = next_run(plan, done)
    assert second is not None
    done.append(ran(second, state="INVALID"))
    third = next_run(plan, done)
    assert third is not None
    assert third.repetition == 3
    done.append(ran(third))
    assert next_run(plan, done) is None


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
    assert [run.spec.cell.rate for run in done[:3]] == [None, 4_000, (4_000 + 16_000) / 2]
    # Another capacity in the second repetition changes nothing: they are repetitions.
    assert [run.spec.cell for run in done[:3]] == [run.spec.cell for run in done[3:]]


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
