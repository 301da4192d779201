from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crayfish_contract.arrays import point_indices
from crayfish_contract.codec import CODECS, Header, RecordFormat, Segment, Status
from crayfish_contract.dtypes import DTYPES
from crayfish_contract.runconfig import RunConfig
from crayfish_load.check import PredictionCheck, ReferenceFileError, load_check
from crayfish_load.parse import ResultParser

REFERENCE = np.random.default_rng(3).random((5, 3), dtype=np.float32)
LABELS = REFERENCE.argmax(axis=1)
LABELS[0] = (LABELS[0] + 1) % 3  # the model is wrong at point 0
Result = Callable[..., bytes]


def check(checker: PredictionCheck, *messages: bytes) -> np.ndarray:
    parser = ResultParser(RecordFormat.BINARY, checker)
    return parser.parse(messages, [1] * len(messages), [2] * len(messages)).rows


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_right_predictions(result: Result, batch: int) -> None:
    ids = [0, 1, 2, 3, 4, 5, 1_000_003]
    points = [point_indices(id_ % 4, batch, 5) for id_ in ids]
    checked = check(
        PredictionCheck(batch, 4, 5, REFERENCE, LABELS),
        *(result(id_, REFERENCE[which]) for id_, which in zip(ids, points, strict=True)),
    )
    assert (checked["deviation"] == 0).all()
    assert checked["prediction"].tolist() == [REFERENCE[which[0]].argmax() for which in points]
    assert checked["correct"].tolist() == [batch - int((which == 0).sum()) for which in points]


def test_the_largest_deviation_of_a_record_counts(result: Result) -> None:
    outputs = REFERENCE[[2, 3]].copy()
    outputs[1, 2] += 0.25
    outputs[0, 0] -= 0.125
    checked = check(
        PredictionCheck(2, 4, 5, REFERENCE, None), result(1, outputs), result(2, outputs)
    )
    assert checked["deviation"][0] == pytest.approx(0.25)
    assert checked["deviation"][1] > 0.01  # the predictions of other points
    assert checked["correct"].tolist() == [-1, -1]


@pytest.mark.parametrize(
    "outputs",
    [
        ((0.1, np.nan, 0.2),),
        ((0.1, np.inf, 0.2),),
        ((0.1, 0.2),),
        ((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)),
    ],
)
def test_what_cannot_be_right_deviates_by_infinity(result: Result, outputs: Any) -> None:
    checked = check(PredictionCheck(1, 4, 5, REFERENCE, LABELS), result(0, outputs))
    assert checked["deviation"].tolist() == [np.inf]


def test_failed_and_unchecked(result: Result) -> None:
    checked = check(PredictionCheck(1, 4, 5, REFERENCE, LABELS), result(0, None))
    assert np.isnan(checked["deviation"]).all()
    assert (checked["prediction"].tolist(), checked["correct"].tolist()) == ([-1], [-1])
    checked = check(PredictionCheck(1, 4, 5, None, None), result(0, ((0.1, 0.2, 0.9),)))
    assert np.isnan(checked["deviation"]).all()
    assert (checked["prediction"].tolist(), checked["correct"].tolist()) == ([2], [-1])


def from_files(config: Any, folder: Path, points: str) -> RunConfig:
    run: RunConfig = config(
        points={
            "kind": "file",
            "path": str(folder / points),
            "reference_path": str(folder / "reference.npy"),
            "count": 5,
            "pool": 4,
        }
    )
    return run


def test_files(config: Any, result: Result, tmp_path: Path) -> None:
    np.save(tmp_path / "reference.npy", REFERENCE.reshape(5, 3, 1))
    np.savez(tmp_path / "p.npz", points=np.zeros((5, 2, 2)), labels=LABELS)
    checked = check(load_check(from_files(config, tmp_path, "p.npz")), result(1, REFERENCE[[1]]))
    assert checked["deviation"].tolist() == [0]
    assert checked["correct"].tolist() == [1]
    np.savez(tmp_path / "q.npz", points=np.zeros((5, 2, 2)))
    for points in ("q.npz", "p.npy"):
        checker = load_check(from_files(config, tmp_path, points))
        assert check(checker, result(1, REFERENCE[[1]]))["correct"].tolist() == [-1]


def test_unusable_files_are_named(config: Any, tmp_path: Path) -> None:
    with pytest.raises(ReferenceFileError, match=r"reference\.npy"):
        load_check(from_files(config, tmp_path, "p.npy"))
    np.save(tmp_path / "reference.npy", REFERENCE[:4])
    with pytest.raises(ReferenceFileError, match="4 entries, the run config says 5 points"):
        load_check(from_files(config, tmp_path, "p.npy"))


def of_type(dtype: str, values: list[float]) -> bytes:
    header = Header(
        Segment.MEASURED, 0, 1, 2, 1, 1, True, Status.OK, 3, 4, len(values), dtype=DTYPES[dtype]
    )
    return CODECS[RecordFormat.BINARY].encode(header, np.array(values, dtype))


@pytest.mark.parametrize(
    ("dtype", "expected", "answer", "deviation"),
    [
        ("int64", 2**53, 2**53, 0),
        ("int64", 2**53, 2**53 + 1, 1),
        ("int32", -(2**31), 2**31 - 1, 2**32),
        ("uint8", 0, 255, 255),
        ("bool", 1, 1, 0),
        ("bool", 1, 0, 1),
        ("float64", 1.0, 1.0 + 1e-12, 1e-12),
        ("float16", 65504.0, -65504.0, 131008),
        ("float32", np.nan, np.nan, 0),
        ("float32", np.inf, np.inf, 0),
        ("float32", np.inf, 1.0, np.inf),
        ("float64", 1.0, np.nan, np.inf),
    ],
)
def test_predictions_of_each_type(
    dtype: str, expected: float, answer: float, deviation: float
) -> None:
    reference = np.array([[expected, 0]], dtype)
    checker = PredictionCheck(1, 1, 1, reference, None, dtype)
    checked = check(checker, of_type(dtype, [answer, 0]))
    assert checked["deviation"][0] == pytest.approx(deviation, rel=1e-3)


def test_an_answer_of_another_type_deviates_by_infinity() -> None:
    for reference in (np.zeros((1, 2), np.float32), None):
        checker = PredictionCheck(1, 1, 1, reference, None)
        checked = check(checker, of_type("int32", [0, 0]), of_type("float32", [0, 0]))
        assert sorted(checked["deviation"] == np.inf) == [False, True]


def test_a_byte_that_is_no_bool_cannot_be_decoded() -> None:
    good = of_type("bool", [0, 1])
    parser = ResultParser(RecordFormat.BINARY, PredictionCheck(1, 1, 1, None, None, "bool"))
    parsed = parser.parse([good, good[:-1] + b"\x02"], [1, 1], [2, 2])
    assert (len(parsed.rows), parsed.undecodable) == (1, 1)
