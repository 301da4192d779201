"""The controller's arithmetic of a run is the producer's; names fit everything they go into."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crayfish_contract.runconfig import (
    ConstantArrivals,
    MaxArrivals,
    Parallelism,
    RunConfig,
    StopRule,
    Warmup,
)
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import (
    Cell,
    Plan,
    Points,
    RunSpec,
    choices,
    estimate_seconds,
    make_plan,
    run_config,
    scheduled_records,
)
from crayfish_ctl.plan.runconfig import pool_size
from crayfish_load.arrivals import arrival_process

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog(ROOT)
RATES = st.floats(0.01, 1e6)
SECONDS = st.floats(0.01, 1e4)
COUNTS = st.integers(1, 10**7)


def planned(**changes: Any) -> Plan:
    return make_plan(CATALOG, choices(**{"experiment": "input-rate", **changes}))


def spec(arrivals: ConstantArrivals | MaxArrivals, stop: StopRule, warmup: Warmup) -> RunSpec:
    cell = Cell(
        experiment="x", processor="flink", runtime="python", tool="onnx", model="m",
        arrivals=arrivals,
    )  # fmt: skip
    return RunSpec(run_id="x", index=0, cell=cell, repetition=1, warmup=warmup, stop=stop, seed=0)


@given(rate=RATES, seconds=st.none() | SECONDS, count=COUNTS, warmup=SECONDS, warmup_rate=RATES)
def test_the_planner_counts_what_the_producer_sends(
    rate: float, seconds: float | None, count: int, warmup: float, warmup_rate: float
) -> None:
    stop = StopRule(seconds=seconds, count=count)
    slow = ConstantArrivals(rate=warmup_rate)
    run = spec(ConstantArrivals(rate=rate), stop, Warmup(seconds=warmup, rate=warmup_rate))
    assert scheduled_records(run) == (
        arrival_process(slow).count(StopRule(seconds=warmup)),
        arrival_process(run.cell.arrivals).count(stop),
    )
    assert estimate_seconds(run) >= warmup + scheduled_records(run)[1] / rate


@given(count=COUNTS, seconds=st.none() | SECONDS)
def test_a_flood_ends_by_its_count(count: int, seconds: float | None) -> None:
    run = spec(MaxArrivals(), StopRule(seconds=seconds, count=count), Warmup(seconds=0, rate=1))
    assert scheduled_records(run) == (0, count)


@given(points=st.integers(1, 10**6), batch=st.integers(1, 4096), values=st.integers(1, 200_000))
def test_a_pool_fits_into_memory_and_is_never_empty(points: int, batch: int, values: int) -> None:
    pool = pool_size(points, batch, values)
    assert pool >= 1
    assert pool == 1 or pool * batch * values * 4 <= 64 * 2**20
    assert pool <= points


@settings(max_examples=30)
@given(rates=st.lists(st.floats(0.5, 1e7) | st.just("max"), min_size=1, max_size=4, unique=True))
def test_run_ids_are_unique_folders_and_topics(rates: list[float | str]) -> None:
    """Kafka takes letters, digits, `.`, `_` and `-` in a topic's name, and at most 249 of them."""
    runs = planned(rates=tuple(rates), count=10, repetitions=2).runs
    assert len({run.run_id for run in runs}) == len(runs) == 2 * len(rates)
    for run in runs:
        assert re.fullmatch(r"[0-9]{2,}-[a-zA-Z0-9._-]{1,200}", run.run_id)


def test_a_large_rate_is_shown_in_full() -> None:
    (run,) = planned(rates=(1_500_000.0,), repetitions=1).runs
    assert run.cell.workload == "1500000/s"
    assert run.run_id == "01-flink-python-onnx-1500000-r1"


def test_a_batch_is_a_part_of_the_workload() -> None:
    (run,) = planned(rates=(0.5,), repetitions=1, batch_size=32).runs
    assert run.cell.workload == "0.5/s x32"
    assert run.run_id == "01-flink-python-onnx-0.5-x32-r1"


def test_a_schedule_without_a_record_is_refused() -> None:
    with pytest.raises(CrayfishError, match=r"0\.1/s for 2 s: no record is due"):
        planned(rates=(0.1,), seconds=2.0)
    assert scheduled_records(planned(rates=(0.1,), seconds=10.0).runs[0])[1] == 1


