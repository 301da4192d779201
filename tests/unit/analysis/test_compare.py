"""Two experiments with known values: what is told apart, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crayfish_contract.runconfig import PoissonArrivals
from crayfish_ctl.analysis.compare import (
    ComparedResults,
    compare_results,
    identity_of,
    more_is_better,
)
from crayfish_ctl.analysis.differences import differences
from crayfish_ctl.analysis.repetition import METRICS
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import Image, Results
from tests.unit.results.runs import result, saturating
from tests.unit.results.synthetic import Scenario, manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crayfish_ctl.results import RunResult

FLOOD: dict[str, Any] = {"rate": None, "goal": "saturate"}


def results(path: Path, runs: Sequence[RunResult]) -> Results:
    return Results(path=path, manifest=manifest(), runs=tuple(runs))


def compared(
    tmp_path: Path, base: Sequence[RunResult], other: Sequence[RunResult], **options: Any
) -> ComparedResults:
    return compare_results(
        results(tmp_path / "a", base), [results(tmp_path / "b", other)], **options
    )


def test_half_the_capacity_is_a_regression(tmp_path: Path) -> None:
    found = compared(tmp_path, saturating([1000, 1010, 990]), saturating([500, 505, 490]))

    (row,) = found.comparisons
    assert row.metric == "capacity_records_per_s"
    assert row.change == pytest.approx(-0.5, abs=0.01)
    assert row.outcome == "worse"
    assert found.regressions == (row,)


def test_a_shorter_latency_is_better(tmp_path: Path) -> None:
    slow = [result(value, p99=value) for value in (10.0, 10.1, 9.9)]
    fast = [result(value, p99=9.0) for value in (5.0, 5.1, 4.9)]
    found = compared(tmp_path, slow, fast, metrics=["latency_p50_ms"])

    (row,) = found.comparisons
    assert (row.outcome, row.regression) == ("better", False)


def test_noise_is_no_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, saturating([1000, 1100, 900]), saturating([950, 1080, 980]))

    (row,) = found.comparisons
    assert (row.outcome, row.regression) == ("no difference", False)
    assert row.ratio is not None
    assert row.ratio.low is not None
    assert row.ratio.high is not None
    assert row.ratio.low < 1 < row.ratio.high


@pytest.mark.parametrize(("threshold", "regressions"), [(0.02, 1), (0.05, 0)])
def test_a_small_worsening_is_worse_but_no_regression(
    tmp_path: Path, threshold: float, regressions: int
) -> None:
    base, other = saturating([1000, 1001, 999]), saturating([970, 971, 969])
    found = compared(tmp_path, base, other, threshold=threshold)

    assert found.comparisons[0].outcome == "worse"
    assert len(found.regressions) == regressions


def test_one_run_tells_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, saturating([1000]), saturating([500, 505]))

    (row,) = found.comparisons
    assert (row.outcome, row.adjusted_p, row.regression) == ("unknown", None, False)
    assert row.change == pytest.approx(-0.5, abs=0.01)


def test_many_comparisons_need_more_evidence_each(tmp_path: Path) -> None:
    base = [run for batch in range(1, 21) for run in saturating([100, 102, 98], batch=batch)]
    one = saturating([96, 95, 94], batch=1)
    rest = [run for batch in range(2, 21) for run in saturating([100, 102, 98], batch=batch)]

    alone = compared(tmp_path, base[:3], one).comparisons[0]
    among = compared(tmp_path, base, [*one, *rest]).comparisons[0]

    assert alone.ratio == among.ratio
    assert alone.adjusted_p is not None
    assert among.adjusted_p == pytest.approx(20 * alone.adjusted_p)
    assert (alone.outcome, among.outcome) == ("worse", "no difference")


def test_only_valid_runs_are_compared(tmp_path: Path) -> None:
    base = saturating([1000, 1010, 990])
    found = compared(tmp_path, base, saturating([500, 500], state="INVALID"))

    assert found.comparisons == ()
    assert [entry.why for entry in found.unmatched] == ["no VALID run in the other"]


def test_cells_without_a_counterpart_are_listed(tmp_path: Path) -> None:
    base = [*saturating([1000]), result(1.0, rate=100.0)]
    found = compared(tmp_path, base, [*saturating([1000]), result(1.0, rate=200.0)])

    assert [(entry.cell.rate, entry.why) for entry in found.unmatched] == [
        (100.0, "only in the base"),
        (200.0, "not in the base"),
    ]


def test_several_others_are_one_table(tmp_path: Path) -> None:
    base = results(tmp_path / "a", saturating([1000, 1010, 990]))
    others = [
        results(tmp_path / "b", saturating([1000, 1020, 985])),
        results(tmp_path / "c", saturating([500, 505, 490])),
    ]

    found = compare_results(base, others)

    assert found.others == ("b", "c")
    assert [(row.other, row.outcome) for row in found.comparisons] == [
        (0, "no difference"),
        (1, "worse"),
    ]


def test_a_cell_with_a_title_is_recognised_by_it() -> None:
    one = Scenario(rate=700.0, title="0.5 x capacity").cell
    two = Scenario(rate=900.0, title="0.5 x capacity").cell

    assert identity_of(one) == identity_of(two)
    assert identity_of(one) != identity_of(Scenario(rate=700.0).cell)
    assert identity_of(Scenario(rate=700.0).cell) != identity_of(Scenario(rate=900.0).cell)
    assert identity_of(one) != identity_of(Scenario(rate=700.0, title=one.title, tool="noop").cell)


def test_the_seed_of_random_arrivals_is_no_identity() -> None:
    one, two = (Scenario(arrivals=PoissonArrivals(rate=9, seed=seed)).cell for seed in (1, 2))

    assert identity_of(one) == identity_of(two)


def test_probes_of_a_search_are_not_compared(tmp_path: Path) -> None:
    base = [result(1.0, purpose="probe", rate=50.0), result(1.0, purpose="confirm", rate=70.0)]
    found = compared(tmp_path, base, base)

    assert {row.cell.rate for row in found.comparisons} == {70.0}
    assert found.unmatched == ()


def test_every_metric_has_a_better_direction() -> None:
    assert {metric for metric in METRICS if more_is_better(metric)} == {
        metric
        for metric in METRICS
        if metric.endswith(("_per_s", "accuracy")) or "per_cpu_second" in metric
    }
    assert not more_is_better("cpu_seconds_per_million_points")
    assert not more_is_better("latency_p99_ms")


def test_an_unknown_metric_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match="--metric speed"):
        compared(tmp_path, saturating([1.0]), saturating([1.0]), metrics=["speed"])


def test_equal_circumstances_do_not_differ() -> None:
    assert differences(manifest(), manifest()) == []


def test_what_differs_between_two_experiments_is_said() -> None:
    base = manifest()
    host = base.host.model_copy(update={"cores": 8, "kernel": "6.2"})
    limits = {"profile": {"resources": {"kafka": {"cpus": 0.5, "memory": "1g", "heap": None}}}}
    other = base.model_copy(
        update={
            "host": host,
            "engine": base.engine.model_copy(update={"version": "27.0"}),
            "images": {"crayfish/flink:dev": Image(id="sha256:" + "cd" * 32)},
            "packages": {**base.packages, "polars": "1.31.0"},
            "plan": limits,
        }
    )

    assert differences(base, other) == [
        "cores: 2 -> 8",
        "kernel: 6.1.0 -> 6.2",
        "engine version: 20.10.24 -> 27.0",
        "limits of kafka: none -> cpus 0.5, memory 1g",
        "image crayfish/flink:dev: sha256:abababababab -> sha256:cdcdcdcdcdcd",
        "package polars: 1.30.0 -> 1.31.0",
    ]


def test_many_differences_of_a_kind_are_counted() -> None:
    other = manifest().model_copy(update={"packages": {f"p{i}": "1" for i in range(9)}})

    found = differences(manifest(), other)

    assert len(found) == 6
    assert found[-1] == "package ...: 6 more differ"
