"""Repetitions: intervals, warnings, precision, and cells held against each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crayfish_ctl.analysis import (
    key_metric,
    pipeline_efficiency,
    ratio_between,
    ratio_of,
    summarise,
)
from crayfish_ctl.analysis.estimate import estimate
from crayfish_ctl.analysis.ratio import holm
from tests.unit.results.runs import result, saturating
from tests.unit.results.synthetic import Scenario


def test_runs_that_agree_give_no_warning() -> None:
    (cell,) = summarise([result(10.0), result(10.5), result(9.8)], asked=3)

    assert cell.warnings == ()


def test_runs_that_disagree_are_warned_of_with_figures() -> None:
    (cell,) = summarise([result(10.0, p99=20.0), result(10.1, p99=30.0)], asked=2)

    (warning,) = cell.warnings
    assert warning.startswith("p99 latency varies by 28% between 2 runs (20 to 30 ms")
    assert "repeat more often" in warning


def test_a_saturating_cell_is_judged_by_its_capacity() -> None:
    (cell,) = summarise(saturating([1000.0, 1500.0]), asked=2)

    (warning,) = cell.warnings
    assert warning.startswith("capacity varies by 28% between 2 runs (1,000 to 1,500 records/s")
    assert cell.estimates["capacity_records_per_s"].values == (1000.0, 1500.0)


@pytest.mark.parametrize(("asked", "warned"), [(3, True), (2, False), (None, True)])
def test_fewer_valid_runs_than_asked_are_warned_of(asked: int | None, warned: bool) -> None:
    runs = [result(10.0), result(10.0), result(10.0, state="INVALID")]

    (cell,) = summarise(runs, asked)

    expected = "2 of 3 runs are VALID: see why the others are not, mend it, and run them again"
    assert cell.warnings == ((expected,) if warned else ())


def test_only_the_confirmations_of_a_search_count() -> None:
    runs = [
        result(1.0, purpose="probe"),
        result(10.0, purpose="confirm"),
        result(11.0, purpose="confirm"),
    ]

    (cell,) = summarise(runs, asked=5)

    assert (cell.purpose, cell.runs, cell.valid) == ("confirm", 2, 2)
    assert cell.estimates["latency_p50_ms"].mean == 10.5
    assert cell.warnings == ()


def test_a_probe_alone_is_no_reason_to_warn() -> None:
    (cell,) = summarise([result(1.0, purpose="probe", state="INVALID")], asked=5)

    assert (cell.purpose, cell.runs, cell.warnings) == ("probe", 1, ())


def test_what_a_cell_is_run_for() -> None:
    assert key_metric(Scenario(goal="saturate").cell) == "capacity_records_per_s"
    assert key_metric(Scenario(goal="overload").cell) == "latency_p50_ms"


@pytest.mark.parametrize(
    ("reasons", "sustained", "not_carried"),
    [
        (["BACKLOG_GROWING"], False, 1),
        (["LOST", "WRONG_OUTPUTS"], False, 1),
        (["PRODUCER_LATE"], True, 0),
        (["PRODUCER_LATE", "BACKLOG_GROWING"], True, 0),
    ],
)
def test_what_the_system_did_not_carry_is_never_made_up_for(
    reasons: list[str], sustained: bool, not_carried: int
) -> None:
    """Two of three runs were overloaded, the third was a filled mark and exit code 0."""
    (cell,) = summarise([result(10.0), result(10.1), result(9.0, reasons=reasons)])

    assert (cell.sustained, cell.not_carried, cell.valid) == (sustained, not_carried, 2)
    assert any("not sustained" in text for text in cell.warnings) is not sustained


def test_confirmations_are_as_many_as_were_asked_for_whatever_they_say() -> None:
    runs = [result(value, purpose="confirm") for value in (10.0, 10.1, 10.2, 11.0)]
    (cell,) = summarise(runs, asked=2, first=3)
    found = cell.estimates["latency_p50_ms"]
    plain = estimate([10.0, 10.1, 10.2, 11.0])
    assert plain is not None
    assert (found.low, found.high, found.first) == (plain.low, plain.high, None)


def test_where_the_spread_of_the_first_runs_decided_it_makes_the_interval() -> None:
    (cell,) = summarise([result(value) for value in (10.0, 10.4, 9.9, 14.0)], asked=2, first=3)
    found, plain = cell.estimates["latency_p50_ms"], estimate([10.0, 10.4, 9.9, 14.0])
    assert plain is not None
    assert (found.first, found.n) == (3, 4)
    assert found.centre == pytest.approx(plain.centre)
    assert (found.low or 0) > (plain.low or 0)


def test_a_percentile_needs_the_records_that_support_it() -> None:
    few = result(10.0)
    assert few.latency_ms is not None
    few = few.model_copy(update={"latency_ms": few.latency_ms.model_copy(update={"count": 367})})
    (cell,) = summarise([few])

    assert "latency_p95_ms" in cell.estimates
    assert "latency_p99_ms" not in cell.estimates
    assert "latency_max_ms" in cell.estimates


def test_a_ratio_is_welchs_interval_on_logarithms() -> None:
    ours, base = [110.0, 121.0, 115.0], [98.0, 101.0, 104.0, 97.0]
    found = ratio_of(ours, base)
    test = stats.ttest_ind(np.log(ours), np.log(base), equal_var=False)
    interval = test.confidence_interval(0.95)

    assert found is not None
    assert found.value == pytest.approx(np.exp(np.log(ours).mean() - np.log(base).mean()))
    assert found.p_value == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(np.exp([interval.low, interval.high])))


def test_the_interval_of_a_ratio_holds_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    inside = 0
    for _ in range(400):
        ours = np.exp(random.normal(np.log(120), 0.05, 3))
        base = np.exp(random.normal(np.log(100), 0.15, 4))
        found = ratio_of(ours.tolist(), base.tolist())
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 1.2 <= found.high
    assert inside / 400 == pytest.approx(0.95, abs=0.03)


def test_the_rounds_of_one_experiment_are_pairs() -> None:
    """The machine is slow in one round, for both sides: their ratio knows nothing of it."""
    ours, base = [200.0, 151.0, 99.0], [100.0, 75.0, 50.0]
    one, two = estimate(ours, (1, 2, 3)), estimate(base, (1, 2, 3))
    assert one is not None
    assert two is not None
    found, apart = ratio_between(one, two), ratio_of(ours, base)
    test = stats.ttest_rel(np.log(ours), np.log(base))
    interval = test.confidence_interval(0.95)

    assert found is not None
    assert apart is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.exp([interval.low, interval.high])))
    assert found.p_value == pytest.approx(test.pvalue)
    assert (apart.p_value or 0) > 0.05 > (found.p_value or 1)
    other = estimate(base, (1, 2, 4))
    assert other is not None
    assert ratio_between(one, other) == apart


def test_a_ratio_without_repetitions_has_no_interval() -> None:
    found = ratio_of([2.0], [1.0, 1.1])

    assert found is not None
    assert (found.low, found.high, found.p_value) == (None, None, None)
    assert ratio_of([], [1.0]) is None
    assert ratio_of([0.0, 1.0], [1.0]) is None


def test_a_ratio_of_runs_without_any_noise() -> None:
    same, other = ratio_of([2.0, 2.0], [2.0, 2.0]), ratio_of([3.0, 3.0], [2.0, 2.0])

    assert same is not None
    assert other is not None
    assert (same.p_value, other.p_value) == (1.0, 0.0)
    assert other.low == pytest.approx(1.5)
    assert other.high == pytest.approx(1.5)


def test_holm_multiplies_by_the_number_that_is_left() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_pipeline_is_held_against_the_scorer_and_against_itself_without_a_model() -> None:
    runs = [
        *saturating([5000.0, 5100.0]),
        *saturating([10000.0, 10100.0], tool="noop"),
        *saturating([50000.0, 50100.0], pipeline="raw"),
        *saturating([70000.0], pipeline="raw", batch=32),
        result(1.0),
    ]

    found = pipeline_efficiency(summarise(runs))

    assert [(entry.cell.tool, entry.bound) for entry in found] == [
        ("onnx", "raw"),
        ("onnx", "noop"),
    ]
    raw, noop = (entry.ratio for entry in found)
    assert raw.value == pytest.approx(0.101, rel=0.01)
    assert noop.value == pytest.approx(0.5025, rel=0.01)
    assert raw.low is not None
    assert raw.low < raw.value


def test_bounds_without_valid_runs_are_none() -> None:
    runs = [*saturating([5000.0]), *saturating([9.0], tool="noop", state="INVALID")]

    assert pipeline_efficiency(summarise(runs)) == []
