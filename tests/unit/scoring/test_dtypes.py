"""Points and predictions of every type, and further inputs that are constant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crayfish_contract.arrays import random_points
from crayfish_contract.codec import CODECS, Header, RecordFormat, Segment, Status
from crayfish_contract.dtypes import DTYPES, Dtype
from crayfish_contract.runconfig import Constant, ModelConfig
from crayfish_scoring import RecordScorer, ScorerError, create_scorer
from crayfish_scoring.together import BatchScorer

VECTORS = Path(__file__).parents[2] / "contract" / "vectors"
OTHERS = [dtype for dtype in DTYPES if dtype != "float32"]
SCALE = Constant(dtype="float32", shape=(), data=(0.5,))
OFFSET = Constant(dtype="int32", shape=(1, 2), data=(10, 20))


def model(file: str, **changes: Any) -> ModelConfig:
    fields: dict[str, Any] = {"input_shape": (2,), "output_shape": (2,)}
    return ModelConfig(name="m", format="onnx", path=str(VECTORS / file), **{**fields, **changes})


def adding(**changes: Any) -> ModelConfig:
    constants = {"scale": SCALE, "offset": OFFSET}
    return model(
        "adds-constant.onnx", **{"input_dtype": "int32", "constants": constants, **changes}
    )


def request(header: Header, points: np.ndarray, record_format: RecordFormat) -> bytes:
    return CODECS[record_format].encode(header, points)


@pytest.mark.parametrize("record_format", RecordFormat)
@pytest.mark.parametrize("dtype", OTHERS)
def test_points_of_each_type_are_scored_as_they_are(
    dtype: str, record_format: RecordFormat
) -> None:
    made = model(f"takes-{dtype}.onnx", input_dtype=dtype, output_dtype=dtype)
    scorer = create_scorer("onnx", made)
    scorer.load()
    points = random_points(dtype, (2,), 3, seed=1)
    header = Header(Segment.MEASURED, 7, 1, 2, 3, 2, dtype=DTYPES[dtype])
    message = request(header, points, record_format)
    one = RecordScorer(scorer, (2,), record_format, dtype).process(message)
    both = BatchScorer(scorer, (2,), record_format, dtype).process([message, message])
    for result in (one, *both):
        record = CODECS[record_format].decode(result)
        assert record.header.status is Status.OK
        assert record.header.segment is Segment.MEASURED
        assert record.header.dtype is DTYPES[dtype]
        assert record.data.tobytes() == points.tobytes()


@pytest.mark.parametrize("dtype", OTHERS)
def test_a_result_has_the_type_of_its_predictions(dtype: str) -> None:
    scorer = create_scorer("onnx", model(f"answers-{dtype}.onnx", output_dtype=dtype))
    scorer.load()
    points = np.array([[0, 1]], np.float32)
    message = request(Header(Segment.CANARY, 7, 1, 2, 1, 2), points, RecordFormat.BINARY)
    record = CODECS[RecordFormat.BINARY].decode(
        RecordScorer(scorer, (2,), RecordFormat.BINARY).process(message)
    )
    assert (record.header.dtype, record.header.segment) == (DTYPES[dtype], Segment.CANARY)
    assert record.data.tolist() == [[0, 1]]


@pytest.mark.parametrize("record_format", RecordFormat)
def test_points_of_another_type_fail(record_format: RecordFormat) -> None:
    scorer = create_scorer("noop", model("two-answers.onnx"))
    header = Header(Segment.MEASURED, 7, 1, 2, 1, 2, dtype=Dtype.INT32)
    message = request(header, np.array([[1, 2]], np.int32), record_format)
    for result in (
        RecordScorer(scorer, (2,), record_format).process(message),
        *BatchScorer(scorer, (2,), record_format).process([message]),
    ):
        header = CODECS[record_format].decode(result).header
        assert (header.id, header.status, header.dtype) == (7, Status.FAILED, Dtype.FLOAT32)


def test_a_byte_that_is_no_bool_fails() -> None:
    scorer = create_scorer("noop", model("", input_dtype="bool"))
    header = Header(Segment.MEASURED, 7, 1, 2, 1, 2, dtype=Dtype.BOOL)
    good = request(header, np.array([[True, False]]), RecordFormat.BINARY)
    bad = good[:-1] + b"\x02"
    one = RecordScorer(scorer, (2,), RecordFormat.BINARY, "bool")
    results = [
        one.process(bad),
        one.process(good),
        *BatchScorer(scorer, (2,), RecordFormat.BINARY, "bool").process([bad, good]),
    ]
    found = [CODECS[RecordFormat.BINARY].decode(result).header.status for result in results]
    assert found == [Status.FAILED, Status.OK] * 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_noop_answers_zeros_of_the_type(dtype: str) -> None:
    scorer = create_scorer("noop", model("", output_dtype=dtype))
    found = scorer.score(np.zeros((3, 2), np.float32))
    assert found.dtype == dtype
    assert found.tolist() == [[0, 0]] * 3


def test_further_inputs_get_their_constants() -> None:
    scorer = create_scorer("onnx", adding())
    scorer.load()
    points = np.array([[1, 2], [-3, 4]], np.int32)
    assert scorer.score(points).tolist() == [[5.5, 11], [3.5, 12]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"constants": {"scale": SCALE}}, r"has 2 inputs \(points .*, offset .*\).*constants"),
        ({"constants": None}, "has 3 inputs"),
        (
            {"constants": {"scale": SCALE, "offset": OFFSET, "more": SCALE}},
            "has no input 'more'",
        ),
        (
            {"constants": {"scale": SCALE, "offset": OFFSET.model_copy(update={"dtype": "int64"})}},
            "input offset takes int32, its constant is int64",
        ),
        ({"input_dtype": "float32"}, r"points: takes int32, .* write input\.dtype: int32 there"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScorerError, match=said):
        create_scorer("onnx", adding(**changes)).load()
