"""Folders beside the checkout: what they add, and what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.catalog import load_catalog, open_roots, roots_of_environment
from crayfish_ctl.catalog.roots import root_digest
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.images import read_source
from crayfish_ctl.plan import Plan, choices, make_plan
from tests.unit.outsider import CHECKOUT, write_root


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    return write_root(tmp_path / "beside")


def planned(beside: Path) -> Plan:
    return make_plan(load_catalog(CHECKOUT, [beside]), choices(experiment="ours"))


def test_a_processor_a_tool_and_a_model_of_another_root_are_planned(beside: Path) -> None:
    plan = planned(beside)
    assert {(run.cell.processor, run.cell.tool, run.cell.model) for run in plan.runs} == {
        ("mine", "doubled", "small"),
        ("flink", "doubled", "small"),
    }
    assert plan.models_dir == beside / "models"
    assert plan.tool_folders == [beside / "tools"]
    assert plan.roots.fragment("mine") == beside / "compose" / "mine.yaml"
    assert plan.roots.fragment("kafka") == CHECKOUT / "compose" / "kafka.yaml"
    assert "mine" in plan.images
    assert read_source(plan.roots, "mine").bases == ("base", "services")


def test_what_is_the_checkouts_sees_nothing_of_other_roots(beside: Path) -> None:
    catalog = load_catalog(CHECKOUT, [beside])
    plan = make_plan(catalog, choices(experiment="input-rate"))
    assert plan.models_dir == CHECKOUT / "models"
    assert plan.tool_folders == []


def test_a_tool_runs_wherever_its_library_is(beside: Path) -> None:
    catalog = load_catalog(CHECKOUT, [beside])
    for name in ("mine", "flink", "spark", "ray"):
        assert "doubled" in catalog.processor(name).tools["python"]
    assert "doubled" not in catalog.processor("flink").tools["jvm"]
    assert "doubled" not in load_catalog(CHECKOUT).processor("flink").tools["python"]
    assert catalog.processor("mine").tools == {"python": ["noop", "onnx", "doubled"]}


@pytest.mark.parametrize(
    "name",
    [
        "configs/processors/flink.yaml",
        "configs/profiles/laptop.yaml",
        "compose/kafka.yaml",
        "images/base/Dockerfile",
    ],
)
def test_a_name_means_one_thing(beside: Path, name: str) -> None:
    path = beside / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    with pytest.raises(CrayfishError) as caught:
        load_catalog(CHECKOUT, [beside])
    assert str(path) in caught.value.message
    assert str(CHECKOUT / name) in caught.value.message


def test_a_model_may_not_leave_its_own_root(beside: Path) -> None:
    file = beside / "models/small/ffnn.onnx"
    file.unlink()
    file.symlink_to(CHECKOUT / "models/ffnn/ffnn.onnx")
    catalog = load_catalog(CHECKOUT, [beside])
    with pytest.raises(CrayfishError, match="a link leads out of models/") as caught:
        make_plan(catalog, choices(experiment="ours", tools=("onnx",)))
    assert caught.value.message.startswith(f"{beside}/configs/models/small.yaml: formats.onnx")


def test_errors_name_the_file_of_the_root(beside: Path) -> None:
    path = beside / "configs/processors/mine.yaml"
    path.write_text(path.read_text().replace("images: [mine]", "images: [mine, minne]"))
    with pytest.raises(CrayfishError, match="did you mean mine") as caught:
        planned(beside)
    assert caught.value.message.startswith(f"{path}: images: ")


def test_a_root_within_the_checkout_has_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    inner = write_root(tmp_path / ".cache" / "inner")
    model = inner / "configs/models/own.yaml"
    roots = open_roots(tmp_path, [inner])
    assert roots.home(model) == inner
    assert roots.home(tmp_path / "configs") == tmp_path
    assert roots.shown(model) == ".cache/inner/configs/models/own.yaml"


def test_what_is_no_root_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match="none: not a folder"):
        open_roots(CHECKOUT, [tmp_path / "none"])
    with pytest.raises(CrayfishError, match="has none of configs/"):
        open_roots(CHECKOUT, [tmp_path])


def test_a_root_that_is_given_twice_or_is_the_checkout_counts_once(beside: Path) -> None:
    assert open_roots(CHECKOUT, [beside, CHECKOUT, beside / "."]).folders == (CHECKOUT, beside)


def test_the_environment_names_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAYFISH_PATH", "/a::b")
    assert roots_of_environment() == [Path("/a"), Path("b")]
    monkeypatch.delenv("CRAYFISH_PATH")
    assert roots_of_environment() == []


def test_a_roots_digest_is_of_what_it_says_and_of_the_models_that_are_used(beside: Path) -> None:
    def now() -> str:
        return root_digest(beside, [beside / "models/small/ffnn.onnx"])

    before = now()
    (beside / "models/small/test-points.npz").write_text("another")
    (beside / "mine/main.py").write_text("another\n")
    assert now() == before
    (beside / "models/small/ffnn.onnx").write_text("another")
    changed = now()
    assert changed != before
    (beside / "tools/doubled.py").write_text("another\n")
    assert now() not in {before, changed}
