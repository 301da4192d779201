"""What was made of a model is read beside its config, and decides whose weights it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog import check_model_files, load_catalog
from crayfish_ctl.errors import CrayfishError
from tests.unit.catalog.made import NAME, leave
from tests.unit.project import copy_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.fixture
def data(project: Path) -> Path:
    folder = project / "models" / NAME / "data"
    leave(folder)
    return folder


def test_before_it_is_made_it_has_neither_weights_nor_digests(project: Path) -> None:
    model = load_catalog(project).model(NAME)
    assert model.unmade
    assert model.shown == NAME
    assert {file.sha256 for file in model.formats.values()} == {None}
    with pytest.raises(CrayfishError, match="is not made") as caught:
        check_model_files(project, model, "onnx")
    assert f"crayfish models make {NAME}" in str(caught.value.hint)


@pytest.mark.usefixtures("data")
def test_what_was_made_has_the_digests_of_its_files(project: Path) -> None:
    model = load_catalog(project).model(NAME)
    assert not model.unmade
    for model_format in model.formats:
        check_model_files(project, model, model_format)
    assert model.points is not None
    assert model.points.sha256 is not None
    assert model.file == f"configs/models/{NAME}.yaml"


@pytest.mark.parametrize("weights", ["seeded", "imagenet"])
def test_a_model_is_called_by_the_weights_it_has(project: Path, weights: str) -> None:
    leave(project / "models" / NAME / "data", weights=weights)
    assert load_catalog(project).model(NAME).shown == f"{NAME} ({weights})"


def test_a_model_that_nobody_makes_is_called_as_it_is(project: Path) -> None:
    model = load_catalog(project).model("ffnn")
    assert not model.unmade
    assert model.shown == "ffnn"


def test_a_file_that_has_changed_is_seen(project: Path, data: Path) -> None:
    with (data / f"{NAME}.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CrayfishError, match=r"formats\.onnx\.sha256 differs") as caught:
        check_model_files(project, load_catalog(project).model(NAME), "onnx")
    assert "--again" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"made\.json: cannot be read"),
        ('{"version": 2}', r"made\.json: cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_mends_it(
    project: Path, data: Path, text: str, said: str
) -> None:
    (data / "made.json").write_text(text)
    catalog = load_catalog(project)
    with pytest.raises(CrayfishError, match=said) as caught:
        catalog.model(NAME)
    assert f"remove {data}" in str(caught.value.hint)
    assert catalog.model("ffnn")


def test_another_models_files_are_refused(project: Path) -> None:
    leave(project / "models" / NAME / "data", model="vgg19")
    with pytest.raises(CrayfishError, match="is of the model vgg19"):
        load_catalog(project).model(NAME)


def test_a_file_that_was_not_made_is_named(project: Path) -> None:
    leave(project / "models" / NAME / "data", files={})
    with pytest.raises(CrayfishError, match=r"\.onnx is not among what was made"):
        load_catalog(project).model(NAME)


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (NAME, "task:", "weights: seeded\ntask:", "weights: is read from what was made"),
        ("ffnn", "task:", "weights: seeded\ntask:", "weights: is of models that are made"),
        (NAME, "folder: models/resnet-small/data", "folder: models/x", "no folder of its own"),
        (NAME, "folder: models/resnet-small/data", "folder: models/../a/b", "no folder of its own"),
        (NAME, "module: models.resnet50.small", "module: os.path", "module"),
    ],
)
def test_what_a_config_may_not_say(
    project: Path, name: str, before: str, after: str, said: str
) -> None:
    path = project / "configs" / "models" / f"{name}.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(CrayfishError, match=said):
        load_catalog(project).model(name)
