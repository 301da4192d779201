"""Payloads, made before the first record is sent; only headers are written while sending."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from crayfish_contract.arrays import point_indices, random_points
from crayfish_contract.codec import (
    DTYPE_SHIFT,
    HEADER,
    MAGIC,
    VERSION,
    Header,
    RecordFormat,
    Segment,
    json_prefix,
    json_values,
)
from crayfish_contract.dtypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from crayfish_contract.runconfig import RunConfig

    Values = npt.NDArray[np.generic]


_AROUND_BYTES: Final = 512
"""Of a record beside its values, at most: our header (as JSON), Kafka's of the record and batch."""


class PointsError(ValueError):
    """The points cannot be used; the message names the file."""


class RecordSizeError(ValueError):
    """A record of this workload is larger than Kafka will take; says what would fit."""


class Writer(Protocol):
    """Makes the message of record `id`: one call per record, so it does as little as possible."""

    def __call__(self, id_: int, intended_ns: int, sent_ns: int) -> bytes:
        """A complete request."""


def load_points(config: RunConfig) -> Values:
    """[n, *input_shape] of the input's type: read from the file, or drawn by seed.

    Raises:
        PointsError: naming the file and what is wrong.
    """
    points = config.workload.points
    shape, dtype = config.model.input_shape, config.model.input_dtype
    if points.kind == "random":
        return random_points(dtype, shape, points.count, points.seed)
    path = points.path or ""
    try:
        loaded = np.load(path, allow_pickle=False)
        array = loaded["points"] if path.endswith(".npz") else loaded
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise PointsError(f"{path}: cannot be read as points: {error}") from None
    if array.shape[1:] != shape or array.dtype != DTYPES[dtype].numpy:
        raise PointsError(f"{path}: {array.dtype}{array.shape}, the model wants {dtype} {shape}")
    if len(array) != points.count:
        raise PointsError(f"{path}: {len(array)} points, the run config says {points.count}")
    return np.ascontiguousarray(array)


def make_pool(config: RunConfig, points: Values) -> list[bytes]:
    """The distinct payloads: the values as they are, or their JSON list."""
    workload = config.workload
    encode = raw_values if config.format is RecordFormat.BINARY else json_values
    return [
        encode(points[point_indices(p, workload.batch_size, len(points))])
        for p in range(workload.points.pool)
    ]


def raw_values(data: Values) -> bytes:
    """Little-endian values of one of our types."""
    return np.ascontiguousarray(data).tobytes()


def check_size(config: RunConfig, pool: Sequence[bytes]) -> None:
    """Refuse records that no broker would take, before anything is sent.

    Raises:
        RecordSizeError: with their size, the limit, and the largest batch that fits.
    """
    limit = config.kafka.max_message_bytes
    batch = config.workload.batch_size
    size = max(map(len, pool)) + _AROUND_BYTES
    if size > limit:
        fits = int((limit - _AROUND_BYTES) / (max(map(len, pool)) / batch))
        said = f"the largest batch that fits is {fits}" if fits > 0 else "not even one point fits"
        raise RecordSizeError(
            f"workload.batch_size: a record of {batch} points has {size:,} bytes as "
            f"{config.format}, kafka.max_message_bytes is {limit:,}: {said}"
        )


def writer(  # noqa: PLR0917
    segment: Segment,
    record_format: RecordFormat,
    pool: Sequence[bytes],
    batch: int,
    values: int,
    dtype: str = "float32",
) -> Writer:
    """The writer of a segment; payload id % len(pool), see `point_indices`."""
    size = len(pool)

    def binary(
        id_: int,
        intended_ns: int,
        sent_ns: int,
        pack: Callable[..., bytes] = HEADER.pack,  # a local name is found faster
    ) -> bytes:
        return (
            pack(MAGIC, VERSION, flag, 0, 0, id_, intended_ns, sent_ns, 0, 0, batch, values, 0, 0)
            + pool[id_ % size]
        )

    def text(id_: int, intended_ns: int, sent_ns: int) -> bytes:
        return prefix % (id_, intended_ns, sent_ns) + pool[id_ % size] + b"}"

    flag = segment | DTYPES[dtype] << DTYPE_SHIFT
    prefix = _json_template(segment, batch, values, dtype)
    return binary if record_format is RecordFormat.BINARY else text


def _json_template(segment: Segment, batch: int, values: int, dtype: str) -> bytes:
    """`json_prefix` with three gaps: filling them is a quarter of the work of making it anew."""
    marks = (1 << 62, (1 << 62) + 1, (1 << 62) + 2)
    text = json_prefix(Header(segment, *marks, batch, values, dtype=DTYPES[dtype]))
    for mark in marks:
        text = text.replace(str(mark), "%d")
    return text.encode()


def canary(config: RunConfig, pool: Sequence[bytes], id_: int) -> bytes:
    """A canary record, due now."""
    now = time.time_ns()
    model, batch = config.model, config.workload.batch_size
    values = int(np.prod(model.input_shape))
    write = writer(Segment.CANARY, config.format, pool, batch, values, model.input_dtype)
    return write(id_, now, now)
