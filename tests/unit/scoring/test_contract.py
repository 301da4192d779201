"""What every tool must keep, and what is said of a model or a tool that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crayfish_scoring
from crayfish_contract.codec import (
    CODECS,
    HEADER_BYTES,
    CodecError,
    Header,
    RecordFormat,
    Segment,
    Status,
    unpack_header,
)
from crayfish_contract.runconfig import ModelConfig
from crayfish_ctl.catalog import load_catalog, supported
from crayfish_ctl.catalog.option import defaults
from crayfish_scoring import RecordScorer, Scorer, ScorerError, base, create_scorer
from tests.unit.outsider import write_root

if TYPE_CHECKING:
    from crayfish_ctl.catalog import Tool

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "models" / "ffnn"
POINTS = np.load(FOLDER / "test-points.npz")["points"]
REFERENCE = np.load(FOLDER / "reference.npy")
FORMATS = list(RecordFormat)
CATALOG = load_catalog(ROOT)
IN_PYTHON = {system.tool for system in supported(CATALOG, "embedded") if system.runtime == "python"}
EMBEDDED = [
    tool for tool in CATALOG.tools.values() if tool.kind == "embedded" and tool.name in IN_PYTHON
]


def model(**changes: Any) -> ModelConfig:
    return ModelConfig(
        name="ffnn",
        format="onnx",
        path=str(FOLDER / "ffnn.onnx"),
        input_shape=(28, 28),
        output_shape=(10,),
    ).model_copy(update=changes)


def loaded(tool: str, **options: Any) -> Scorer:
    scorer = create_scorer(tool, model(), options)
    scorer.load()
    return scorer


@pytest.mark.parametrize("tool", ["onnx", "noop"])
@pytest.mark.parametrize("batch", [1, 2, 32, 360])
def test_a_scorer_answers_a_batch_of_any_size(tool: str, batch: int) -> None:
    output = loaded(tool).score(POINTS[:batch])
    assert output.shape == (batch, 10)
    assert output.dtype == np.float32


@pytest.mark.parametrize("batch", [1, 7, 32])
def test_a_points_prediction_does_not_depend_on_its_batch(batch: int) -> None:
    scorer = loaded("onnx")
    outputs = [scorer.score(POINTS[i : i + batch]) for i in range(0, len(POINTS), batch)]
    assert np.abs(np.concatenate(outputs) - REFERENCE).max() <= 1e-5


def test_threads_change_nothing_but_the_time() -> None:
    assert np.abs(loaded("onnx", threads=2).score(POINTS) - REFERENCE).max() <= 1e-5


@pytest.mark.parametrize("path", ["/no/such.onnx", str(FOLDER), str(FOLDER / "reference.npy"), ""])
def test_a_model_that_cannot_be_read_is_named(path: str) -> None:
    with pytest.raises(ScorerError, match="not a usable ONNX model") as caught:
        create_scorer("onnx", model(path=path)).load()
    assert str(caught.value).startswith(f"{path}: ")


def test_a_model_that_wants_other_points_is_named() -> None:
    with pytest.raises(ScorerError, match=r"ffnn\.onnx: refuses a point of shape \(28, 27\)"):
        create_scorer("onnx", model(input_shape=(28, 27))).load()


@pytest.mark.parametrize("tool", ["base", "record", "", "no such", "crayfish_scoring.onnx"])
def test_what_is_no_tool_is_named(tool: str) -> None:
    with pytest.raises(ScorerError, match=f"tool '{tool}'"):
        create_scorer(tool, model())


@pytest.mark.parametrize("tool", EMBEDDED, ids=lambda tool: tool.name)
def test_every_embedded_tool_of_the_catalog_has_a_scorer_that_knows_its_options(tool: Tool) -> None:
    if tool.name == "tf-savedmodel":
        pytest.importorskip("tensorflow")
    file = load_catalog(ROOT).models["ffnn"].formats.get(tool.model_format or "")
    path = str(ROOT / file.path) if file else ""
    scorer = create_scorer(tool.name, model(path=path), defaults(tool.options))
    scorer.load()
    assert scorer.score(POINTS[:1]).shape == (1, 10)
    scorer.close()


def test_a_tool_of_another_root_is_found_where_processors_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two roots, each with a folder of its own; a name of ours stays ours."""
    write_root(tmp_path / "beside")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "0").mkdir()
    (tmp_path / "beside" / "tools").rename(tmp_path / "tools" / "1")
    (tmp_path / "tools" / "1" / "noop.py").write_text("raise RuntimeError\n")
    monkeypatch.setattr(base, "TOOLS", tmp_path / "tools")
    monkeypatch.setattr(crayfish_scoring, "__path__", list(crayfish_scoring.__path__))
    scorer = create_scorer("doubled", model(), {"factor": 3.0})
    scorer.load()
    assert (scorer.score(POINTS[:2]) == 3.0).all()
    assert scorer.score(POINTS[:2]).shape == (2, 10)
    with pytest.raises(ScorerError, match="tool doubled: unknown option facktor"):
        create_scorer("doubled", model(), {"facktor": 3.0})
    loaded("noop")


