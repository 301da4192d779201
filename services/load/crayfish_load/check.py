"""Compares what comes back with what the model should have said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.dtypes import DTYPES

if TYPE_CHECKING:
    import numpy.typing as npt

    from crayfish_contract.runconfig import RunConfig

    Values = npt.NDArray[Any]
    Rows = npt.NDArray[np.void]

_SLICE: Final = 1 << 20
"""Values compared at a time: bounds the memory that large batches take."""


class ReferenceFileError(ValueError):
    """The reference predictions or the labels cannot be used; the message names the file."""


class PredictionCheck:
    """Fills prediction, deviation and correct of rows.

    Args:
        batch: points per record.
        pool: distinct payloads (see `crayfish_contract.arrays.point_indices`).
        points: points in the file.
        reference: [points, outputs] of the type, or None.
        labels: int64[points] or None.
        dtype: of predictions.
    """

    def __init__(  # noqa: PLR0917
        self,
        batch: int,
        pool: int,
        points: int,
        reference: Values | None,
        labels: npt.NDArray[np.int64] | None,
        dtype: str = "float32",
    ) -> None:
        self._batch = batch
        self._pool = pool
        self._points = points
        self._reference = reference
        self._labels = labels
        self._dtype = DTYPES[dtype]
        self._offsets = np.arange(batch)

    def fill(self, rows: Rows, data: Values) -> None:
        """Set the three fields.

        Args:
            rows: RECEIVED, with id, status and batch set.
            data: [len(rows), batch * outputs]; of width 0 for failed records.

        What is of another type than predictions are, or of another shape than the reference, or
        not a number where the reference is one, deviates by infinity.
        """
        rows["prediction"] = -1
        rows["correct"] = -1
        rows["deviation"] = np.nan
        if data.shape[1] == 0:
            return
        if self._reference is not None:
            rows["deviation"] = np.inf  # until it is found to be of the reference's shape
        if data.dtype != self._dtype.numpy:
            rows["deviation"] = np.inf
            return
        if data.shape[1] % self._batch:
            return
        outputs = data.shape[1] // self._batch
        step = max(1, _SLICE // data.shape[1])
        for first in range(0, len(rows), step):
            part, values = rows[first : first + step], data[first : first + step]
            fits = part["batch"] == self._batch
            if fits.all():
                self._fill(part, values.reshape(-1, self._batch, outputs))
            elif fits.any():
                fitting = part[fits]
                self._fill(fitting, values[fits].reshape(-1, self._batch, outputs))
                part[fits] = fitting

    def _fill(self, rows: Rows, predictions: Values) -> None:
        classes = predictions.argmax(axis=2)
        rows["prediction"] = classes[:, 0]
        if self._reference is None and self._labels is None:
            return
        payload = (rows["id"] % np.uint64(self._pool)).astype(np.int64)
        index = (payload[:, None] * self._batch + self._offsets) % self._points
        if self._reference is not None and self._reference.shape[1] == predictions.shape[2]:
            rows["deviation"] = self._deviation(predictions, self._reference[index])
        if self._labels is not None:
            rows["correct"] = (classes == self._labels[index]).sum(axis=1)

    def _deviation(self, predictions: Values, expected: Values) -> Values:
        """The largest of each record: [records, batch, outputs] -> [records].

        The difference of two whole numbers that are not equal is 1 at least, even if a float64
        cannot hold it.
        """
        if not self._dtype.is_float:
            different = predictions != expected
            found = predictions.astype(np.float64) - expected.astype(np.float64)
            found = np.where(different, np.maximum(np.abs(found), 1), 0)
            return np.asarray(found.max(axis=(1, 2)))
        if self._dtype.numpy.itemsize == np.dtype(np.float16).itemsize:
            predictions = predictions.astype(np.float32)  # which holds every difference
        with np.errstate(invalid="ignore", over="ignore"):
            deviation: Values = np.abs(predictions - expected).max(axis=(1, 2))
            if (lost := np.isnan(deviation)).any():
                answer, wanted = predictions[lost], expected[lost]
                same = (answer == wanted) | (np.isnan(answer) & np.isnan(wanted))
                found = np.where(same, 0, np.abs(answer - wanted)).max(axis=(1, 2))
                deviation[lost] = np.where(np.isnan(found), np.inf, found)
        return deviation


def load_check(config: RunConfig) -> PredictionCheck:
    """The check of a run; without a reference nothing is compared (noop, random points).

    Raises:
        ReferenceFileError: naming the file.
    """
    points = config.workload.points
    reference = labels = None
    if points.reference_path is not None:
        reference = _load(points.reference_path, points.count, config.model.output_dtype)
        if points.path is not None and points.path.endswith(".npz"):
            with np.load(points.path, allow_pickle=False) as archive:
                labels = archive.get("labels")
    return PredictionCheck(
        config.workload.batch_size,
        points.pool,
        points.count,
        reference,
        labels,
        config.model.output_dtype,
    )


def _load(path: str, count: int, dtype: str) -> Values:
    try:
        array: Values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ReferenceFileError(
            f"{path}: cannot be read as reference predictions: {error}"
        ) from None
    if len(array) != count:
        raise ReferenceFileError(
            f"{path}: {len(array)} entries, the run config says {count} points"
        )
    if not DTYPES[dtype].is_float and array.dtype != DTYPES[dtype].numpy:
        raise ReferenceFileError(f"{path}: {array.dtype}, the model's predictions are {dtype}")
    return array.reshape(count, -1)
