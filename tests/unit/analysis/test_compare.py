"""Two experiments with known values: what is told apart, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_contract.runconfig import PoissonArrivals
from crayfish_ctl.analysis.compare import compare_results
from crayfish_ctl.analysis.comparison import more_is_better
from crayfish_ctl.analysis.differences import differences
from crayfish_ctl.analysis.identity import cells_of, identity_of
from crayfish_ctl.analysis.metrics import METRICS
from crayfish_ctl.analysis.options import recorded_defaults
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import Image, Results
from tests.unit.results.runs import result, saturating
from tests.unit.results.synthetic import Scenario, manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.analysis.comparison import ComparedResults
    from crayfish_ctl.results import RunResult

FLOOD: dict[str, Any] = {"rate": None, "goal": "saturate"}


SEARCH = {"percentile": "p99", "objective_ms": 100, "tolerance": 0.1, "confirm": 2}


def results(
    path: Path, runs: Sequence[RunResult], workloads: Sequence[dict[str, Any]] = ()
) -> Results:
    about = manifest().model_copy(update={"plan": {"sizing": {"workloads": list(workloads)}}})
    return Results(path=path, manifest=about, runs=tuple(runs))


def searching(path: Path, found: float, failed: float, confirmations: int = 2) -> Results:
    """A search in which one rate held and a higher one did not."""
    held: dict[str, Any] = {"p99": 50.0, "rate": found}
    runs = [
        result(1.0, purpose="probe", **held),
        result(1.0, purpose="probe", p99=500.0, rate=failed),
        *(result(1.0, purpose="confirm", **held) for _ in range(confirmations)),
    ]
    return results(path, runs, [{"rate": "capacity", "search": SEARCH}])


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
    assert found.count("worse") == 1


def test_a_shorter_latency_is_better(tmp_path: Path) -> None:
    slow = [result(value, p99=value) for value in (10.0, 10.1, 9.9)]
    fast = [result(value, p99=9.0) for value in (5.0, 5.1, 4.9)]
    found = compared(tmp_path, slow, fast, metrics=["latency_p50_ms"])

    (row,) = found.comparisons
    assert row.outcome == "better"


def test_noise_is_no_evidence_of_no_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, saturating([1000, 1100, 900]), saturating([950, 1080, 980]))

    (row,) = found.comparisons
    assert row.outcome == "undecided"
    assert row.ratio is not None
    assert row.ratio.low is not None
    assert row.ratio.high is not None
    assert row.ratio.low < 1 < row.ratio.high
    assert row.decision.visible == pytest.approx(row.ratio.low / row.ratio.value - 1)
    needed = row.decision.runs_needed
    assert needed is not None
    assert needed > 3


@pytest.mark.parametrize(
    ("factor", "metric", "risks"),
    [
        (1.04, "capacity_records_per_s", 0),
        (0.96, "capacity_records_per_s", 1),
        (0.96, "latency_p50_ms", 0),
        (1.04, "latency_p50_ms", 1),
    ],
)
def test_what_may_only_be_better_stops_nobody(
    tmp_path: Path, factor: float, metric: str, risks: int
) -> None:
    values = [1000.0, 1015.0, 985.0]
    changed = [value * factor for value in values]
    made = saturating if metric.startswith("capacity") else lambda v: [result(n) for n in v]
    found = compared(tmp_path, made(values), made(changed), metrics=[metric])

    assert found.comparisons[0].outcome == "undecided"
    assert found.risks == risks


def test_no_difference_has_to_be_shown(tmp_path: Path) -> None:
    base, other = saturating([1000, 1010, 990]), saturating([1005, 1015, 995])
    assert compared(tmp_path, base, other).comparisons[0].outcome == "within"
    assert compared(tmp_path, base, other, threshold=0.01).comparisons[0].outcome == "undecided"


def test_a_halving_that_holm_does_not_let_through_is_undecided(tmp_path: Path) -> None:
    """As it was found: -71.7 % to -13.4 %, p 0.051 after Holm, and nothing worse was known."""
    base, other = [5300.0, 5900.0, 8300.0], [3700.0, 2400.0, 3100.0]
    still = [run for batch in (2, 3, 4) for run in saturating([100, 101, 99], batch=batch)]
    found = compared(tmp_path, [*saturating(base), *still], [*saturating(other), *still])

    row = found.comparisons[0]
    assert row.adjusted_p is not None
    assert row.adjusted_p > 0.05
    assert row.change is not None
    assert row.change < -0.45
    assert row.outcome == "undecided"
    assert found.count("undecided") == 1
    assert row.decision.visible is not None
    assert row.decision.visible < row.change, "it would have been seen had it been that large"
    assert row.decision.runs_needed in range(4, 10)


@pytest.mark.parametrize(
    ("threshold", "outcome"), [(0.02, "worse"), (0.0302, "undecided"), (0.05, "within")]
)
def test_a_small_worsening_matters_above_the_threshold(
    tmp_path: Path, threshold: float, outcome: str
) -> None:
    base, other = saturating([1000, 1001, 999]), saturating([970, 971, 969])
    found = compared(tmp_path, base, other, threshold=threshold)

    assert found.comparisons[0].outcome == outcome


def test_one_run_decides_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, saturating([1000]), saturating([500, 505]))

    (row,) = found.comparisons
    assert (row.outcome, row.adjusted_p, row.decision.runs_needed) == ("undecided", None, 3)
    assert row.change == pytest.approx(-0.5, abs=0.01)


def test_of_equals_at_most_one_in_twenty_differs() -> None:
    random = np.random.default_rng(7)
    outcomes = [_simulated(random, 1.0, cells=4) for _ in range(200)]

    assert sum("worse" in found or "better" in found for found in outcomes) <= 0.05 * 200
    assert sum(found.count("within") for found in outcomes) < 0.6 * 4 * 200, "noise is no proof"


def test_a_halving_is_found() -> None:
    random = np.random.default_rng(8)
    outcomes = [_simulated(random, 0.5, cells=4)[0] for _ in range(100)]

    assert outcomes.count("worse") >= 95
    assert "within" not in outcomes


def _simulated(random: np.random.Generator, factor: float, cells: int) -> list[str]:
    """The outcomes of a comparison; the first cell of the other has so much of its capacity."""
    spread = 0.05

    def sample(mean: float, batch: int) -> list[RunResult]:
        return saturating(np.exp(random.normal(np.log(mean), spread, 3)).tolist(), batch=batch)

    base = [run for batch in range(1, cells + 1) for run in sample(1000, batch)]
    other = [
        run
        for batch in range(1, cells + 1)
        for run in sample(1000 * (factor if batch == 1 else 1), batch)
    ]
    found = compare_results(results(Path("a"), base), [results(Path("b"), other)])
    return [row.outcome for row in found.comparisons]


def test_many_comparisons_need_more_evidence_each(tmp_path: Path) -> None:
    base = [run for batch in range(1, 21) for run in saturating([100, 102, 98], batch=batch)]
    one = saturating([96, 95, 94], batch=1)
    rest = [run for batch in range(2, 21) for run in saturating([100, 102, 98], batch=batch)]

    alone = compared(tmp_path, base[:3], one).comparisons[0]
    among = compared(tmp_path, base, [*one, *rest]).comparisons[0]

    assert alone.ratio == among.ratio
    assert alone.adjusted_p is not None
    assert among.adjusted_p == pytest.approx(20 * alone.adjusted_p)
    assert alone.adjusted_p < 0.05 < (among.adjusted_p or 0)


def test_only_valid_runs_are_compared(tmp_path: Path) -> None:
    base = saturating([1000, 1010, 990])
    found = compared(tmp_path, base, saturating([500, 500], state="INVALID"))

    assert found.comparisons == ()
    assert [(entry.why, entry.outcome) for entry in found.unmatched] == [
        ("no VALID run in the other", "undecided")
    ]


def test_what_is_not_sustained_any_more_is_worse(tmp_path: Path) -> None:
    base = [result(1.0), result(1.1), result(1.2)]
    other = [result(1.0), result(1.1, reasons=["BACKLOG_GROWING"]), result(1.2)]

    found, back = compared(tmp_path, base, other), compared(tmp_path, other, base)
    assert [(entry.why, entry.outcome) for entry in found.unmatched] == [
        ("not sustained in the other (not carried in 1 of 3 runs)", "worse")
    ]
    assert found.comparisons == (), "the lucky runs are not compared"
    assert [entry.outcome for entry in back.unmatched] == ["better"]
    assert [e.outcome for e in compared(tmp_path, other, other).unmatched] == [None]


def test_a_value_that_one_side_has_not_is_undecided(tmp_path: Path) -> None:
    """Too few records for a p99 is no reason to say that it is as it was."""
    base = [result(value) for value in (1.0, 1.01, 0.99)]
    few = [
        run.model_copy(update={"latency_ms": run.latency_ms.model_copy(update={"count": 300})})
        for run in base
        if run.latency_ms
    ]
    found = compared(tmp_path, base, few, metrics=["latency_p50_ms", "latency_p99_ms"])
    assert [(row.metric, row.outcome) for row in found.comparisons] == [
        ("latency_p50_ms", "within")
    ]
    assert [(entry.why, entry.outcome) for entry in found.unmatched] == [
        ("latency_p99_ms only in the base", "undecided")
    ]


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
        results(tmp_path / "b", saturating([1000, 1012, 992])),
        results(tmp_path / "c", saturating([500, 505, 490])),
    ]

    found = compare_results(base, others)

    assert found.others == ("b", "c")
    assert [(row.other, row.outcome) for row in found.comparisons] == [
        (0, "within"),
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


def test_a_share_of_the_capacity_is_no_rate(tmp_path: Path) -> None:
    """What the capacity was on that day is a result, and no identity."""
    workloads = [{"rate": "capacity", "share": 0.5}]
    folders = [
        results(tmp_path / name, [result(v, rate=rate) for v in (5.0, 5.1, 4.9)], workloads)
        for name, rate in (("a", 4000.0), ("b", 2000.0))
    ]
    found = compare_results(folders[0], folders[1:])
    assert found.unmatched == ()
    assert "latency_p50_ms" in {row.metric for row in found.comparisons}


def test_two_cells_of_one_identity_are_named(tmp_path: Path) -> None:
    folder = results(tmp_path, [result(1.0, rate=5.0, title="a"), result(1.0, rate=6.0, title="a")])
    with pytest.raises(CrayfishError, match="flink python onnx @ a and flink python onnx @ a"):
        cells_of(folder, recorded_defaults(folder.manifest))


@pytest.mark.parametrize(
    ("rate", "failed", "outcome"),
    [
        (8000.0, 8800.0, "undecided"),
        (8000.0, 8200.0, "within"),
        (4000.0, 4400.0, "worse"),
        (16000.0, 17000.0, "better"),
    ],
)
def test_the_rate_that_a_search_finds_is_its_value(
    tmp_path: Path, rate: float, failed: float, outcome: str
) -> None:
    base = searching(tmp_path / "a", 8000, 8200)
    found = compare_results(base, [searching(tmp_path / "b", rate, failed)])

    (row,) = found.comparisons
    assert (row.metric, row.outcome) == ("sustainable_records_per_s", outcome)
    assert row.change == pytest.approx(rate / 8000 - 1)
    assert found.unmatched == ()
    assert row.cell.workload == "search for p99 of at most 100 ms"


def test_a_search_that_did_not_end_decides_nothing(tmp_path: Path) -> None:
    base = searching(tmp_path / "a", 8000, 8200)
    found = compare_results(base, [searching(tmp_path / "b", 8000, 8200, confirmations=1)])
    assert [entry.outcome for entry in found.unmatched] == ["undecided"]


def test_a_search_that_finds_no_rate_is_worse_than_one_that_does(tmp_path: Path) -> None:
    base = searching(tmp_path / "a", 8000, 8200)
    never = [result(1.0, purpose="probe", p99=500.0, rate=9.0) for _ in range(12)]
    none = results(tmp_path / "b", never, [{"rate": "capacity", "search": SEARCH}])
    assert [entry.outcome for entry in compare_results(base, [none]).unmatched] == ["worse"]
    assert [entry.outcome for entry in compare_results(none, [base]).unmatched] == ["better"]


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


def test_another_kafka_is_another_cell() -> None:
    cell = Scenario().cell
    outside = cell.model_copy(update={"kafka": "k:1"})
    encrypted = outside.model_copy(update={"kafka_protocol": "SSL"})
    assert len({identity_of(each) for each in (cell, outside, encrypted)}) == 3
