"""What counts after an interruption, and what is removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import temporary_root
from crayfish_ctl.plan import Plan, RunSpec, choices, make_plan
from crayfish_ctl.plan.trace import copy_traces
from crayfish_ctl.results import (
    RUN_FILE,
    Manifest,
    Verdict,
    VerdictState,
    load_results,
    read_model,
    write_model,
)
from crayfish_ctl.run import Journal, resume_experiment, saved_plan, saved_roots
from crayfish_ctl.run.aside import set_incomplete_aside
from crayfish_ctl.run.manifest import begun, check_fragments
from crayfish_ctl.run.resume import complete_runs
from crayfish_ctl.run.schedule import next_run
from crayfish_ctl.targets import MemoryTarget
from tests.unit.outsider import write_root
from tests.unit.results.runs import result

ROOT = Path(__file__).parents[3]
CATALOG = load_catalog(ROOT)


@pytest.fixture
def plan() -> Plan:
    return make_plan(CATALOG, choices(experiment="input-rate", rates=(100.0, 200.0), seed=7))


@pytest.fixture
def folder(tmp_path: Path, plan: Plan) -> Path:
    """Two runs of four have ended; the third was under way when the power went."""
    from datetime import UTC, datetime  # noqa: PLC0415

    write_model(tmp_path / "manifest.json", begun(plan, datetime.now(UTC), MemoryTarget()))
    (tmp_path / "points").mkdir()
    journal = Journal(tmp_path / "journal.jsonl")
    for spec in plan.runs[:3]:
        out = tmp_path / spec.run_id / "out"
        out.mkdir(parents=True)
        (out / "producer.records.bin").write_bytes(b"half")
        journal.write("run-started", run_id=spec.run_id)
        if spec.index < 2:
            ended = result(1.0).model_copy(update={"spec": spec, "run_id": spec.run_id})
            write_model(tmp_path / spec.run_id / RUN_FILE, ended)
            journal.write("run-ended", run_id=spec.run_id)
    journal.close()
    return tmp_path


def test_the_plan_is_read_back_as_it_was(folder: Path, plan: Plan) -> None:
    saved = saved_plan(folder, CATALOG)
    assert saved.runs == plan.runs
    assert saved.sizing == plan.sizing
    assert saved.choices.seed == 7


def test_the_roots_are_written_down_and_read_back(tmp_path: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    beside = write_root(tmp_path / "beside")
    made = make_plan(load_catalog(ROOT, [beside]), choices(experiment="ours"))
    manifest = begun(made, datetime.now(UTC), MemoryTarget())
    assert [root.path for root in manifest.roots] == [str(ROOT), str(beside)]
    folder = tmp_path / "results"
    assert saved_roots(folder) is None
    folder.mkdir()
    write_model(folder / "manifest.json", manifest)
    more = saved_roots(folder)
    assert more == [beside]
    saved = saved_plan(folder, load_catalog(ROOT, more))
    assert saved.runs == made.runs
    assert saved.models_dir == made.models_dir
    assert saved.tool_folders == made.tool_folders
    write_model(folder / "manifest.json", manifest.model_copy(update={"roots": ()}))
    assert saved_roots(folder) is None, "an older one: nobody knows"


def test_a_model_that_was_given_by_its_file_is_found_again(tmp_path: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    home, name = temporary_root(ROOT / "models/ffnn/ffnn.onnx", tmp_path / "cache", ["ffnn"])
    made = make_plan(load_catalog(ROOT, [home]), choices(experiment="input-rate", model=name))
    assert made.choices.points == "random:1000"
    manifest = begun(made, datetime.now(UTC), MemoryTarget())
    write_model(tmp_path / "manifest.json", manifest)
    saved = saved_plan(tmp_path, load_catalog(ROOT, saved_roots(tmp_path) or []))
    assert (saved.runs, saved.models_dir) == (made.runs, home / "models")
    (home / f"models/{name}/ffnn.onnx").write_bytes(b"another")
    assert begun(made, datetime.now(UTC), MemoryTarget()).roots != manifest.roots
    home.rename(tmp_path / "away")
    with pytest.raises(CrayfishError, match="is not there any more") as caught:
        saved_roots(tmp_path)
    assert "--model FILE" in (caught.value.hint or "")


def finish(folder: Path, spec: RunSpec, state: VerdictState = VerdictState.VALID) -> None:
    (folder / spec.run_id).mkdir(exist_ok=True)
    ended = result(1.0).model_copy(
        update={"spec": spec, "run_id": spec.run_id, "verdict": Verdict(state=state)}
    )
    write_model(folder / spec.run_id / RUN_FILE, ended)
    journal = Journal(folder / "journal.jsonl")
    journal.write("run-ended", run_id=spec.run_id)
    journal.close()


def test_what_ended_counts_and_the_next_run_is_the_one_that_was_killed(
    folder: Path, plan: Plan
) -> None:
    done = list(complete_runs(folder).values())
    assert all(run.spec.same_as(spec) for run, spec in zip(done, plan.runs[:2], strict=True))
    assert next_run(saved_plan(folder, CATALOG), done) == plan.runs[2]


def test_a_result_without_its_line_in_the_journal_does_not_count(folder: Path, plan: Plan) -> None:
    spec = plan.runs[2]
    ended = result(1.0).model_copy(update={"spec": spec, "run_id": spec.run_id})
    write_model(folder / spec.run_id / RUN_FILE, ended)
    assert len(complete_runs(folder)) == 2


@pytest.mark.parametrize("how", ["lost", "cut off"])
def test_a_result_that_is_lost_costs_itself_and_no_other(
    folder: Path, plan: Plan, how: str
) -> None:
    for spec in plan.runs[2:]:
        finish(folder, spec)
    path = folder / plan.runs[0].run_id / RUN_FILE
    if how == "lost":
        path.unlink()
    else:
        path.write_text(path.read_text()[:100])
    assert list(complete_runs(folder)) == [spec.run_id for spec in plan.runs[1:]]


def test_failed_runs_are_complete_unless_they_are_to_be_repeated(folder: Path, plan: Plan) -> None:
    finish(folder, plan.runs[2], VerdictState.FAILED)
    assert len(complete_runs(folder)) == 3
    assert list(complete_runs(folder, failed=False)) == [spec.run_id for spec in plan.runs[:2]]


def test_a_line_that_was_cut_off_is_no_line_and_spoils_no_other(folder: Path, plan: Plan) -> None:
    path = folder / "journal.jsonl"
    with path.open("a") as file:
        file.write('{"ts_ns": 17, "event": "run-en')
    assert len(complete_runs(folder)) == 2
    finish(folder, plan.runs[2])
    assert len(complete_runs(folder)) == 3


def test_half_runs_are_removed_and_whole_ones_that_do_not_count_are_set_aside(
    folder: Path, plan: Plan
) -> None:
    (folder / ".manifest.json.17.tmp").write_text("{")
    (folder / ".render-abc").mkdir()
    (folder / "figures").mkdir()
    kept = complete_runs(folder)
    kept.pop(plan.runs[1].run_id)
    again = set_incomplete_aside(folder, kept)
    assert again == [plan.runs[1].run_id, plan.runs[2].run_id]
    left = {path.name for path in folder.iterdir()}
    assert left == {
        "manifest.json", "journal.jsonl", "points", "figures", "superseded", plan.runs[0].run_id,
    }  # fmt: skip
    place = folder / "superseded" / f"{plan.runs[1].run_id}.1"
    assert (place / RUN_FILE).is_file()
    assert len(load_results(folder).runs) == 1


def test_a_complete_experiment_is_left_alone(folder: Path, plan: Plan) -> None:
    done = list(complete_runs(folder).values())
    while (spec := next_run(plan, done)) is not None:
        finish(folder, spec)
        done = sorted(complete_runs(folder).values(), key=lambda run: run.spec.index)
    console = Console(record=True, width=200)
    resume_experiment(plan, folder, MemoryTarget(), console)  # which needs no engine
    assert f"all {len(done)} runs are complete" in console.export_text()


def test_services_that_have_changed_are_not_gone_on_with(folder: Path, plan: Plan) -> None:
    """Its later runs would be of other systems than its earlier ones."""
    manifest = read_model(folder / "manifest.json", Manifest)
    check_fragments(plan, manifest)
    fragments = {**manifest.plan["fragments"], "flink": "0" * 64}
    changed = manifest.model_copy(update={"plan": {**manifest.plan, "fragments": fragments}})
    with pytest.raises(CrayfishError, match=r"compose/flink\.yaml: changed since"):
        check_fragments(plan, changed)
    before = {name: each for name, each in manifest.plan.items() if name != "fragments"}
    check_fragments(plan, manifest.model_copy(update={"plan": before}))


def test_a_folder_without_an_experiment(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match=r"no manifest\.json here"):
        saved_plan(tmp_path, CATALOG)


def test_a_trace_goes_on_from_its_copy_even_if_the_original_has_moved(tmp_path: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    original = tmp_path / "day.csv"
    original.write_text("offset_ms\n0\n500\n2000\n")
    chosen = choices(experiment="input-rate", trace=str(original), seconds=1.0)
    began = make_plan(CATALOG, chosen)
    folder = tmp_path / "results"
    (folder / "points").mkdir(parents=True)
    copy_traces(began.traces, folder / "points")
    saved = begun(began, datetime.now(UTC), MemoryTarget())
    write_model(folder / "manifest.json", saved)
    assert saved.plan["traces"][0]["column"] == "offset_ms"
    original.write_text("offset_ms\n0\n1\n2\n3\n")
    assert saved_plan(folder, CATALOG).runs == began.runs
    original.unlink()
    assert saved_plan(folder, CATALOG).runs == began.runs


def test_options_go_on_with_the_defaults_of_the_beginning(folder: Path, plan: Plan) -> None:
    changed = CATALOG.processors["flink"].model_copy(update={"options": {}})
    later = replace(CATALOG, processors={**CATALOG.processors, "flink": changed})
    assert saved_plan(folder, later).runs == plan.runs
    manifest = read_model(folder / "manifest.json", Manifest)
    before = {k: v for k, v in manifest.plan.items() if k not in {"processors", "tools", "traces"}}
    write_model(folder / "manifest.json", manifest.model_copy(update={"plan": before}))
    assert saved_plan(folder, CATALOG).runs == plan.runs


def test_an_experiment_of_another_order_is_not_gone_on_with(folder: Path) -> None:
    """Its results would all be set aside, one after the other."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"schedule"', '"once"'))
    with pytest.raises(CrayfishError, match=r"manifest\.json: plan\.schedule"):
        saved_plan(folder, CATALOG)
