"""Results of before, whose cells have fewer fields and only the options that were given, load."""

from __future__ import annotations

from crayfish_ctl.results import RunResult
from tests.unit.results.runs import result


def test_a_run_from_before_is_read_as_it_was() -> None:
    run = result(1.0)
    content = run.model_dump(mode="json")
    del content["spec"]["cell"]["segment"]
    content["spec"]["cell"]["processor_options"] = {"bundle_size": 7}
    old = RunResult.model_validate(content)
    assert old.spec.cell.segment is None
    assert old.spec.cell.processor_options == {"bundle_size": 7}
    assert old.spec.cell.workload == run.spec.cell.workload
