"""Where a plan's points come from: the model's own test set, the user's file, or a seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    import numpy.typing as npt

    from crayfish_ctl.catalog import Model

_RANDOM = "random:"


@dataclass(frozen=True)
class Points:
    """The source of the points, as the run config names it."""

    kind: Literal["file", "random"]
    count: int
    container_path: str | None = None
    reference_path: str | None = None


def check_points(choice: str, model: Model) -> None:
    """Is `--points` usable? Asked before anything starts.

    Raises:
        CrayfishError: naming the flag or the file, and what is wrong.
    """
    if choice == "test":
        if model.points is None:
            raise CrayfishError(
                f"configs/models/{model.name}.yaml: points: the model has no test points",
                hint="give --points FILE or --points random:COUNT",
            )
    elif choice.startswith(_RANDOM):
        text = choice.removeprefix(_RANDOM)
        if not text.isdecimal() or int(text) == 0:
            raise CrayfishError(f"--points {choice}: {text!r} is not a number of points")
    else:
        read_points(Path(choice), model.input.shape)


def prepare_points(choice: str, model: Model, root: Path, folder: Path) -> Points:
    """Resolve `--points`, which the plan has checked; a user's file is copied into `folder`.

    Raises:
        CrayfishError: if a file has changed since, and cannot be read as points any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if choice == "test" and model.points is not None:
        return Points(
            kind="file",
            count=len(read_points(root / model.points.path, model.input.shape)),
            container_path=f"/{model.points.path}",
            reference_path=f"/{model.reference.path}" if model.reference else None,
        )
    if choice.startswith(_RANDOM):
        return Points(kind="random", count=int(choice.removeprefix(_RANDOM)))
    array = read_points(Path(choice), model.input.shape)
    np.save(folder / "points.npy", array)
    return Points(kind="file", count=len(array), container_path="/points/points.npy")


def read_points(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """float32[n, *shape] from .npy, .npz (array `points`) or .parquet.

    A parquet file has either one column per value, in order, or one list column.

    Raises:
        CrayfishError: naming the file and what is wrong with it.
    """
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
            array = _read(path).astype(np.float32, copy=False)
    except CrayfishError:
        raise
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001  the readers of three formats raise what they like
        raise CrayfishError(f"{path}: cannot be read as points: {error}") from None
    values = int(np.prod(shape))
    if array.ndim < 1 or array.size == 0 or array.size != len(array) * values:
        raise CrayfishError(
            f"{path}: has shape {array.shape}, the model wants (n, {', '.join(map(str, shape))})"
        )
    points = np.ascontiguousarray(array.reshape(-1, *shape))
    if not np.isfinite(points).all():
        raise CrayfishError(f"{path}: holds values that are not finite (NaN or infinity)")
    return points


def _read(path: Path) -> npt.NDArray[Any]:
    match path.suffix:
        case ".npy":
            with path.open("rb") as file:
                array: npt.NDArray[Any] = np.load(file, allow_pickle=False)
            return array
        case ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                packed: npt.NDArray[Any] = archive["points"]
            return packed
        case ".parquet":
            import polars as pl  # noqa: PLC0415  half a second that most runs need not pay

            frame = pl.read_parquet(path)
            if frame.width == 1 and frame.dtypes[0].is_nested():
                return np.stack([np.asarray(row, dtype=np.float32) for row in frame.to_series()])
            return frame.to_numpy()
    raise CrayfishError(f"{path}: points are .npy, .npz or .parquet, not {path.suffix or 'that'!r}")
