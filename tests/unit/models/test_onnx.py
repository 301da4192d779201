"""What an ONNX file says, and what of it nothing here can run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import onnxruntime as ort
import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import Tensor, fitting, is_ort_format, read_model_file
from crayfish_ctl.models.onnx import NEWEST_IR, NEWEST_OPSET, RUNTIME
from tests.unit.models.made import DOUBLE, INT64, field, node, onnx, tensor, weights

if TYPE_CHECKING:
    from crayfish_ctl.models import Facts

ROOT = Path(__file__).parents[3]

FOREIGN = node("Mine", ["x"], "p") + field(7, b"my.own")


def read(folder: Path, content: bytes) -> Facts:
    path = folder / "m.onnx"
    path.write_bytes(content)
    return read_model_file(path)


def test_the_shipped_model() -> None:
    facts = read_model_file(ROOT / "models/ffnn/ffnn.onnx")
    point, prediction = fitting(facts, ("points", "predictions"), ((28, 28), (10,)))
    assert (str(point), str(prediction)) == (
        "points float32[batch, 28, 28]", "predictions float32[batch, 10]",
    )  # fmt: skip
    assert facts.said is not None
    assert facts.said["opset"] == "ai.onnx 17, ai.onnx.ml 2"


def test_names_types_and_shapes(tmp_path: Path) -> None:
    """Weights that are listed as inputs are none."""
    facts = read(
        tmp_path,
        onnx(
            [tensor("w"), tensor("x", shape=("n", 3, None, -1))],
            [tensor("p", INT64, ("n",)), tensor("q", DOUBLE, None), tensor("r", 77, ())],
            initializers=[weights("w")],
        ),
    )
    assert facts.inputs == (Tensor("x", "float32", ("n", 3, None, None)),)
    assert list(map(str, facts.outputs)) == ["p int64[n]", "q float64", "r type 77[]"]
    assert facts.inputs[0].batch is None
    assert facts.inputs[0].point is None


def test_an_output_that_is_no_tensor(tmp_path: Path) -> None:
    maps = field(1, b"probabilities") + field(2, field(4, b""))
    facts = read(tmp_path, onnx(outputs=[maps]))
    with pytest.raises(CrayfishError, match="output probabilities: holds a sequence"):
        fitting(facts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a model", "cannot be read as an ONNX model"),
        (onnx()[:-3], "cut off"),
        (field(1, 8), "it has no graph"),
        (onnx(outputs=[]), "its graph has no output"),
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n" + b"o" * 88, "Git LFS pointer of 131 b"),
    ],
)
def test_what_is_no_model_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(CrayfishError, match=said) as caught:
        read(tmp_path, content)
    assert caught.value.message.startswith(str(tmp_path / "m.onnx"))


def test_weights_beside_the_file(tmp_path: Path) -> None:
    content = onnx(initializers=[weights("w", "m.onnx.data"), weights("v", "m.onnx.data")])
    missing = read(tmp_path, content)
    assert missing.files == missing.missing == ("m.onnx.data",)
    with pytest.raises(CrayfishError, match=r"in files that are not there: m\.onnx\.data"):
        fitting(missing)
    (tmp_path / "m.onnx.data").write_bytes(bytes(16))
    fitting(read(tmp_path, content))


def test_weights_of_constants_and_of_graphs_within(tmp_path: Path) -> None:
    constant = node("Constant", [], "c") + field(5, field(1, b"value") + field(5, weights("", "a")))
    within = field(5, weights("", "b"))
    loop = node("Loop", [], "l") + field(5, field(1, b"body") + field(6, within))
    assert read(tmp_path, onnx(nodes=[constant, loop])).files == ("a", "b")


def test_weights_elsewhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "w").write_bytes(bytes(8))
    with pytest.raises(CrayfishError, match="files outside its folder"):
        fitting(read(tmp_path / "in", onnx(initializers=[weights("w", "../w")])))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (onnx(ir=99), f"IR version 99: .*{RUNTIME}, which reads up to {NEWEST_IR}"),
        (onnx(opsets={"": 99}), f"opset 99: .*{RUNTIME}, which reads up to {NEWEST_OPSET}"),
        (onnx(nodes=[FOREIGN], opsets={"": 13, "my.own": 1}), "operators of my.own"),
    ],
)
def test_what_is_newer_than_the_runtimes(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(CrayfishError, match=said):
        fitting(read(tmp_path, content))


def test_a_domain_that_is_not_used_or_that_the_file_defines(tmp_path: Path) -> None:
    opsets = {"": 18, "my.own": 1}
    fitting(read(tmp_path, onnx(opsets=opsets)))
    function = field(1, b"Mine") + field(7, node("Neg", ["a"], "b")) + field(10, b"my.own")
    fitting(read(tmp_path, onnx(nodes=[FOREIGN], opsets=opsets) + field(25, function)))


def test_the_versions_are_those_of_the_runtimes() -> None:
    assert ort.__version__ == RUNTIME
    assert f"<onnxruntime.version>{RUNTIME}<" in (ROOT / "services/jvm/pom.xml").read_text()
    pins = [
        found
        for path in (ROOT / "requirements").glob("*.in")
        for found in re.findall(r"^onnxruntime==(\S+)", path.read_text(), re.MULTILINE)
    ]
    assert set(pins) == {RUNTIME}


@pytest.mark.parametrize(("more", "taken"), [(0, True), (1, False)])
def test_the_runtime_reads_up_to_these_versions(more: int, taken: bool) -> None:
    for content in (onnx(ir=NEWEST_IR + more), onnx(opsets={"": NEWEST_OPSET + more})):
        if taken:
            ort.InferenceSession(content, providers=["CPUExecutionProvider"])
        else:
            with pytest.raises(Exception, match=r"IR version|Opset"):
                ort.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_the_runtimes_own_format(tmp_path: Path) -> None:
    (tmp_path / "m.ort").write_bytes(b"\x18\x00\x00\x00ORTM" + bytes(8))
    (tmp_path / "m.onnx").write_bytes(onnx())
    assert is_ort_format(tmp_path / "m.ort")
    assert not is_ort_format(tmp_path / "m.onnx")
