"""Folders of every version are read, reported and compared; those of a newer one as well."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from crayfish_ctl.analysis import summarise
from crayfish_ctl.analysis.compare import compare_results
from crayfish_ctl.analysis.summary import write_summary
from crayfish_ctl.report import print_results, write_report
from crayfish_ctl.results import RESULTS_VERSION, load_results
from tests.unit.report.experiments import bursty, kafka_overhead, sustainable

if TYPE_CHECKING:
    from crayfish_ctl.results import Results

FOLDERS = sorted(path for path in (Path(__file__).parent / "folders").iterdir() if path.is_dir())
MAPS = {"images", "packages", "software", "stages_ms", "plan"}
"""Fields whose keys are names: a new one there is no new field."""
OPTIONS = {"processor_options", "tool_options", "producer_options"}


def newer(value: Any, name: str = "") -> Any:
    """The same as a newer minor version would write it: one more field at every level."""
    if isinstance(value, list):
        return [newer(each, name) for each in value]
    if not isinstance(value, dict) or name in OPTIONS:
        return value
    grown = {key: newer(each, key) for key, each in value.items()}
    return grown if name in MAPS else {**grown, "of_a_newer_version": {"say": "nothing known"}}


def rewrite(folder: Path, change: Any) -> None:
    """Put other contents into the JSON files that are read back."""
    for path in (folder / "manifest.json", *folder.glob("*/run.json")):
        path.write_text(json.dumps(change(json.loads(path.read_text()))))


def read(folder: Path) -> Results:
    """Everything that is made of a folder, made."""
    results = load_results(folder)
    assert results.unreadable == ()
    write_summary(folder, results)
    write_report(folder)
    console = Console(width=200, record=True)
    print_results(results, console)
    return results


@pytest.mark.parametrize("source", FOLDERS, ids=[path.name for path in FOLDERS])
def test_a_folder_of_before_is_read_and_compared(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    results = read(folder)
    assert len(results.runs) == len(list(source.glob("*/run.json"))) > 0
    found = compare_results(results, [results])
    assert found.comparisons
    assert found.unmatched == ()
    assert {each.outcome for each in found.comparisons} <= {"within", "undecided"}


def test_every_version_has_its_folder() -> None:
    assert {path.name.partition("-")[0] for path in FOLDERS} == {
        str(version) for version in range(1, RESULTS_VERSION + 1)
    }


def test_a_tool_that_scored_nothing_before_cells_said_so_does_so_still() -> None:
    cells = [run.spec.cell for run in load_results(FOLDERS[0]).runs]
    assert {cell.tool: cell.scores_nothing for cell in cells} == {"onnx": False, "noop": True}


@pytest.mark.parametrize("make", [kafka_overhead, sustainable, bursty])
def test_a_folder_of_a_newer_minor_version_says_the_same(make: Any, tmp_path: Path) -> None:
    folder = make(tmp_path / "results")
    before = load_results(folder)
    rewrite(folder, newer)
    after = read(folder)
    assert summarise(after.runs) != []
    for ours, theirs in zip(summarise(before.runs), summarise(after.runs), strict=True):
        assert ours.estimates == theirs.estimates
        assert (ours.cell.system, ours.cell.workload) == (theirs.cell.system, theirs.cell.workload)
    assert compare_results(after, [after]).unmatched == ()
    compare_results(before, [after])


def test_cells_that_differ_only_in_what_is_not_known_stay_apart(tmp_path: Path) -> None:
    """They are no repetitions of each other, and their rows say in what they differ."""
    folder = tmp_path / "1-first"
    shutil.copytree(FOLDERS[0], folder)

    def replicated(content: dict[str, Any]) -> dict[str, Any]:
        if "spec" in content:
            content["spec"]["cell"]["replicas"] = content["spec"]["repetition"]
        return content

    rewrite(folder, replicated)
    results = read(folder)
    assert [found.runs for found in summarise(results.runs)] == [1, 1, 1]
    assert "replicas 2" in (folder / "report.html").read_text()


def test_kinds_that_are_not_known_are_shown_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "1-first"
    shutil.copytree(FOLDERS[0], folder)

    def strange(content: dict[str, Any]) -> dict[str, Any]:
        if "spec" in content:
            content["spec"]["cell"] |= {
                "arrivals": {"kind": "diurnal", "rate": 500.0, "nights": 2},
                "goal": "endure",
                "pipeline": "grpc",
                "format": "arrow",
                "runtime": "rust",
                "delivery": "at-most-once",
            }
            content["spec"]["purpose"] = "measure"
            content["components"][0]["role"] = "sidecar"
        return content

    rewrite(folder, strange)
    results = read(folder)
    cell = results.runs[0].spec.cell
    assert (cell.system, cell.workload) == ("flink rust onnx grpc", "diurnal 500/s")
    assert compare_results(results, [results]).unmatched == ()
    page = (folder / "report.html").read_text()
    assert "diurnal 500/s" in page
