"""Points of a file of the user: read as they are, or refused with what would mend them."""

from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    import numpy.typing as npt

_KINDS = {
    "O": "Python objects",
    "c": "complex numbers",
    "M": "dates",
    "m": "durations",
    "U": "texts",
    "S": "texts",
    "V": "records of several fields",
}


def read_points(
    choice: str | Path, shape: tuple[int, ...], dtype: str = "float32"
) -> npt.NDArray[Any]:
    """[n, *shape] of the type from .npy, .npz (array `points`, or FILE.npz:NAME) or .parquet.

    A parquet file has either one column per value, in order, or one list column.

    Raises:
        CrayfishError: naming the file, what is wrong with it, and what would mend it.
    """
    path, name = split_name(str(choice))
    where = f"{path}: array {name}" if name else str(path)
    array = numbers(where, read_array(path, name or "points"), dtype)
    flat = math.prod(shape)
    if array.shape[1:] not in {shape, (flat,)} or array.ndim == 0 or len(array) == 0:
        mend = transpose_of(array.shape, shape)
        raise CrayfishError(
            f"{where}: has shape {array.shape}, the model wants (n, {', '.join(map(str, shape))})"
            f" or, flat, (n, {flat})",
            hint=mend and f"axes in another order? {mend}",
        )
    points = np.ascontiguousarray(array.reshape(-1, *shape))
    if not np.isfinite(points).all():
        raise CrayfishError(f"{where}: holds values that are not finite (NaN or infinity)")
    return points


def split_name(choice: str) -> tuple[Path, str | None]:
    """`x.npz:train` is the array `train` of x.npz."""
    file, colon, name = choice.rpartition(":")
    if colon and file.endswith(".npz") and name:
        return Path(file), name
    return Path(choice), None


def numbers(where: str, array: npt.NDArray[Any], dtype: str = "float32") -> npt.NDArray[Any]:
    """The array as this type: as float32 rounded, as any other only if no value changes.

    Raises:
        CrayfishError: if its values are no real numbers, or not of the type.
    """
    if array.dtype.kind in _KINDS:
        raise CrayfishError(
            f"{where}: holds {_KINDS[array.dtype.kind]} ({array.dtype}), points are real numbers",
            hint=f"save them with .astype('{dtype}')",
        )
    if dtype != "float32":
        return _exactly(where, array, dtype)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused as such
        return array.astype(np.float32, copy=False)


def _exactly(where: str, array: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        made = array.astype(dtype)
    if array.dtype.kind == "f" or not np.array_equal(made.astype(array.dtype), array):
        raise CrayfishError(
            f"{where}: holds {array.dtype}, and the model takes {dtype}",
            hint=f"np.save(..., points.astype('{dtype}'))",
        )
    return made


def transpose_of(have: Sequence[int], want: Sequence[int]) -> str | None:
    """`np.transpose(...)` that would make points of one shape those of another, if one would."""
    if len(have) != len(want) + 1 or sorted(have[1:]) != sorted(want):
        return None
    left = list(enumerate(have))[1:]
    axes = [0]
    for length in want:
        axis = next(each for each in left if each[1] == length)
        left.remove(axis)
        axes.append(axis[0])
    return f"np.transpose(points, {tuple(axes)})"


def read_array(path: Path, name: str) -> npt.NDArray[Any]:
    """The array of a file, whatever it holds.

    Raises:
        CrayfishError: if there is none.
    """
    try:
        match path.suffix:
            case ".npy":
                return _npy(path)
            case ".npz":
                return _npz(path, name)
            case ".parquet":
                return _parquet(path)
    except CrayfishError:
        raise
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001  the readers of three formats raise what they like
        raise CrayfishError(f"{path}: cannot be read as points: {_plainly(error)}") from None
    raise CrayfishError(f"{path}: points are .npy, .npz or .parquet, not {path.suffix or 'that'!r}")


def _plainly(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else "the file is damaged or cut off"
    return "it holds Python objects, not numbers" if "allow_pickle" in text else text


def _npy(path: Path) -> npt.NDArray[Any]:
    with _opened(path, b"\x93NUMPY", "np.save") as file:
        array: npt.NDArray[Any] = np.load(file, allow_pickle=False)
    return array


def _npz(path: Path, name: str) -> npt.NDArray[Any]:
    with (
        _opened(path, b"PK", "np.savez") as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        if name not in archive:
            there = ", ".join(archive.files) or "none"
            raise CrayfishError(
                f"{path}: has no array {name!r}; it has {there}",
                hint=f"name the one with the points: --points {path}:NAME",
            )
        array: npt.NDArray[Any] = archive[name]
    return array


@contextmanager
def _opened(path: Path, magic: bytes, writer: str) -> Iterator[BinaryIO]:
    """The file, if it begins as its name promises: numpy would take any other for a pickle."""
    with path.open("rb") as file:
        if file.read(len(magic)) != magic:
            raise CrayfishError(
                f"{path}: cannot be read as points: it is no {path.suffix} file, whatever its name "
                "says",
                hint=f"{writer} writes one",
            )
        file.seek(0)
        yield file


def _parquet(path: Path) -> npt.NDArray[Any]:
    import polars as pl  # noqa: PLC0415  half a second that most runs need not pay

    frame = pl.read_parquet(path)
    if frame.width == 1 and frame.dtypes[0].is_nested():
        return np.stack([np.asarray(row) for row in frame.to_series()])
    for column in frame.columns:
        if not frame[column].dtype.is_numeric():
            raise CrayfishError(
                f"{path}: column {column}: holds {frame[column].dtype}, points are real numbers",
                hint="one column for each value, in order, or one column of lists",
            )
    return frame.to_numpy()
