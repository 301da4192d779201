"""A model's file becomes files of a root, and a config that the catalog reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crayfish_ctl.catalog import check_model_files, load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.models import (
    describe,
    is_path,
    models_of_files,
    name_of_file,
    read_model_file,
    store,
    temporary_root,
    valid_name,
)
from tests.unit.models.made import onnx, tensor, torchscript, weights

ROOT = Path(__file__).parents[3]


def made(folder: Path, name: str = "My Net.onnx") -> Path:
    path = folder / name
    path.write_bytes(onnx(initializers=[weights("w", "w.data")]))
    (folder / "w.data").write_bytes(bytes(8))
    return path


def test_a_stored_model_is_in_the_catalog_and_as_it_is_described(tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        facts = read_model_file(made(tmp_path))
        written = store(facts, describe(facts, "mine"), tmp_path / "root")
    finally:
        os.umask(mask)
    assert written == tmp_path / "root/configs/models/mine.yaml"
    catalog = load_catalog(ROOT, [tmp_path / "root"])
    model = catalog.model("mine")
    assert (model.input.shape, model.output.shape, model.points) == ((2,), (2,), None)
    file = model.formats["onnx"]
    assert (file.input, file.output, list(file.weights)) == ("x", "p", ["w.data"])
    check_model_files(tmp_path / "root", model, "onnx")
    folder = tmp_path / "root/models/mine"
    assert sorted(p.name for p in folder.iterdir()) == ["My Net.onnx", "w.data"]
    assert folder.stat().st_mode & folder.parent.stat().st_mode & 0o777 == 0o755
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in folder.iterdir())
    (folder / "w.data").write_bytes(b"another!")
    with pytest.raises(CrayfishError, match=r"w\.data: is not the file that"):
        check_model_files(tmp_path / "root", model, "onnx")


@pytest.mark.parametrize("there", ["models/mine", "configs/models/mine.yaml"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / "root" / there).mkdir(parents=True)
    facts = read_model_file(made(tmp_path))
    with pytest.raises(CrayfishError, match=f"{there}: is there already") as caught:
        store(facts, describe(facts, "mine"), tmp_path / "root")
    assert "--name" in (caught.value.hint or "")


def test_what_cannot_be_written_is_the_hosts_error(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file")
    facts = read_model_file(made(tmp_path))
    with pytest.raises(CrayfishError) as caught:
        store(facts, describe(facts, "mine"), tmp_path / "root")
    assert caught.value.exit_code is ExitCode.HOST


def test_a_savedmodel_is_stored_whole(tmp_path: Path) -> None:
    facts = read_model_file(ROOT / "models/ffnn/savedmodel/saved_model.pb")
    assert name_of_file(facts.path) == "savedmodel"
    store(facts, describe(facts, "mine"), tmp_path)
    check_model_files(tmp_path, load_catalog(ROOT, [tmp_path]).model("mine"), "tf-savedmodel")


def test_shapes_that_a_file_does_not_say_must_be_said(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([tensor("x", shape=("n", 3, "h", "w"))], [tensor("p", shape=None)]))
    facts = read_model_file(path)
    with pytest.raises(CrayfishError, match=r"input x float32\[n, 3, h, w\]: .* shape") as caught:
        describe(facts, "m")
    assert "--input-shape" in (caught.value.hint or "")
    with pytest.raises(CrayfishError, match="output p float32: ") as caught:
        describe(facts, "m", ((3, 48, 192), None))
    assert "--output-shape" in (caught.value.hint or "")
    config = describe(facts, "m", ((3, 48, 192), (2,)))
    assert (config["input"], config["output"]) == (
        {"shape": [3, 48, 192], "dtype": "float32"},
        {"shape": [2], "dtype": "float32"},
    )
    with pytest.raises(CrayfishError, match=r"input\.shape is \[4, 48, 192\]"):
        describe(facts, "m", ((4, 48, 192), (2,)))


def test_a_format_without_names_has_none_in_its_config(tmp_path: Path) -> None:
    facts = read_model_file(torchscript(tmp_path / "m.pt"))
    file = describe(facts, "m", ((2,), (1,)))["formats"]["torchscript"]
    assert set(file) == {"path", "sha256"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My_Net v2", "my-net-v2"),
        ("é", "model"),
        ("x" * 60, "x" * 40),
        ("-a-", "a"),
        ("a.b", "a-b"),
    ],
)
def test_a_file_name_becomes_a_name(text: str, name: str) -> None:
    assert valid_name(text) == name


def test_the_same_file_makes_the_same_root_once(tmp_path: Path) -> None:
    path = made(tmp_path)
    cache = tmp_path / "cache"
    root, name = temporary_root(path, cache, [])
    assert name == "my-net"
    inode = (root / "models/my-net/My Net.onnx").stat().st_ino
    assert temporary_root(path, cache, []) == (root, name)
    assert (root / "models/my-net/My Net.onnx").stat().st_ino == inode
    assert [p.name for p in cache.iterdir()] == [root.name]
    (tmp_path / "w.data").write_bytes(b"another!")
    assert temporary_root(path, cache, [])[0] != root


def test_a_name_that_is_taken_gets_a_mark_of_the_file(tmp_path: Path) -> None:
    path = made(tmp_path)
    cache = tmp_path / "cache"
    root, _ = temporary_root(path, cache, [])
    again, name = temporary_root(path, cache, ["my-net"])
    assert (again, name) == (root, f"my-net-{root.name}")
    assert temporary_root(path, cache, ["my-net"]) == (again, name)
    assert load_catalog(ROOT, [again]).model(name).name == name


def test_paths_are_told_from_names(tmp_path: Path) -> None:
    assert [text for text in ("ffnn", "m.onnx", "./m", "all", "a/b") if is_path(text)] == [
        "m.onnx", "./m", "a/b",
    ]  # fmt: skip
    catalog = load_catalog(ROOT)
    assert models_of_files(catalog, ["ffnn"]) == (catalog, ["ffnn"])


def test_an_error_of_a_given_file_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(CrayfishError, match=rf"^--model {tmp_path}/x\.onnx: is not there"):
        models_of_files(load_catalog(ROOT), ["ffnn", f"{tmp_path}/x.onnx"])
