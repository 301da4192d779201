"""The committed files of the FFNN agree with each other and with the catalog."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
import yaml

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[3]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "configs/models/ffnn.yaml").read_text())
FORMATS = ("onnx", "tf-savedmodel", "keras-h5", "torchscript", "npz")
LAYERS = 5


@pytest.fixture(scope="module")
def points() -> Floats:
    with np.load(ROOT / CONFIG["points"]["path"]) as archive:
        stored: Floats = archive[CONFIG["points"]["array"]]
        return stored


@pytest.fixture(scope="module")
def labels() -> NDArray[np.int64]:
    with np.load(ROOT / CONFIG["points"]["path"]) as archive:
        stored: NDArray[np.int64] = archive[CONFIG["points"]["labels"]]
        return stored


@pytest.fixture(scope="module")
def reference() -> Floats:
    stored: Floats = np.load(ROOT / CONFIG["reference"]["path"])
    return stored


@pytest.fixture(scope="module")
def weights() -> dict[str, Floats]:
    with np.load(ROOT / CONFIG["formats"]["npz"]["path"]) as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = ROOT / CONFIG["formats"]["onnx"]["path"]
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def sha256(path: Path) -> str:
    """Of a file, or of a folder's listing, as a shell's sha256sum would print it."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    inside = sorted(p for p in path.rglob("*") if p.is_file())
    lines = {p.relative_to(path).as_posix(): sha256(p) for p in inside}
    listing = "".join(f"{lines[name]}  {name}\n" for name in sorted(lines))
    return hashlib.sha256(listing.encode()).hexdigest()


def forward(weights: dict[str, Floats], points: Floats) -> Floats:
    """The network by hand: four ReLU layers and a softmax."""
    values = points.reshape(len(points), -1)
    for layer in range(LAYERS):
        values = values @ weights[f"W{layer}"] + weights[f"b{layer}"]
        if layer < LAYERS - 1:
            values = values.clip(min=0)
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    shares: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares


def test_the_catalog_lists_every_format() -> None:
    assert set(CONFIG["formats"]) == set(FORMATS)


@pytest.mark.parametrize(
    "entry",
    [CONFIG["points"], CONFIG["reference"], *CONFIG["formats"].values()],
    ids=lambda entry: Path(entry["path"]).name,
)
def test_a_file_is_the_one_that_the_catalog_describes(entry: dict[str, str]) -> None:
    assert sha256(ROOT / entry["path"]) == entry["sha256"]


def test_points_and_reference_have_the_shapes_and_types_of_the_catalog(
    points: Floats, labels: NDArray[np.int64], reference: Floats
) -> None:
    count = len(points)
    assert [a.dtype.name for a in (points, reference)] == [CONFIG["input"]["dtype"]] * 2
    assert labels.dtype == np.int64
    assert points.shape == (count, *CONFIG["input"]["shape"])
    assert reference.shape == (count, *CONFIG["output"]["shape"])
    assert labels.shape == (count,)
    assert (points.min(), points.max()) == (0, 1)
    assert set(labels.tolist()) == set(range(10))


def test_every_point_is_another_one(points: Floats) -> None:
    assert len(np.unique(points, axis=0)) == len(points)


def test_the_reference_holds_probabilities(reference: Floats) -> None:
    assert reference.min() >= 0
    np.testing.assert_allclose(reference.sum(axis=1), 1, atol=1e-6)


def test_the_reference_reaches_the_accuracy_of_the_catalog(
    reference: Floats, labels: NDArray[np.int64]
) -> None:
    accuracy = np.mean(reference.argmax(axis=1) == labels)
    assert accuracy == pytest.approx(CONFIG["offline_accuracy"], abs=1e-6)
    assert accuracy >= 0.95


def test_the_network_has_the_published_size(weights: dict[str, Floats]) -> None:
    assert sum(array.size for array in weights.values()) == CONFIG["parameters"] == 28_618
    widths = [weights[f"W{layer}"].shape for layer in range(LAYERS)]
    assert widths == [(784, 32), (32, 32), (32, 32), (32, 32), (32, 10)]


def test_weights_by_hand_give_the_reference(
    weights: dict[str, Floats], points: Floats, reference: Floats
) -> None:
    np.testing.assert_allclose(
        forward(weights, points), reference, rtol=0, atol=CONFIG["tolerance"]
    )


@pytest.mark.parametrize("batch", [1, 32, None], ids=["1", "32", "all"])
def test_onnx_gives_the_reference_at_every_batch_size(
    session: onnxruntime.InferenceSession, points: Floats, reference: Floats, batch: int | None
) -> None:
    entry = CONFIG["formats"]["onnx"]
    size = batch or len(points)
    predictions = np.concatenate(
        [
            session.run([entry["output"]], {entry["input"]: points[i : i + size]})[0]
            for i in range(0, len(points), size)
        ]
    )
    np.testing.assert_allclose(predictions, reference, rtol=0, atol=CONFIG["tolerance"])


def test_the_tolerance_notices_a_transposed_point(
    weights: dict[str, Floats], points: Floats, reference: Floats
) -> None:
    transposed = forward(weights, np.ascontiguousarray(points.transpose(0, 2, 1)))
    differences = np.abs(transposed - reference).max(axis=1)
    assert np.mean(differences > CONFIG["tolerance"]) > 0.99


def test_the_tolerance_notices_a_shifted_batch(reference: Floats) -> None:
    differences = np.abs(np.roll(reference, 1, axis=0) - reference).max(axis=1)
    assert differences.min() > CONFIG["tolerance"]
