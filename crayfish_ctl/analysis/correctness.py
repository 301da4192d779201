"""Do the results say what the model says about the points that were really sent?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from crayfish_contract.arrays import point_indices
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results.numbers import Correctness

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_contract.runconfig import PointsConfig
    from crayfish_ctl.cells import Cell


@dataclass(frozen=True, slots=True)
class Reference:
    """Which points of the file the model classifies as they are labelled: bool[points]."""

    right: npt.NDArray[np.bool_]


def load_reference(points: Path, predictions: Path) -> Reference | None:
    """Compare labels with reference predictions; None if the points carry no labels.

    Args:
        points: an .npz with the arrays `points` and `labels`, or a .parquet with a column `label`.
        predictions: float32[n, classes], an .npy.

    Raises:
        CrayfishError: if a file cannot be read, or the two do not fit.
    """
    try:
        labels = _labels(points)
        outputs = np.load(predictions)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise CrayfishError(f"{points}, {predictions}: {error}") from None
    if labels is None:
        return None
    if labels.shape != outputs.shape[:1]:
        raise CrayfishError(
            f"{predictions}: {outputs.shape[0]} predictions for the {labels.shape[0]} points "
            f"of {points}"
        )
    return Reference(right=np.asarray(outputs.argmax(axis=1) == labels))


def _labels(points: Path) -> npt.NDArray[np.int64] | None:
    if points.suffix == ".npz":
        with np.load(points) as arrays:
            return np.asarray(arrays["labels"]) if "labels" in arrays else None
    if points.suffix == ".parquet" and "label" in pl.read_parquet_schema(points):
        return pl.read_parquet(points, columns=["label"])["label"].to_numpy()
    return None


def correctness_of(
    ok: pl.DataFrame, config: PointsConfig, reference: Reference | None, cell: Cell
) -> Correctness:
    """Check the ok records of a run; there is no accuracy of a tool that scores nothing."""
    deviation = ok["deviation"].drop_nulls()
    labelled = ok.filter(pl.col("correct").is_not_null())
    points = int(labelled["batch"].sum())
    known = bool(points) and not cell.scores_nothing
    expected = _expected(labelled, config, reference) if reference and known else None
    beyond = int((deviation > config.tolerance).sum())
    return Correctness(
        checked=deviation.len(),
        max_deviation=float(np.max(deviation.to_numpy())) if deviation.len() else None,
        tolerance=config.tolerance if config.reference_path else None,
        beyond_tolerance=beyond,
        end_to_end_accuracy=int(labelled["correct"].sum()) / points if known else None,
        offline_accuracy=None if expected is None else expected / points,
        test_set_accuracy=float(reference.right.mean()) if reference and known else None,
    )


def _expected(ok: pl.DataFrame, config: PointsConfig, reference: Reference) -> int:
    """Points that the reference gets right, over exactly the points of these records."""
    batches = ok["batch"].unique().to_list()
    total = 0
    for batch in batches:
        by_payload = np.array(
            [
                reference.right[point_indices(payload, batch, reference.right.size)].sum()
                for payload in range(config.pool)
            ]
        )
        ids = ok.filter(pl.col("batch") == batch)["id"].to_numpy()
        total += int(by_payload[(ids % config.pool).astype(np.intp)].sum())
    return total
