from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from crayfish_ctl.analysis import collect_run, failed_run, write_summary
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import VerdictState, describe_host, load_results, results_schema
from tests.unit.report.experiments import sustainable
from tests.unit.results import synthetic
from tests.unit.results.synthetic import Scenario

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def results_dir(tmp_path: Path) -> Path:
    """Two runs of one cell, and one that failed."""
    for index in (0, 1):
        scenario = Scenario(rate=200.0, seconds=3.0, jitter_ms=0.2, seed=index)
        spec = scenario.spec(f"run-{index}", index, repetition=index + 1)
        collect_run(synthetic.write_run(tmp_path, scenario, spec), spec, synthetic.REFERENCE)
    spec = Scenario(rate=900.0).spec("run-2", 2)
    (tmp_path / "run-2").mkdir()
    failed_run(
        tmp_path / "run-2", spec, "flink-taskmanager", "exited with code 137", log_tail=["x"]
    )
    (tmp_path / "manifest.json").write_text(synthetic.manifest().model_dump_json())
    return tmp_path


def test_results_read_back_as_they_were_written(results_dir: Path) -> None:
    results = load_results(results_dir)

    assert [run.run_id for run in results.runs] == ["run-0", "run-1", "run-2"]
    assert results.manifest == synthetic.manifest()
    assert results.records("run-0").collect().height == 800
    assert not results.metrics("run-0").is_empty()
    assert not results.has_records("run-2")


def test_a_run_without_a_result_is_left_out(results_dir: Path) -> None:
    (results_dir / "run-1" / "run.json").unlink()

    assert [run.run_id for run in load_results(results_dir).runs] == ["run-0", "run-2"]


def test_a_folder_that_holds_no_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match=r"manifest\.json"):
        load_results(tmp_path)


def test_a_broken_file_is_named_with_its_field(results_dir: Path) -> None:
    path = results_dir / "run-0" / "run.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 99'))

    before = len(list(results_dir.glob("*/run.json")))
    results = load_results(results_dir)
    assert len(results.runs) == before - 1, "it costs itself and no other"
    (told,) = results.unreadable
    assert str(path) in told
    assert "version" in told


def test_a_broken_manifest_is_an_error(results_dir: Path) -> None:
    path = results_dir / "manifest.json"
    path.write_text(path.read_text().replace('"version":1', '"version":99'))
    with pytest.raises(CrayfishError, match=r"manifest\.json: version"):
        load_results(results_dir)


def test_the_files_keep_their_published_schemas(results_dir: Path) -> None:
    for name, schema in (
        ("run-0/run.json", results_schema("run")),
        ("manifest.json", results_schema("manifest")),
    ):
        jsonschema.validate(json.loads((results_dir / name).read_text()), schema)


def test_collecting_removes_the_row_files_and_keeps_the_summaries(results_dir: Path) -> None:
    assert sorted(path.name for path in (results_dir / "run-0" / "out").iterdir()) == [
        "consumer.json",
        "producer.json",
    ]


def test_steps_have_their_share_of_the_run(results_dir: Path) -> None:
    steps = load_results(results_dir).runs[0].steps

    assert [step.name for step in steps][:3] == ["render", "start", "ready"]
    assert sum(step.share for step in steps) == pytest.approx(1.0)
    assert steps[2].seconds == pytest.approx(6.0)
    assert steps[2].share == pytest.approx(6.0 / 25.0, rel=0.05)


def test_a_failed_run_carries_component_and_log(results_dir: Path) -> None:
    verdict = load_results(results_dir).runs[2].verdict

    assert verdict.state is VerdictState.FAILED
    assert verdict.failure is not None
    assert verdict.failure.component == "flink-taskmanager"
    assert verdict.failure.log_tail == ("x",)


def test_the_summary_has_a_row_per_run_and_a_row_per_cell(results_dir: Path) -> None:
    write_summary(results_dir, load_results(results_dir))

    lines = (results_dir / "summary.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["row", "run", "run", "run", "cell", "cell"]
    document = json.loads((results_dir / "summary.json").read_text())
    assert [cell["valid"] for cell in document["cells"]] == [2, 0]
    p50 = document["cells"][0]["estimates"]["latency_p50_ms"]
    assert p50["n"] == 2
    assert (p50["low"], p50["high"]) == (None, None), "two runs have no interval"
    assert p50["geometric_mean"] == pytest.approx(p50["mean"], rel=0.01)
    assert document["searches"] == []


def test_the_summary_says_what_a_search_has_found(tmp_path: Path) -> None:
    write_summary(tmp_path, load_results(sustainable(tmp_path)))

    last = (tmp_path / "summary.csv").read_text().splitlines()[-1]
    assert last.startswith("search,")
    (search,) = json.loads((tmp_path / "summary.json").read_text())["searches"]
    assert search["sustainable_records_per_s"] == 700.0
    assert search["sustainable_records_per_s_ceiling"] == 820.0
    assert (search["confirmations"], search["runs"]) == (2, 6)
    assert search["workload"] == "p99 of at most 20 ms"


def test_the_host_describes_itself() -> None:
    host = describe_host()

    assert host.cores >= 1
    assert host.memory_bytes > 0
    assert host.cpu_model
