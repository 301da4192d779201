"""A user's points are read in three formats, and what is wrong with them is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from crayfish_ctl.catalog import Model, load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import Points, prepare_points
from crayfish_ctl.plan.points import check_points, read_points

ROOT = Path(__file__).parents[3]
SHAPE = (2, 3)
ARRAY = np.arange(24, dtype=np.float32).reshape(4, 2, 3)


def model(**changes: Any) -> Model:
    return load_catalog(ROOT).model("ffnn").model_copy(update=changes)


def write(path: Path, array: Any) -> Path:
    match path.suffix:
        case ".npy":
            np.save(path, array)
        case ".npz":
            np.savez(path, points=array)
        case ".parquet":
            flat = np.asarray(array).reshape(len(array), -1)
            pl.DataFrame({f"v{i}": flat[:, i] for i in range(flat.shape[1])}).write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_every_format_gives_the_same_points(tmp_path: Path, suffix: str, kind: type) -> None:
    points = read_points(write(tmp_path / f"x{suffix}", ARRAY.astype(kind)), SHAPE)
    assert points.dtype == np.float32
    assert np.array_equal(points, ARRAY)


def test_a_list_column_is_a_point_a_row(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"points": ARRAY.reshape(4, 6).tolist()}).write_parquet(path)
    assert np.array_equal(read_points(path, SHAPE), ARRAY)


def test_flat_points_take_the_models_shape(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npy", ARRAY.reshape(4, 6))
    assert np.array_equal(read_points(path, SHAPE), ARRAY)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 5)), r"has shape \(4, 5\), the model wants \(n, 2, 3\)"),
        (np.zeros((0, 2, 3)), r"has shape \(0, 2, 3\)"),
        (np.float32(1), r"has shape \(\)"),
        (np.full((1, 2, 3), np.nan), "not finite"),
        (np.full((1, 2, 3), np.inf), "not finite"),
        (np.full((1, 2, 3), 1e300), "not finite"),
        (np.array([["a"] * 6]), "holds texts"),
        (np.array([{}]), "cannot be read as points: it holds Python objects, not numbers"),
    ],
)
def test_points_that_do_not_fit_are_named_with_the_reason(
    tmp_path: Path, array: Any, said: str
) -> None:
    path = write(tmp_path / "x.npy", array)
    with pytest.raises(CrayfishError, match=said) as caught:
        read_points(path, SHAPE)
    assert caught.value.message.startswith(str(path))
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.parquet"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"PAR1"])
def test_a_file_that_is_none_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CrayfishError, match=name):
        read_points(path, SHAPE)


def test_a_ragged_list_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"points": [[1.0] * 6, [1.0] * 5]}).write_parquet(path)
    with pytest.raises(CrayfishError, match="cannot be read as points"):
        read_points(path, SHAPE)


def test_an_archive_without_points_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", data=ARRAY)
    with pytest.raises(CrayfishError, match=r"x\.npz.*points"):
        read_points(tmp_path / "x.npz", SHAPE)


def test_another_format_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2")
    with pytest.raises(CrayfishError, match=r"\.npy, \.npz or \.parquet, not '\.csv'"):
        read_points(tmp_path / "x.csv", SHAPE)


def test_a_users_file_is_copied_to_where_containers_see_it(tmp_path: Path) -> None:
    array = np.ones((5, 28, 28))
    points = prepare_points(
        str(write(tmp_path / "mine.npz", array)), model(), ROOT, tmp_path / "points"
    )
    assert points == Points("file", 5, "/points/points.npy", None)
    copied = np.load(tmp_path / "points" / "points.npy")
    assert (copied.shape, copied.dtype) == ((5, 28, 28), np.float32)


def test_random_points_are_only_counted(tmp_path: Path) -> None:
    assert prepare_points("random:50", model(), ROOT, tmp_path) == Points("random", 50)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("choice", ["random:", "random:0", "random:-1", "random:x", "random:²"])
def test_a_number_of_points_is_a_number(choice: str) -> None:
    with pytest.raises(CrayfishError, match=f"--points {choice}"):
        check_points(choice, model(), ROOT)


def test_a_model_without_points_of_its_own_says_what_to_give() -> None:
    with pytest.raises(CrayfishError, match="has no test points") as caught:
        check_points("test", model(points=None), ROOT)
    assert "--points" in (caught.value.hint or "")


def test_a_model_without_a_reference_has_nothing_to_compare_with(tmp_path: Path) -> None:
    points = prepare_points("test", model(reference=None), ROOT, tmp_path)
    assert points == Points("file", 360, "/models/ffnn/test-points.npz", None)
