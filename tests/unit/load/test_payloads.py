from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crayfish_contract.arrays import point_indices
from crayfish_contract.codec import CODECS, Header, RecordFormat, Segment, json_prefix
from crayfish_contract.dtypes import DTYPES
from crayfish_contract.runconfig import RunConfig
from crayfish_load.payloads import (
    PointsError,
    RecordSizeError,
    check_size,
    load_points,
    make_pool,
    writer,
)

Config = Callable[..., RunConfig]
TIMES = st.integers(0, 2**63 - 1)


@given(
    st.sampled_from(RecordFormat),
    st.sampled_from(Segment),
    st.integers(0, 2**63),
    st.tuples(TIMES, TIMES),
    st.integers(1, 4),
)
def test_a_message_is_what_the_codec_writes(
    record_format: RecordFormat, segment: Segment, id_: int, times: tuple[int, int], batch: int
) -> None:
    rng = np.random.default_rng(batch)
    payloads = [rng.random((batch, 6), dtype=np.float32) for _ in range(3)]
    codec = CODECS[record_format]
    blank = Header(segment, 0, 0, 0, batch, 6)
    # What make_pool encodes is the part after the header.
    pool = [codec.encode(blank, data) for data in payloads]
    pool = [
        message[64:] if record_format is RecordFormat.BINARY else message[message.index(b"[") : -1]
        for message in pool
    ]
    write = writer(segment, record_format, pool, batch, 6)
    header = Header(segment, id_, *times, batch, 6)
    assert write(id_, *times) == codec.encode(header, payloads[id_ % 3])


@pytest.mark.parametrize("record_format", RecordFormat)
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_payloads_carry_the_points_that_the_contract_says(
    config: Config, record_format: RecordFormat, batch: int
) -> None:
    run = config(batch_size=batch).model_copy(update={"format": record_format})
    points = load_points(run)
    write = writer(Segment.MEASURED, record_format, make_pool(run, points), batch, 4)
    for id_ in (0, 1, 3, 4, 1001):
        record = CODECS[record_format].decode(write(id_, 1, 2))
        expected = points[point_indices(id_ % 4, batch, 5)]
        assert record.header == Header(Segment.MEASURED, id_, 1, 2, batch, 4)
        assert np.array_equal(record.data, expected.reshape(batch, 4))


def test_random_points_come_from_the_seed(config: Config) -> None:
    points = [
        load_points(config(points={"kind": "random", "count": 9, "pool": 1, "seed": seed}))
        for seed in (1, 1, 2)
    ]
    assert points[0].shape == (9, 2, 2)
    assert points[0].dtype == np.float32
    assert np.array_equal(points[0], points[1])
    assert not np.array_equal(points[0], points[2])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("record_format", RecordFormat)
def test_random_points_of_each_type_travel_as_they_are(
    config: Config, dtype: str, record_format: RecordFormat
) -> None:
    run = config(points={"kind": "random", "count": 500, "pool": 500})
    model = run.model.model_copy(update={"input_dtype": dtype})
    run = run.model_copy(update={"format": record_format, "model": model})
    points = load_points(run)
    assert points.dtype == dtype
    most = {"uint8": 255, "bool": 1}.get(dtype, 1 if DTYPES[dtype].is_float else 127)
    assert (points.min(), points.max() <= most) == (pytest.approx(0, abs=0.01), True)
    write = writer(Segment.MEASURED, record_format, make_pool(run, points), 1, 4, dtype)
    record = CODECS[record_format].decode(write(3, 1, 2))
    assert record.header == Header(Segment.MEASURED, 3, 1, 2, 1, 4, dtype=DTYPES[dtype])
    assert record.data.tobytes() == points[3].tobytes()


def from_file(config: Config, path: Path, count: int = 5) -> RunConfig:
    return config(points={"kind": "file", "path": str(path), "count": count, "pool": 2})


def test_points_from_files(config: Config, tmp_path: Path) -> None:
    points = np.arange(20, dtype=np.float32).reshape(5, 2, 2)
    np.save(tmp_path / "p.npy", points)
    np.savez(tmp_path / "p.npz", points=points, labels=np.zeros(5))
    for name in ("p.npy", "p.npz"):
        run = from_file(config, tmp_path / name)
        assert np.array_equal(load_points(run), points)
        assert make_pool(run, points)[1] == points[1].tobytes()


@pytest.mark.parametrize(
    ("array", "count", "message"),
    [
        (np.zeros((5, 3), np.float32), 5, "the model wants"),
        (np.zeros((5, 2, 2)), 5, "float64"),
        (np.zeros((4, 2, 2), np.float32), 5, "4 points, the run config says 5"),
    ],
)
def test_unusable_points(
    config: Config, tmp_path: Path, array: np.ndarray, count: int, message: str
) -> None:
    np.save(tmp_path / "p.npy", array)
    with pytest.raises(PointsError, match=message):
        load_points(from_file(config, tmp_path / "p.npy", count))


@pytest.mark.parametrize("name", ["missing.npy", "text.npy", "empty.npy", "other.npz"])
def test_unreadable_points_name_the_file(config: Config, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.savez(tmp_path / "other.npz", others=np.zeros(3))
    with pytest.raises(PointsError, match=name):
        load_points(from_file(config, tmp_path / name))


@pytest.mark.parametrize("record_format", list(RecordFormat))
@pytest.mark.parametrize("batch", [1, 7])
def test_a_record_beyond_kafkas_limit_is_refused_in_words(
    config: Callable[..., RunConfig], record_format: RecordFormat, batch: int
) -> None:
    made = config(batch_size=batch).model_copy(update={"format": record_format})
    pool = make_pool(made, load_points(made))
    longest = max(map(len, pool))

    def limited(limit: int) -> RunConfig:
        kafka = made.kafka.model_copy(update={"max_message_bytes": limit})
        return made.model_copy(update={"kafka": kafka})

    check_size(limited(longest + 512), pool)
    said = f"the largest batch that fits is {batch - 1}" if batch > 1 else "not even one point"
    with pytest.raises(RecordSizeError, match=said):
        check_size(limited(longest + 511), pool)


def test_what_stands_around_the_values_is_less_than_is_reckoned() -> None:
    header = Header(Segment.MEASURED, 2**64 - 1, -(2**63), -(2**63), 2**32 - 1, 2**32 - 1)
    scored = header._replace(received_ns=-(2**63), scored_ns=-(2**63), outputs=2**32 - 1)
    kafka_bytes = 61 + 21  # of a batch of one record: KIP-98's layout
    assert len(json_prefix(scored)) + len("}") + kafka_bytes <= 512