def test_each_repetition_has_a_seed_of_its_own() -> None:
    runs = planned(rates=(10.0, 20.0), repetitions=2, seed=7).runs
    assert [run.seed for run in runs] == [8, 8, 9, 9]
    assert [run.index for run in runs] == [0, 1, 2, 3]


def test_the_flags_options_are_for_the_experiments_tool(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("""\
name: mine
question: whose option is it?
defaults: {processor: flink, runtime: python, tool: onnx, model: ffnn}
profiles:
  laptop:
    repetitions: 1
    warmup: {seconds: 1}
    stop: {seconds: 1}
    workloads:
      - {rate: 5}
      - {rate: 5, tool: noop, tool_options: {service_time_ms: 2}}
""")
    plan = planned(experiment=str(path), tool_options={"threads": 2})
    runs = sorted(plan.runs, key=lambda run: run.workload)
    assert [(run.cell.tool, run.cell.tool_options) for run in runs] == [
        ("onnx", {"threads": 2}),
        ("noop", {"service_time_ms": 2}),
    ]
    assert list(plan.tools) == ["onnx", "noop"]
    configs = [run_config(plan, run, Points("file", 4, "/p", "/r")) for run in runs]
    assert [(c.model.format, c.model.path) for c in configs] == [
        ("onnx", "/models/ffnn/ffnn.onnx"),
        ("none", ""),
    ]
    assert [c.workload.points.reference_path for c in configs] == ["/r", None]


def test_the_stack_is_the_harness_and_what_is_measured() -> None:
    plan = planned()
    harness = ["kafka", "prometheus"]
    for pipeline, fragments in {
        "kafka": ["load", "flink", "flink-job"],
        "in-job": ["flink", "flink-job"],
        "raw": ["flink", "flink-raw"],
    }.items():
        cell = plan.runs[0].cell.model_copy(update={"pipeline": pipeline})
        assert plan.fragments(cell) == [*harness, *fragments]
    assert plan.images == [
        "kafka", "prometheus", "cgroup-exporter", "producer", "consumer", "flink",
    ]  # fmt: skip


def test_a_run_config_carries_the_choices_and_can_be_read_back() -> None:
    plan = planned(
        rates=("max",), count=100, repetitions=1, parallelism=(2, 3, 4), chained=False,
        record_format="json", delivery="exactly-once", batch_size=4, seed=9,
        processor_options={"bundle_size": 7},
    )  # fmt: skip
    config = run_config(plan, plan.runs[0], Points("random", 50))
    assert RunConfig.model_validate_json(config.model_dump_json()) == config
    assert config.parallelism == Parallelism(source=2, scorer=3, sink=4, chained=False)
    assert (config.kafka.input_partitions, config.kafka.output_partitions) == (2, 4)
    assert (config.format, config.delivery) == ("json", "exactly-once")
    assert config.processor.options["bundle_size"] == 7
    assert config.kafka.input_topic == "crayfish-01-flink-python-onnx-max-x4-r1-in"
    assert config.kafka.output_topic == "crayfish-01-flink-python-onnx-max-x4-r1-out"
    points = config.workload.points
    assert (points.kind, points.path, points.reference_path) == ("random", None, None)
    assert (points.count, points.seed, points.pool) == (50, 9, 25)


def test_a_flood_has_more_time_to_drain() -> None:
    flood, paced = (
        run_config(plan, plan.runs[0], Points("random", 5)).deadlines.drain_total
        for plan in (planned(rates=("max",), count=5), planned(rates=(5.0,)))
    )
    assert (flood, paced) == (600.0, 120.0)


def test_a_processor_that_dies_has_time_to_come_back() -> None:
    patient, usual = (
        run_config(plan, plan.runs[0], Points("random", 5)).deadlines.drain_idle
        for plan in (
            planned(runtimes=("jvm",), delivery="exactly-once", rates=(5.0,)),
            planned(rates=(5.0,)),
        )
    )
    assert patient > 2 * usual


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"delivery": "exactly-once", "runtimes": ("jvm",)}, 10.0),
        (
            {
                "delivery": "exactly-once",
                "runtimes": ("jvm",),
                "processor_options": {"progress_interval_ms": 20_000},
            },
            40.0,
        ),
        ({}, 0.0),
    ],
)
def test_late_duplicates_are_listened_for_where_they_matter(
    options: dict[str, Any], seconds: float
) -> None:
    plan = planned(rates=(5.0,), **options)
    assert run_config(plan, plan.runs[0], Points("random", 5)).deadlines.listen == seconds
