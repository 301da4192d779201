"""Predictions that nobody has said are made once, from the model itself, or not compared at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_contract.runconfig import Constant
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import NoReferenceError, models_of_files, predictions
from crayfish_ctl.plan import Plan, choices, make_plan, prepare_points, run_config
from crayfish_ctl.results import Image
from crayfish_ctl.run.reference import with_reference
from crayfish_ctl.targets import MemoryTarget, Target
from tests.contract.make_vectors import FOLDER as VECTORS
from tests.unit.models.made import INT64, node, onnx, tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from crayfish_ctl.targets import Given

    Values = npt.NDArray[Any]

ROOT = Path(__file__).parents[3]
FFNN = ROOT / "models" / "ffnn"


def planned(model: str, folder: Path, **flags: Any) -> Plan:
    """With caches in a folder of the test."""
    for name in ("configs", "compose", "images"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    if not (folder / "models").exists():
        (folder / "models").symlink_to(ROOT / "models")
    catalog, (name,) = models_of_files(load_catalog(folder), [model])
    return make_plan(catalog, choices(experiment="input-rate", rates=(5.0,), model=name, **flags))


def made(plan: Plan, folder: Path, target: Target | None = None) -> tuple[Any, list[str]]:
    folder.mkdir(exist_ok=True)
    points = prepare_points(plan.choices.points, plan.model, plan.models_dir.parent, folder)
    said: list[str] = []
    return with_reference(plan, points, folder, target or MemoryTarget(), said.append), said


def test_random_points_get_the_predictions_of_the_file(tmp_path: Path) -> None:
    plan = planned("ffnn", tmp_path, points="random:40", seed=3)
    points, said = made(plan, tmp_path / "points")
    assert (points.kind, points.count) == ("file", 40)
    assert points.container_path == "/points/points.npy"
    assert points.reference_path == "/points/reference.npy"
    array = np.load(tmp_path / "points/points.npy")
    assert np.array_equal(array, np.random.default_rng(3).random((40, 28, 28), dtype=np.float32))
    found = np.load(tmp_path / "points/reference.npy")
    assert found.shape == (40, 10)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert said == [
        "predictions of ffnn are compared with those of ONNX Runtime 1.29.0 here (tolerance 1e-05)"
    ]
    config = run_config(plan, plan.runs[0], points).workload.points
    assert (config.reference_path, config.tolerance) == ("/points/reference.npy", 1e-5)


def test_they_are_those_that_came_with_the_model(tmp_path: Path) -> None:
    points = np.load(FFNN / "test-points.npz")["points"]
    found = predictions(FFNN / "ffnn.onnx", ("points", "predictions"), points, 60)
    assert np.abs(found - np.load(FFNN / "reference.npy")).max() <= 1e-5


def test_a_reference_that_is_there_is_kept(tmp_path: Path) -> None:
    points, said = made(planned("ffnn", tmp_path), tmp_path / "points")
    assert (points.reference_path, said) == ("/models/ffnn/reference.npy", [])


def test_ones_own_points_and_a_second_time_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "mine.npy", np.ones((3, 28, 28), np.float32))
    plan = planned("ffnn", tmp_path, points=str(tmp_path / "mine.npy"))
    points, _ = made(plan, tmp_path / "points")
    first = np.load(tmp_path / "points/reference.npy")
    assert (points.count, len(first)) == (3, 3)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    made(plan, tmp_path / "again")
    assert np.array_equal(np.load(tmp_path / "again/reference.npy"), first)
    np.save(tmp_path / "mine.npy", np.zeros((3, 28, 28), np.float32))
    points, said = made(plan, tmp_path / "other")
    assert points.reference_path is None
    assert "are not compared: onnxruntime is not in the controller's environment" in said[0]


def test_the_tolerance_grows_with_the_predictions(tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    path.write_bytes(onnx())
    np.save(tmp_path / "mine.npy", np.full((3, 2), -5000.0, np.float32))
    plan = planned(str(path), tmp_path, points=str(tmp_path / "mine.npy"))
    points, said = made(plan, tmp_path / "points")
    assert run_config(plan, plan.runs[0], points).workload.points.tolerance == pytest.approx(0.5)
    assert said[0].endswith("(tolerance 0.5)")


def test_the_named_output_is_the_reference(tmp_path: Path) -> None:
    points = np.array([[1, 2], [3, 4]], np.float32)
    found = predictions(VECTORS / "two-answers.onnx", ("points", "other"), points, 60)
    assert found.tolist() == (-points).tolist()


def test_a_fixed_batch_is_filled_up(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx([tensor("x", shape=(3, 2))], [tensor("p", shape=(3, 2))]))
    points = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert predictions(path, ("x", "p"), points, 60).tolist() == points.tolist()


def test_a_state_of_one_takes_one_point_a_call(tmp_path: Path) -> None:
    """A further input that is the same for every call may be made for one point only."""
    path = tmp_path / "m.onnx"
    shape = tensor("shape", INT64, (2,))
    path.write_bytes(onnx([tensor("x"), shape], nodes=[node("Reshape", ["x", "shape"], "p")]))
    points = np.arange(8, dtype=np.float32).reshape(4, 2)
    fixed = {"shape": Constant(dtype="int64", shape=(2,), data=(1, 2))}
    assert predictions(path, ("x", "p"), points, 60, fixed).tolist() == points.tolist()


def test_one_prediction_for_several_points_is_asked_point_by_point(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    largest = node("ReduceMax", ["x"], "p")
    path.write_bytes(onnx([tensor("x")], [tensor("p", shape=(1, 1))], nodes=[largest]))
    points = np.array([[1, 2], [5, 3], [4, 0]], np.float32)
    assert predictions(path, ("x", "p"), points, 60).tolist() == [[2], [5], [4]]


def test_a_model_that_answers_otherwise_each_time_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    random = node("RandomUniformLike", ["x"], "p")
    path.write_bytes(onnx(nodes=[random]))
    plan = planned(str(path), tmp_path, points="random:20")
    points, said = made(plan, tmp_path / "points")
    assert (points.kind, points.reference_path) == ("random", None)
    why = "it answers the same points differently when it is asked again"
    assert said == [f"predictions of m are not compared: {why}"]


def test_answers_that_are_not_finite_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx(nodes=[node("Log", ["x"], "p")]))
    with pytest.raises(NoReferenceError, match="not all finite"):
        predictions(path, ("x", "p"), -np.ones((2, 2), np.float32), 60)


def test_nobody_waits_for_long(tmp_path: Path) -> None:
    points = np.zeros((100, 28, 28), np.float32)
    with pytest.raises(NoReferenceError, match=r"would take .* s for 100 points"):
        predictions(FFNN / "ffnn.onnx", ("points", "predictions"), points, 0)


def test_what_the_runtime_cannot_read_or_score_is_said(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx(nodes=[node("NoSuchOperator", ["x"], "p")]))
    with pytest.raises(NoReferenceError, match="does not read it"):
        predictions(path, ("x", "p"), np.zeros((1, 2), np.float32), 60)
    path.write_bytes(onnx())
    with pytest.raises(NoReferenceError, match="cannot score it"):
        predictions(path, ("x", "p"), np.zeros((1, 3), np.float32), 60)


def test_more_than_the_consumer_can_keep_is_not_compared(tmp_path: Path) -> None:
    plan = planned("ffnn", tmp_path, points="random:50000")
    points, said = made(plan, tmp_path / "points")
    assert (points.kind, points.reference_path) == ("random", None)
    assert "50,000 points are too many to keep (at most 42,799: --points random:42799)" in said[0]


class Framework(MemoryTarget):
    """Has the image whose frameworks answer, or not."""

    def __init__(self, answer: Callable[[Values], Values] | None, *, there: bool = True) -> None:
        super().__init__()
        self.there = there
        self.makers = {"sha256:0": self.answered}
        self.answer = answer

    def images(self, names: Sequence[str]) -> dict[str, Image]:
        if not self.there:
            raise CrayfishError("no such image")
        return {name: Image(id="sha256:0") for name in names}

    def answered(self, given: Given, say: Callable[[str], None]) -> None:
        say("a library's own words")
        if self.answer is None:
            say('{"level": "error", "msg": "its answers to these points are not all finite"}')
            raise CrayfishError("ended with exit code 2")
        points = np.load(given.read["/asked"] / "points.npy")
        np.save(given.written["/out"] / "reference.npy", self.answer(points))
        say('{"level": "info", "msg": "Keras 2.21.0"}')


def tenths(points: Values) -> Values:
    return np.full((len(points), 10), 0.1, np.float32)


@pytest.fixture
def saved(tmp_path: Path) -> Plan:
    """Of a SavedModel, which nothing in this environment reads."""
    return planned(str(FFNN / "savedmodel"), tmp_path, tools=("tf-savedmodel",), runtimes=("jvm",))


def test_another_format_is_asked_of_its_own_framework_once(saved: Plan, tmp_path: Path) -> None:
    target = Framework(tenths)
    for _ in range(2):
        points, said = made(saved, tmp_path / "points", target)
        assert points.reference_path == "/points/reference.npy"
        assert "compared with those of Keras 2.21.0, in the image model-maker" in said[0]
    assert np.load(tmp_path / "points/reference.npy").shape == (points.count, 10)
    (asked,) = target.calls
    assert asked[:5] == ("make", "sha256:0", "-m", "models.common.answer", "--file")
    assert asked[asked.index("--format") + 1] == "tf-savedmodel"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Framework(None), "its answers to these points are not all finite"),
        (Framework(None, there=False), "`crayfish images model-maker` builds it"),
        (Framework(lambda points: points), "in the image model-maker answers float32["),
    ],
)
def test_why_another_format_has_no_reference(
    saved: Plan, tmp_path: Path, target: Framework, why: str
) -> None:
    points, said = made(saved, tmp_path / "points", target)
    assert points.reference_path is None
    assert why in said[0]
