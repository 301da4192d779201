"""A config that is wrong names file and field; model files are the ones that were described."""

from __future__ import annotations

from pathlib import Path

import pytest

from crayfish_ctl.catalog import check_model_files, load_catalog
from crayfish_ctl.errors import CrayfishError
from tests.unit.project import copy_project

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy_project(tmp_path, ("configs", "models", "images"))
    return tmp_path


@pytest.mark.parametrize(
    ("file", "before", "after", "words"),
    [
        ("experiments/input-rate.yaml", "question:", "queston:", ["queston", "question"]),
        ("experiments/input-rate.yaml", "- {rate: 500,", "- {rate: -5,", ["workloads"]),
        ("experiments/input-rate.yaml", "name: input-rate", "name: other", ["name"]),
        ("tools/onnx.yaml", "kind: embedded", "kind: inside", ["kind"]),
        ("profiles/laptop.yaml", "memory: 1g", "memory: lots", ["memory"]),
        ("models/ffnn.yaml", "shape: [10]", "shape: [0]", ["output.shape"]),
        ("processors/flink.yaml", "title:", "title: [", ["line 4", "not YAML"]),
    ],
)
def test_a_wrong_field_is_named(
    root: Path, file: str, before: str, after: str, words: list[str]
) -> None:
    path = root / "configs" / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    (error,) = load_catalog(root).broken.values()
    assert str(path) in error.message
    for word in words:
        assert word in error.message


def test_a_profile_takes_over_what_it_extends() -> None:
    catalog = load_catalog(ROOT)
    assert catalog.profile("debug").resources == catalog.profile("laptop").resources


def test_what_a_profile_does_not_say_is_what_it_extends(root: Path) -> None:
    folder = root / "configs" / "profiles"
    base = "name: base\ndescription: b\nextends: laptop\ncpu_limit: cores\nbrokers: 3\n"
    (folder / "base.yaml").write_text(base)
    (folder / "mine.yaml").write_text("name: mine\ndescription: m\nextends: base\nbrokers: 2\n")
    catalog = load_catalog(root)
    mine = catalog.profile("mine")
    assert (mine.cpu_limit, mine.brokers) == ("cores", 2)
    assert mine.resources == catalog.profile("laptop").resources


def test_the_shipped_model_files_are_the_described_ones(root: Path) -> None:
    model = load_catalog(root).model("ffnn")
    for model_format in model.formats:
        check_model_files(root, model, model_format)


def test_a_changed_model_file_is_named(root: Path) -> None:
    model = load_catalog(root).model("ffnn")
    with (root / "models/ffnn/ffnn.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CrayfishError, match=r"ffnn\.onnx: is not the file") as caught:
        check_model_files(root, model, "onnx")
    assert "formats.onnx.sha256" in caught.value.message
    (root / "models/ffnn/ffnn.onnx").unlink()
    with pytest.raises(CrayfishError, match="is not there"):
        check_model_files(root, model, "onnx")


@pytest.mark.parametrize(
    ("file", "kind", "name"),
    [
        ("models/half.yaml", "model", "half"),
        ("models/ffnn (copy).yaml", "model", "ffnn (copy)"),
        ("tools/half.yaml", "tool", "half"),
        ("processors/half.yaml", "processor", "half"),
        ("profiles/half.yaml", "profile", "half"),
        ("experiments/half.yaml", "experiment", "half"),
    ],
)
def test_a_half_written_file_stops_only_who_asks_for_it(
    root: Path, file: str, kind: str, name: str
) -> None:
    path = root / "configs" / file
    path.write_text("name: half\n")
    catalog = load_catalog(root)
    assert catalog.model("ffnn")
    assert set(catalog.broken) == {(kind, name)}
    with pytest.raises(CrayfishError) as caught:
        getattr(catalog, kind)(name)
    assert str(path) in caught.value.message


def test_an_editors_hidden_files_are_not_read(root: Path) -> None:
    (root / "configs/models/.#ffnn.yaml").symlink_to("somebody@somewhere.4711")
    (root / "configs/tools/.onnx.yaml").write_text("{")
    assert load_catalog(root).broken == {}


def test_a_tool_that_no_image_can_run_does_not_vanish_from_the_matrix(root: Path) -> None:
    path = root / "configs/tools/onnx.yaml"
    path.write_text(path.read_text().replace("python: [onnxruntime]", "python: [onxruntime]"))
    reasons = load_catalog(root).processor("flink").missing
    said = "its image has no onxruntime, which configs/tools/onnx.yaml needs"
    assert reasons["python onnx"] == said


def test_a_reason_for_a_tool_that_is_none_is_an_error(root: Path) -> None:
    path = root / "configs/processors/flink.yaml"
    path.write_text(path.read_text().replace("python tf-savedmodel", "python tf-savedmodl"))
    with pytest.raises(CrayfishError, match="did you mean tf-savedmodel"):
        load_catalog(root).processor("flink")


def test_an_images_libraries_are_read_with_its_name_in_errors(root: Path) -> None:
    path = root / "images/flink/libraries.yaml"
    path.write_text("pyton: [numpy]\n")
    with pytest.raises(CrayfishError, match=r"images/flink/libraries\.yaml"):
        load_catalog(root).processor("flink")


def test_a_broken_tool_does_not_break_its_processors(root: Path) -> None:
    (root / "configs/tools/dl4j.yaml").write_text("name: dl4j\n")
    assert load_catalog(root).processor("flink")


@pytest.mark.parametrize(
    ("name", "said"),
    [("ok.txt", "whose name ends in .yaml"), ("a/b", "whose name ends in .yaml")],
)
def test_a_file_that_is_no_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ok.txt").write_text("name: ok\n")
    with pytest.raises(CrayfishError, match=said):
        load_catalog(ROOT).experiment(name)
