"""The documentation's worked example is what it says it is, up to where an engine is needed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import choices, make_plan
from crayfish_scoring import base
from crayfish_scoring.base import create_scorer
from tests.example import PAGE, files_of_page, write_example

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("my-root"))


def test_the_page_shows_every_file_of_the_root() -> None:
    assert set(files_of_page()) == {
        "configs/processors/quix.yaml",
        "compose/quix.yaml",
        "images/quix/Dockerfile",
        "images/quix/libraries.yaml",
        "images/quix/job.py",
        "configs/tools/numpy-layers.yaml",
        "tools/numpy_layers.py",
        "models/one-layer/make.py",
        "configs/models/one-layer.yaml",
    }
    for command in ("crayfish ls --with", "crayfish run input-rate --with"):
        assert command in PAGE.read_text(encoding="utf-8")


def test_it_is_planned_beside_what_is_there(example: Path) -> None:
    catalog = load_catalog(ROOT, [example])
    assert catalog.processor("quix").tools == {"python": ["noop", "onnx", "numpy-layers"]}
    plan = make_plan(
        catalog,
        choices(
            experiment="input-rate", processors=("quix", "flink"), runtimes=("python",),
            tools=("numpy-layers", "onnx"),
        ),
    )  # fmt: skip
    assert {system[:2] for system in plan.systems} == {("quix", "python"), ("flink", "python")}
    assert {system.tool for system in plan.systems} == {"numpy-layers", "onnx", "noop"}
    asked = choices(
        experiment="input-rate", processors=("quix",), tools=("numpy-layers",), model="one-layer"
    )
    assert make_plan(catalog, asked).models_dir == example / "models"


@pytest.mark.parametrize(
    "files",
    [
        ("{example}/models/one-layer/", "weights.npz", "points.npz", "reference.npy"),
        ("{root}/models/ffnn/", "ffnn.npz", "test-points.npz", "reference.npy"),
    ],
)
def test_the_tool_says_what_the_model_says(
    example: Path, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "0").symlink_to(example / "tools")
    monkeypatch.setattr(base, "TOOLS", tmp_path / "tools")
    folder = files[0].format(example=example, root=ROOT)
    path, asked, expected = (folder + name for name in files[1:])
    model = SimpleNamespace(path=path, input_shape=(28, 28), output_shape=(10,))
    scorer = create_scorer("numpy-layers", model, {}, None)
    scorer.load()
    with np.load(asked) as arrays:
        answers = scorer.score(arrays["points"][:50])
    assert answers.dtype == np.float32
    assert np.abs(answers - np.load(expected)[:50]).max() < 1e-5
