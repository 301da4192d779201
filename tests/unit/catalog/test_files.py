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
    """Every one of them carries a digest, so that a change cannot go unnoticed."""
    catalog = load_catalog(ROOT)
    for described in catalog.models.values():
        for model_format, file in described.formats.items():
            assert file.sha256 is not None
            check_model_files(ROOT, described, model_format)
