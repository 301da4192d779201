"""What a reader of YAML lets pass in silence is an error that names file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_ctl.catalog.reading import read_mapping
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: not YAML: a: given twice, first in line 1"),
        ("w:\n  - {rate: 500, rate: 900}\n", "line 2: not YAML: rate: given twice"),
        ("a: {b: {c: 1, c: 1}}\n", "line 1: not YAML: c: given twice"),
        ("? [a]\n: 1\n", "a list or a mapping cannot be a key"),
        ("? {a: 1}\n: 1\n", "a list or a mapping cannot be a key"),
        ("a: [\n", "line 2: not YAML"),
        ("a: 2001-99-99\n", "not YAML"),
        ("a: " + "[" * 5000, "not YAML"),
        ("a: " + "9" * 5000, "not YAML"),
        ("a: \x07\n", "not YAML"),
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("- a\n", "must be a mapping (lines of `field: value`), not a list"),
        ("word\n", "must be a mapping (lines of `field: value`), not a single value"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(CrayfishError) as caught:
        read_mapping(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert said in caught.value.message


def test_keys_that_a_merge_brings_may_be_overridden(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n")
    assert read_mapping(path)["b"] == {"x": 3, "y": 2}


def test_what_is_no_text_and_what_is_no_config(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CrayfishError, match="not UTF-8 text"):
        read_mapping(path)
    path.write_bytes(b"#" * 5_000_000)
    with pytest.raises(CrayfishError, match="larger than any config"):
        read_mapping(path)
    with pytest.raises(CrayfishError, match="directory"):
        read_mapping(tmp_path)
