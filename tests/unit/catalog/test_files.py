"""A model's files lie where containers see them, and folders have a digest too."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crayfish_ctl.catalog import Model, check_model_files, load_catalog
from crayfish_ctl.catalog.files import digest
from crayfish_ctl.errors import CrayfishError, ExitCode

ROOT = Path(__file__).parents[3]


def model(path: str, **changes: Any) -> Model:
    return Model.model_validate(
        {
            "name": "mine",
            "description": "",
            "input": {"shape": [2]},
            "output": {"shape": [1]},
            "tolerance": 1e-5,
            "formats": {"onnx": {"path": path}},
            **changes,
        }
    )


@pytest.mark.parametrize("path", ["mine.onnx", "/etc/passwd", "models/../secret", "data/mine.onnx"])
def test_what_containers_cannot_see_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(
        CrayfishError, match=r"mine\.yaml: formats\.onnx\.path: .*lie in models/"
    ) as caught:
        check_model_files(tmp_path, model(path), "onnx")
    assert path in caught.value.message
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_tool_without_a_model_needs_no_file_of_it(tmp_path: Path) -> None:
    check_model_files(tmp_path, model("models/none.onnx"), None)
    with pytest.raises(CrayfishError, match="is not there"):
        check_model_files(tmp_path, model("models/none.onnx"), "onnx")


@pytest.mark.parametrize("field", ["points", "reference"])
def test_points_and_reference_are_checked_whatever_the_tool(tmp_path: Path, field: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "x.npy").write_bytes(b"x")
    described = model("models/x.npy", **{field: {"path": "models/x.npy", "sha256": "0" * 64}})
    with pytest.raises(CrayfishError, match=rf"x\.npy: .*{field}\.sha256 differs"):
        check_model_files(tmp_path, described, None)


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert digest(path) == hashlib.sha256(b"abc").hexdigest()


def test_the_digest_of_a_folder_is_that_of_its_listing(tmp_path: Path) -> None:
    """The same as the command that the docs give."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2").write_bytes(b"two")
    (tmp_path / "a").write_bytes(b"one")
    listing = subprocess.check_output(["sha256sum", "a", "b/2"], cwd=tmp_path)
    assert digest(tmp_path) == hashlib.sha256(listing).hexdigest()


def test_every_file_that_the_catalog_describes_is_there_and_the_described_one() -> None:
    """Every one of them carries a digest, so that a change cannot go unnoticed.

    Those that are made have theirs as soon as they are there.
    """
    catalog = load_catalog(ROOT)
    for described in (model for model in catalog.models.values() if not model.unmade):
        for model_format, file in described.formats.items():
            assert file.sha256 is not None
            check_model_files(ROOT, described, model_format)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "models/mine").mkdir(parents=True)
    return tmp_path


def checked(root: Path, model_format: str = "onnx") -> None:
    check_model_files(root, in_format(model_format, "models/mine/m"), model_format)


def in_format(model_format: str, path: str) -> Model:
    return Model.model_validate(
        {
            "name": "mine", "description": "", "input": {"shape": [2]}, "output": {"shape": [1]},
            "tolerance": 1, "formats": {model_format: {"path": path}},
        }
    )  # fmt: skip


def test_a_git_lfs_pointer_is_no_model(mine: Path) -> None:
    (mine / "models/mine/m").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:ab\n"
    )
    with pytest.raises(CrayfishError, match="is a Git LFS pointer of 57 bytes") as said:
        checked(mine)
    assert "git lfs pull" in (said.value.hint or "")


def test_an_empty_file_and_an_empty_folder(mine: Path) -> None:
    (mine / "models/mine/m").touch()
    with pytest.raises(CrayfishError, match=r"formats\.onnx\.path: .*: is empty"):
        checked(mine)
    (mine / "models/mine/m").unlink()
    (mine / "models/mine/m").mkdir()
    with pytest.raises(CrayfishError, match="is an empty folder"):
        checked(mine, "tf-savedmodel")


def test_a_folder_is_no_file_and_a_file_no_folder(mine: Path) -> None:
    (mine / "models/mine/m").mkdir()
    (mine / "models/mine/m/x").write_text("x")
    with pytest.raises(CrayfishError, match="is a folder, onnx is a file"):
        checked(mine)
    checked(mine, "tf-savedmodel")
    checked(mine, "something-else")
    (mine / "models/mine/m/x").rename(mine / "models/mine/x")
    (mine / "models/mine/m").rmdir()
    (mine / "models/mine/x").rename(mine / "models/mine/m")
    with pytest.raises(CrayfishError, match="tf-savedmodel is a folder with saved_model"):
        checked(mine, "tf-savedmodel")


@pytest.mark.parametrize("inside", [False, True])
def test_a_link_that_leads_out_of_models_is_seen_by_no_container(mine: Path, inside: bool) -> None:
    (mine / "data").mkdir()
    (mine / "data/real.onnx").write_text("x")
    if inside:  # a file of a folder
        (mine / "models/mine/m").mkdir()
        (mine / "models/mine/m/w").symlink_to(mine / "data/real.onnx")
    else:
        (mine / "models/mine/m").symlink_to(mine / "data/real.onnx")
    with pytest.raises(CrayfishError, match="a link leads out of models/") as said:
        checked(mine, "other")
    assert "copy the file" in (said.value.hint or "")


def test_a_linked_folder_and_a_link_within_models(mine: Path) -> None:
    (mine / "data").mkdir()
    (mine / "data/m").write_text("x")
    (mine / "models/mine").rmdir()
    (mine / "models/mine").symlink_to(mine / "data")
    with pytest.raises(CrayfishError, match="a link leads out of models/"):
        checked(mine)
    (mine / "models/mine").unlink()
    (mine / "models/mine").mkdir()
    (mine / "models/real").write_text("x")
    (mine / "models/mine/m").symlink_to(mine / "models/real")
    checked(mine)
