"""Options against their defaults: old results match new ones, and tables show what is unusual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crayfish_ctl.analysis.compare import compare_results
from crayfish_ctl.analysis.options import completed, recorded_defaults, unusual
from crayfish_ctl.analysis.repetition import by_cell
from crayfish_ctl.results import Results
from tests.unit.results.runs import result
from tests.unit.results.synthetic import manifest

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import RunResult

PLAN = {
    "processors": {"flink": {"options": {"bundle_size": {"default": 1000}}}},
    "tools": {"onnx": {"options": {"threads": {"default": 1}}}},
}


def run(value: float, **changes: Any) -> RunResult:
    found = result(value)
    cell = found.spec.cell.model_copy(update={"processor": "flink", "tool": "onnx", **changes})
    return found.model_copy(update={"spec": found.spec.model_copy(update={"cell": cell})})


def of(path: Path, plan: dict[str, Any], *runs: RunResult) -> Results:
    return Results(path, manifest().model_copy(update={"plan": plan}), runs)


FULL = {"processor_options": {"bundle_size": 1000}, "tool_options": {"threads": 1}}


def test_results_from_before_match_those_with_every_option(tmp_path: Path) -> None:
    old = of(tmp_path / "old", {}, run(1.0), run(2.0, tool_options={"threads": 2}))
    threads = {**FULL, "tool_options": {"threads": 2}}
    new = of(tmp_path / "new", PLAN, run(1.0, **FULL), run(2.0, **threads))
    for base, other in ((old, new), (new, old), (old, old), (new, new)):
        found = compare_results(base, [other], metrics=["latency_p50_ms"])
        assert found.unmatched == ()
        assert len(found.comparisons) == 2


def test_another_default_is_another_cell(tmp_path: Path) -> None:
    old = of(tmp_path / "a", PLAN, run(1.0, **FULL))
    larger = {**FULL, "processor_options": {"bundle_size": 5}}
    changed = {**PLAN, "processors": {"flink": {"options": {"bundle_size": {"default": 5}}}}}
    new = of(tmp_path / "b", changed, run(1.0, **larger))
    assert [u.why for u in compare_results(old, [new]).unmatched] == [
        "only in the base",
        "not in the base",
    ]


def test_only_what_is_not_at_its_default_is_shown() -> None:
    defaults = recorded_defaults(manifest().model_copy(update={"plan": PLAN}))
    assert completed(run(1.0).spec.cell, defaults).tool_options == {"threads": 1}
    own = {"bundle_size": 1000, "z": 1, "a": True}
    assert unusual(own, defaults.of_processor(run(1.0).spec.cell)) == "a=True, z=1"
    assert unusual({"bundle_size": 7}, {}) == "bundle_size=7"


def test_cells_that_differ_in_their_length_only_are_two() -> None:
    short, long = run(1.0, segment="5 s"), run(1.0, segment="60 s")
    assert len(by_cell([short, long, short])) == 2
    assert short.spec.cell.workload.endswith(", 5 s")


def test_a_default_that_large_records_lower_is_not_unusual() -> None:
    polls = {"poll_records": {"default": 500, "most_bytes": 33_554_432}}
    plan = {
        "processors": {"flink": {"options": polls}},
        "model": {"input": {"shape": [3, 224, 224]}},
    }
    defaults = recorded_defaults(manifest().model_copy(update={"plan": plan}))
    cell = run(1.0).spec.cell
    assert defaults.of_processor(cell) == {"poll_records": 55}
    assert unusual({"poll_records": 55}, defaults.of_processor(cell)) == ""
    assert unusual({"poll_records": 500}, defaults.of_processor(cell)) == "poll_records=500"
