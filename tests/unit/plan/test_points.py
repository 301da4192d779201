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
from crayfish_ctl.plan.points import check_points, points_for, read_points

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


@pytest.mark.parametrize(
    ("choice", "changes", "meant"),
    [
        ("test", {}, "test"),
        ("test", {"points": None}, "random:1000"),
        ("random:5", {"points": None}, "random:5"),
        ("x.npy", {"points": None}, "x.npy"),
        ("test", {"points": None, "input": {"shape": [3, 224, 224]}}, "random:111"),
        ("test", {"points": None, "input": {"shape": [30_000_000]}}, "random:1"),
        ("test", {"points": None, "output": {"shape": [40, 6625]}}, "random:63"),
    ],
)
def test_a_model_without_points_is_sent_random_ones(
    choice: str, changes: dict[str, Any], meant: str
) -> None:
    found = Model.model_validate({**model().model_dump(), **changes})
    assert points_for(choice, found) == meant


def test_a_model_without_points_of_its_own_says_what_to_give() -> None:
    with pytest.raises(CrayfishError, match="has no test points") as caught:
        check_points("test", model(points=None), ROOT)
    assert "--points" in (caught.value.hint or "")


def test_a_model_without_a_reference_has_nothing_to_compare_with(tmp_path: Path) -> None:
    points = prepare_points("test", model(reference=None), ROOT, tmp_path)
    assert points == Points("file", 360, "/models/ffnn/test-points.npz", None)


def test_axes_in_another_order_are_not_reshaped_but_refused_with_the_mend(tmp_path: Path) -> None:
    path = write(tmp_path / "nhwc.npy", np.zeros((4, 32, 32, 3), np.float32))
    with pytest.raises(CrayfishError) as caught:
        read_points(path, (3, 32, 32))
    assert "has shape (4, 32, 32, 3), the model wants (n, 3, 32, 32) or, flat, (n, 3072)" in (
        caught.value.message
    )
    assert "np.transpose(points, (0, 3, 1, 2))" in (caught.value.hint or "")
    mended = np.transpose(np.load(path), (0, 3, 1, 2))
    assert read_points(write(tmp_path / "nchw.npy", mended), (3, 32, 32)).shape == (4, 3, 32, 32)


@pytest.mark.parametrize("shape", [(5, 4, 6), (5, 2, 12), (10, 12), (120,), (24, 5)])
def test_only_the_exact_shape_or_flat_points_are_taken(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = write(tmp_path / "x.npy", np.zeros(shape, np.float32))
    with pytest.raises(CrayfishError, match="the model wants"):
        read_points(path, (6, 4))


def test_an_archive_says_which_arrays_it_has_and_one_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, x_train=ARRAY, x_test=ARRAY[:2])
    with pytest.raises(CrayfishError, match="no array 'points'; it has x_train, x_test") as said:
        read_points(path, SHAPE)
    assert f"--points {path}:NAME" in (said.value.hint or "")
    assert len(read_points(f"{path}:x_test", SHAPE)) == 2
    with pytest.raises(CrayfishError, match="no array 'y'"):
        read_points(f"{path}:y", SHAPE)
    small = model(input=model().input.model_copy(update={"shape": SHAPE}))
    points = prepare_points(f"{path}:x_test", small, ROOT, tmp_path / "p")
    assert points.count == 2


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 6), complex), "holds complex numbers"),
        (np.zeros((2, 6), "M8[s]"), "holds dates"),
        (np.zeros((2, 6), "m8[s]"), "holds durations"),
        (np.zeros((2, 6), "S3"), "holds texts"),
        (np.zeros(2, [("a", "f4"), ("b", "f4")]), "holds records of several fields"),
    ],
)
def test_values_that_are_no_real_numbers_are_refused(tmp_path: Path, array: Any, said: str) -> None:
    with pytest.raises(CrayfishError, match=said):
        read_points(write(tmp_path / "x.npy", array), SHAPE)


def test_objects_in_an_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", points=np.array([{}, 1], dtype=object))
    with pytest.raises(CrayfishError, match="it holds Python objects, not numbers"):
        read_points(tmp_path / "x.npz", SHAPE)


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_text_with_another_name_is_not_called_pickled(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("1 2 3\n")
    with pytest.raises(CrayfishError, match=r"it is no \.np[yz] file") as caught:
        read_points(tmp_path / name, SHAPE)
    assert "pickle" not in caught.value.message


def test_parquet_of_dates_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": ["x"] * 4}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(CrayfishError, match="column a: holds String"):
        read_points(tmp_path / "x.parquet", SHAPE)


def test_more_random_points_than_the_producer_can_hold() -> None:
    with pytest.raises(CrayfishError, match="more than fit") as said:
        check_points("random:99999999", model(), ROOT)
    assert "at most 684,784" in (said.value.hint or "")
