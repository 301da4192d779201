"""Fixed-width rows that the producer and the consumer append to a file while they measure.

A row is cheap to write (one `tofile` per chunk) and the memory stays bounded however long a run is.
The controller joins the two files into `records.parquet` and removes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SENT: Final = np.dtype(
    [
        ("id", "<u8"),
        ("segment", "u1"),
        ("intended_ns", "<i8"),
        ("sent_ns", "<i8"),
        ("in_append_ms", "<i8"),  # the broker's LogAppendTime, Unix ms; -1 if not acknowledged
        ("delivery_error", "<i4"),  # librdkafka's error code; 0 if acknowledged
    ]
)
"""One row per warm-up or measured record: `producer.records.bin`."""

RECEIVED: Final = np.dtype(
    [
        ("id", "<u8"),
        ("segment", "u1"),
        ("status", "u1"),
        ("intended_ns", "<i8"),
        ("sent_ns", "<i8"),
        ("received_ns", "<i8"),
        ("scored_ns", "<i8"),
        ("consumed_ns", "<i8"),
        ("out_append_ms", "<i8"),
        ("batch", "<u4"),
        ("prediction", "<i4"),  # class index of the first point; -1 if failed
        ("correct", "<i4"),  # points whose class equals the label; -1 if there are no labels
        ("deviation", "<f4"),  # max |output - reference| over the record; NaN if not checked
        ("reason", "u1"),  # `codec.Reason`: why a call to a model server failed
        ("waited_us", "<u4"),  # from received until the model was called
    ]
)
"""One row per result, duplicates included: `consumer.records.bin`."""

SENT_FILE: Final = "producer.records.bin"
RECEIVED_FILE: Final = "consumer.records.bin"
PRODUCER_SUMMARY: Final = "producer.json"
CONSUMER_SUMMARY: Final = "consumer.json"


def point_indices(
    payload: int, batch: int, points: int
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Which points (of `points` in the file) the records with this payload carry, in order.

    Record `id` carries payload `id % pool`; payload p carries points p*batch ... p*batch+batch-1,
    counted round the end of the file.
    """
    return (payload * batch + np.arange(batch)) % points


_WHOLE_BELOW: Final = {"uint8": 256, "bool": 2}
"""Random points of these types; other whole numbers are below `_OTHERS_BELOW`, which the
vocabulary of a small model has, too."""
_OTHERS_BELOW: Final = 128


def random_points(
    dtype: str, shape: tuple[int, ...], count: int, seed: int
) -> npt.NDArray[np.generic]:
    """[count, *shape]: floats uniformly from [0, 1), whole numbers from 0 to 127 (uint8: 255)."""
    random, size = np.random.default_rng(seed), (count, *shape)
    if dtype == "float64":
        return random.random(size)
    if dtype in {"float32", "float16"}:
        return random.random(size, dtype=np.float32).astype(dtype, copy=False)
    below = _WHOLE_BELOW.get(dtype, _OTHERS_BELOW)
    return random.integers(0, below, size, dtype=np.int64).astype(dtype)


HEADER: Final = np.dtype(
    [
        ("magic", "S4"),
        ("version", "u1"),
        ("flags", "u1"),
        ("status", "u1"),
        ("reason", "u1"),
        ("id", "<u8"),
        ("intended_ns", "<i8"),
        ("sent_ns", "<i8"),
        ("received_ns", "<i8"),
        ("scored_ns", "<i8"),
        ("batch", "<u4"),
        ("values", "<u4"),
        ("outputs", "<u4"),
        ("waited_us", "<u4"),
    ]
)
"""A binary record's header (see `crayfish_contract.codec`) for reading many of them at once."""