def test_the_tools_of_every_image_are_there() -> None:
    assert {"onnx", "noop", "tf-savedmodel"} <= {tool.name for tool in EMBEDDED}


@pytest.mark.parametrize("value", [True, "5", -0.1])
def test_a_service_time_is_a_duration(value: Any) -> None:
    with pytest.raises(ScorerError, match="service_time_ms"):
        create_scorer("noop", model(), {"service_time_ms": value})


def request(record_format: RecordFormat, points: Any, **changes: Any) -> bytes:
    header = Header(Segment.WARMUP, 2**64 - 1, 1, 2, len(points), 784)._replace(**changes)
    return CODECS[record_format].encode(header, points.reshape(-1).astype(np.float32))


@pytest.mark.parametrize("record_format", FORMATS)
def test_records_carry_the_models_predictions(record_format: RecordFormat) -> None:
    scorer = RecordScorer(loaded("onnx"), (28, 28), record_format)
    for batch in (1, 32, 3):
        result = CODECS[record_format].decode(
            scorer.process(request(record_format, POINTS[:batch]))
        )
        assert np.abs(result.data - REFERENCE[:batch]).max() <= 1e-5
        header = result.header
        assert (header.status, header.segment) == (Status.OK, Segment.WARMUP)
        assert (header.id, header.batch, header.outputs) == (2**64 - 1, batch, 10)


@pytest.mark.parametrize("record_format", FORMATS)
@given(message=st.binary(max_size=200))
def test_no_message_ends_the_job(record_format: RecordFormat, message: bytes) -> None:
    result = RecordScorer(loaded("noop"), (28, 28), record_format).process(message)
    with pytest.raises(CodecError):
        CODECS[record_format].decode(result)


@given(length=st.integers(0, HEADER_BYTES + 2 * 784 * 4 + 9))
def test_a_record_of_any_other_length_is_a_failed_result_of_its_id(length: int) -> None:
    whole = request(RecordFormat.BINARY, POINTS[:2])
    message = (whole + b"\0" * 9)[:length]
    result = RecordScorer(loaded("noop"), (28, 28), RecordFormat.BINARY).process(message)
    assert len(result) == HEADER_BYTES + (2 * 10 * 4 if message == whole else 0)
    if length < HEADER_BYTES:
        with pytest.raises(CodecError):
            unpack_header(result)
    else:
        header = unpack_header(result)
        assert header.status is (Status.OK if message == whole else Status.FAILED)
        assert (header.id, header.segment) == (2**64 - 1, Segment.WARMUP)


def test_a_header_that_contradicts_its_data_is_a_failed_result() -> None:
    """Though the data would fit the model."""
    message = bytearray(request(RecordFormat.BINARY, POINTS[:2]))
    message[52:56] = (783).to_bytes(4, "little")
    result = RecordScorer(loaded("noop"), (28, 28), RecordFormat.BINARY).process(bytes(message))
    assert (unpack_header(result).status, len(result)) == (Status.FAILED, HEADER_BYTES)


@pytest.mark.parametrize("record_format", FORMATS)
def test_after_a_failure_the_next_record_is_scored(record_format: RecordFormat) -> None:
    scorer = RecordScorer(loaded("onnx"), (28, 28), record_format)
    codec = CODECS[record_format]
    wrong = request(record_format, np.zeros((1, 28, 27)), values=28 * 27, id=5)
    failed, scored = (
        codec.decode(scorer.process(message)).header
        for message in (wrong, request(record_format, POINTS[:1], id=6))
    )
    assert (failed.id, failed.status) == (5, Status.FAILED)
    assert (scored.id, scored.status) == (6, Status.OK)
