"""The numbers of a simulated run are those that the simulation was made with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from crayfish_ctl.analysis import collect_run
from crayfish_ctl.analysis.estimate import estimate
from crayfish_ctl.analysis.percentiles import percentiles, records_needed
from crayfish_ctl.analysis.repetition import summarise
from crayfish_ctl.analysis.throughput import middle_rate
from crayfish_ctl.analysis.timeline import backlog_at, upward_slope
from crayfish_ctl.analysis.usage import Usage
from crayfish_ctl.catalog.model import Counter
from crayfish_ctl.results import METRICS_SCHEMA, STAGES, VerdictState
from tests.unit.results.synthetic import COUNTER, POINTS, REFERENCE, START, S, Scenario, write_run

if TYPE_CHECKING:
    from pathlib import Path


def run(tmp_path: Path, **changes: Any) -> Any:
    """A `RunResult`; Any, because a test knows which of its parts are there."""
    scenario = Scenario(**changes)
    return collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE)


def test_percentiles_are_nearest_rank() -> None:
    found = percentiles(np.arange(1, 1001, dtype=float))

    assert found is not None
    assert (found.p50, found.p90, found.p95, found.p99, found.p99_9) == (500, 900, 950, 990, 999)
    assert (found.max, found.mean, found.count) == (1000, 500.5, 1000)


def test_a_percentile_of_few_values_is_one_of_them() -> None:
    found = percentiles(np.array([3.0, 1.0, 2.0]))

    assert found is not None
    assert (found.p50, found.p99) == (2.0, 3.0)
    assert percentiles(np.array([])) is None


def test_latency_of_a_quiet_run_is_the_sum_of_its_known_parts(tmp_path: Path) -> None:
    found = run(tmp_path, seconds=4.0)

    # 0.02 late + 0.5 there + 0.8 service + 2 * 0.5 back
    assert found.latency_ms.p50 == pytest.approx(2.32, abs=0.001)
    assert found.latency_ms.count == 2000
    # Nothing waited for its turn, so there is no stage `wait`.
    assert [*found.stages_ms] == [stage for stage in STAGES if stage != "wait"]
    assert {stage: span.p50 for stage, span in found.stages_ms.items()} == pytest.approx(
        {"schedule": 0.02, "input": 0.5, "score": 0.8, "output": 1.0}, abs=0.001
    )
    assert found.service_ms == found.stages_ms["score"]
    assert found.verdict.state is VerdictState.VALID
    assert not found.verdict.notes


def test_the_stages_of_each_record_add_up_to_its_latency(tmp_path: Path) -> None:
    run(tmp_path, jitter_ms=0.5, seconds=3.0)

    records = pl.read_parquet(tmp_path / "run-1" / "records.parquet")
    parts = [
        records[end] - records[start]
        for start, end in (
            ("intended_ns", "sent_ns"),
            ("sent_ns", "received_ns"),
            ("received_ns", "scored_ns"),
            ("scored_ns", "consumed_ns"),
        )
    ]
    assert (sum(parts[1:], parts[0]) == records["consumed_ns"] - records["intended_ns"]).all()


def test_a_pause_of_three_seconds_is_counted_for_every_record_due_meanwhile(tmp_path: Path) -> None:
    found = run(tmp_path, pause=(3.0, 3.0), seconds=10.0, rate=200.0)

    assert found.latency_ms.max == pytest.approx(3000, abs=10)
    # 600 of 2000 records were due during the pause, and the backlog took 0.57 s more
    assert found.latency_ms.p90 > 1500
    assert found.backlog.max == pytest.approx(600, abs=5)


def test_a_saturated_run_finds_the_capacity_of_the_server(tmp_path: Path) -> None:
    found = run(tmp_path, rate=None, goal="saturate", seconds=3.0, service_ms=0.5)

    capacity = found.throughput.capacity
    assert capacity.records_per_s == pytest.approx(2000, rel=0.001)
    assert capacity.sharing_records_per_s == pytest.approx(2000, rel=0.001)
    assert capacity.drain_records_per_s == pytest.approx(2000, rel=0.001)
    assert not capacity.lower_bound
    assert found.throughput.offered_records_per_s is None
    assert found.throughput.sent_records_per_s == pytest.approx(3000, rel=0.001)
    assert found.backlog.at_sending_end == pytest.approx(3000, abs=5)
    assert found.backlog.slope_records_per_s == pytest.approx(1000, rel=0.01)


def test_a_capacity_that_was_not_reached_is_a_lower_bound(tmp_path: Path) -> None:
    found = run(tmp_path, rate=100.0, goal="saturate", seconds=4.0)

    assert found.throughput.capacity.lower_bound
    assert [note.code for note in found.verdict.notes] == ["NOT_SATURATED"]


def test_a_long_but_constant_latency_does_not_lower_the_achieved_rate(tmp_path: Path) -> None:
    found = run(tmp_path, network_ms=150.0, seconds=4.0)

    assert found.throughput.achieved_records_per_s == pytest.approx(500, rel=0.001)
    assert found.verdict.state is VerdictState.VALID


def test_cpu_is_interpolated_over_the_window(tmp_path: Path) -> None:
    found = run(tmp_path, seconds=4.5)

    parts = {part.name: part for part in found.components}
    assert parts["flink-taskmanager"].mean_cores == pytest.approx(0.6)
    assert parts["flink-taskmanager"].cpu_seconds == pytest.approx(0.6 * 4.5)
    assert parts["flink-taskmanager"].role == parts["flink-jobmanager"].role == "processor"
    assert parts["kafka"].role == "broker"
    # both Flink containers: 0.65 cores for 500 records/s
    assert found.efficiency.records_per_cpu_second == pytest.approx(500 / 0.65, rel=0.01)
    assert found.efficiency.cpu_seconds_per_million_points == pytest.approx(1300, rel=0.01)


def test_the_producer_is_counted_until_it_has_sent_everything(tmp_path: Path) -> None:
    found = run(tmp_path, rate=None, goal="saturate", seconds=4.0, service_ms=2.0)

    parts = {part.name: part for part in found.components}
    assert parts["producer"].cpu_seconds == pytest.approx(0.15 * 4.0, rel=0.05)
    assert parts["consumer"].cpu_seconds == pytest.approx(0.12 * 24.0, rel=0.05)
    assert found.verdict.state is VerdictState.VALID


def test_a_counter_goes_on_after_a_restart() -> None:
    values = [10.0, 11.0, 0.0, 1.0, 2.0]
    table = pl.DataFrame(
        [
            (START / S + i, "container_cpu_usage_seconds_total", "flink", "{}", v)
            for i, v in enumerate(values)
        ],
        schema=METRICS_SCHEMA,
        orient="row",
    )

    used = Usage(table).increase("flink", "container_cpu_usage_seconds_total", START, START + 4 * S)

    assert used == pytest.approx(3.0)


def test_a_window_that_the_scrapes_do_not_cover_has_no_value() -> None:
    table = pl.DataFrame(
        [(START / S, "container_cpu_usage_seconds_total", "flink", "{}", 1.0)],
        schema=METRICS_SCHEMA,
        orient="row",
    )

    assert (
        Usage(table).increase("flink", "container_cpu_usage_seconds_total", START, START + 9 * S)
        is None
    )


def test_what_a_component_is_for_is_what_its_run_wrote_down(tmp_path: Path) -> None:
    """Whatever its service is called; older results do not say it."""
    told = {"kafka": {"role": "server"}, "prometheus": {"role": None}}
    found = run(tmp_path, seconds=3.0, containers=told)
    roles = {part.name: part.role for part in found.components}

    assert (roles["kafka"], roles["prometheus"]) == ("server", "monitoring")
    assert roles["flink-taskmanager"] == "processor"


@pytest.mark.parametrize("batch", [1, 7])
def test_accuracy_is_that_of_exactly_the_points_that_were_sent(tmp_path: Path, batch: int) -> None:
    found = run(tmp_path, seconds=3.0, batch=batch).correctness

    assert found.checked == 1500
    assert found.max_deviation == pytest.approx(2e-7)
    assert found.end_to_end_accuracy == found.offline_accuracy
    assert found.test_set_accuracy == pytest.approx(29 / 30)


def test_whole_passes_have_the_accuracy_of_the_test_set(tmp_path: Path) -> None:
    found = run(tmp_path, rate=POINTS / 2.0, seconds=6.0).correctness

    assert found.end_to_end_accuracy == found.offline_accuracy == found.test_set_accuracy


def test_noop_has_no_accuracy(tmp_path: Path) -> None:
    assert run(tmp_path, tool="noop", seconds=3.0).correctness.end_to_end_accuracy is None


def test_counts_follow_every_id(tmp_path: Path) -> None:
    found = run(tmp_path, seconds=3.0, lose=3, fail=2, refuse=4, repeat=5, undecodable=1).counts

    assert found.sent == 1500
    assert (found.lost, found.failed, found.undelivered) == (3, 2, 4)
    assert (found.duplicates, found.undecodable, found.unfinished) == (5, 1, 0)
    assert found.delivered == 1496
    assert found.received == 1493
    assert found.ok + found.failed + found.lost + found.undelivered == found.sent
    assert found.points == found.ok


def test_warm_up_records_are_kept_and_do_not_count(tmp_path: Path) -> None:
    found = run(tmp_path, seconds=3.0, warmup_seconds=2.0)

    records = pl.read_parquet(tmp_path / "run-1" / "records.parquet")
    assert records["segment"].value_counts(sort=True).rows() == [
        ("measured", 1500),
        ("warmup", 1000),
    ]
    assert found.counts.sent == found.latency_ms.count == 1500


def test_backlog_counts_what_is_on_its_way() -> None:
    at = backlog_at(np.array([1, 2, 3]), np.array([2, 5]), np.array([0, 1, 2, 3, 5]))

    assert at.tolist() == [0, 1, 1, 2, 1]


def test_a_straight_rise_has_its_slope_and_a_flat_line_none() -> None:
    slope, p_value = upward_slope(np.arange(20) * 5.0, 10.0)

    assert slope == pytest.approx(10.0)
    assert p_value < 1e-9
    assert upward_slope(np.full(20, 3.0), 10.0) == (0.0, 1.0)


def test_too_few_results_have_no_rate() -> None:
    assert middle_rate(np.array([1])) is None
    assert middle_rate(np.array([5, 5, 5])) is None


def test_an_interval_is_students_t_on_logarithms() -> None:
    found = estimate([10.0, 12.0, 14.4])

    assert found is not None
    assert found.mean == pytest.approx(36.4 / 3)
    assert (found.median, found.n) == (12.0, 3)
    assert found.geometric_mean == pytest.approx(12.0)
    # t(0.975, 2 degrees of freedom) = 4.302653; the logarithms are log(1.2) apart
    half = 4.302653 * np.log(1.2) / 3**0.5
    assert found.high == pytest.approx(12.0 * np.exp(half), rel=1e-6)
    assert found.low == pytest.approx(12.0 / np.exp(half), rel=1e-6)
    assert found.cv == pytest.approx(np.std([10.0, 12.0, 14.4], ddof=1) / (36.4 / 3))


@pytest.mark.parametrize(
    ("quantile", "records"), [(0.5, 6), (0.95, 72), (0.99, 368), (0.999, 3688)]
)
def test_a_percentile_is_supported_by_so_many_records(quantile: float, records: int) -> None:
    assert records_needed(quantile) == records
    # All values but the largest lie below the quantile with less than 97.5 %.
    assert stats.binom.cdf(records - 1, records, quantile) >= 0.975
    assert stats.binom.cdf(records - 2, records - 1, quantile) < 0.975


def test_one_run_has_no_interval() -> None:
    found = estimate([10.0])

    assert found is not None
    assert found.low is found.high is found.cv is None
    assert estimate([]) is None


def test_only_valid_runs_enter_a_cell(tmp_path: Path) -> None:
    good = run(tmp_path / "a", seconds=3.0)
    bad = run(tmp_path / "b", seconds=3.0, lose=10)

    (cell,) = summarise([good, bad])

    assert (cell.runs, cell.valid, cell.invalid) == (2, 1, 1)
    assert cell.estimates["latency_p50_ms"].n == 1


@pytest.mark.parametrize("goal", ["sustain", "saturate"])
def test_the_processors_own_counter_is_read_over_the_same_time(tmp_path: Path, goal: str) -> None:
    rate = None if goal == "saturate" else 400.0
    scenario = Scenario(rate=rate, goal=goal, seconds=6.0, counter_share=0.9)
    found = collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE, COUNTER)

    assert found.throughput is not None
    capacity = found.throughput.capacity
    ours = capacity.records_per_s if capacity else found.throughput.achieved_records_per_s
    assert found.throughput.processor_records_per_s == pytest.approx(0.9 * ours, rel=0.003)


@pytest.mark.parametrize(("every_s", "rate"), [(1, 100.0), (5, None)])
def test_a_counter_that_moves_in_large_steps_says_nothing_of_a_short_time(
    every_s: int, rate: float | None
) -> None:
    labels = '{"operator_name": "scorer"}'
    rows = [
        (START / S + i, COUNTER.metric, "p", labels, 100.0 * (i - i % every_s)) for i in range(10)
    ]
    table = pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")
    counter = Counter(metric=COUNTER.metric, labels={"operator_name": "scorer"})
    assert Usage(table).counted_per_s(counter, START, START + 9 * S) == rate


def test_a_counter_that_is_not_there_has_no_rate(tmp_path: Path) -> None:
    scenario = Scenario(seconds=3.0, counter_share=0.9)
    nobody = Counter(metric=COUNTER.metric, labels={"operator_name": "nobody"})
    found = collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE, nobody)

    assert found.throughput is not None
    assert found.throughput.processor_records_per_s is None


def test_a_container_that_leaves_between_two_scrapes_is_counted_to_the_end() -> None:
    table = pl.DataFrame(
        [
            (START / S + i, "container_cpu_usage_seconds_total", "raw-scorer", "{}", 0.9 * i)
            for i in range(6)
        ],
        schema=METRICS_SCHEMA,
        orient="row",
    )

    used = Usage(table).increase(
        "raw-scorer", "container_cpu_usage_seconds_total", START, START + int(5.8 * S)
    )

    assert used == pytest.approx(0.9 * 5.8)


@pytest.mark.parametrize(("silence_s", "known"), [(0.0, False), (10.0, True)])
def test_a_job_that_ends_with_its_last_record_is_counted_to_the_end(
    silence_s: float, known: bool
) -> None:
    rows = [
        (START / S + i, "container_cpu_usage_seconds_total", "job", "{}", 0.5 * i) for i in range(6)
    ]
    table = pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")
    name, end = "container_cpu_usage_seconds_total", START + 15 * S
    assert (Usage(table, silence_s).increase("job", name, START, end) is not None) is known


def test_latency_from_the_send_hides_what_waited_before_it(tmp_path: Path) -> None:
    found = run(tmp_path, hold=(2.0, 2.0), seconds=6.0, rate=200.0, goal="overload")

    assert found.latency_ms.max == pytest.approx(2000, abs=10)
    # 400 records are sent at once, and the last waits for 399 scores
    assert found.send_latency_ms.max == pytest.approx(400 * 0.8 + 1.5, abs=5)
    assert found.send_latency_ms.count == found.latency_ms.count


def test_faults_are_what_was_really_done(tmp_path: Path) -> None:
    fact = {"service": "kafka", "action": "pause", "started_ns": START, "ended_ns": START + S}
    scenario = Scenario(seconds=3.0)
    run_dir = write_run(tmp_path, scenario)
    (run_dir / "faults.json").write_text(json.dumps([fact]))

    (found,) = collect_run(run_dir, scenario.spec()).faults

    assert found.model_dump(exclude_none=True) == fact
