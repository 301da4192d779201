"""`crayfish models`, and `--model PATH`: what is shown, added, planned and refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.models.made import INT64, onnx, tensor, weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.commandline import Done

SHORT = ("--rate", "50", "--seconds", "5", "--reps", "1", "--max-reps", "1")
TWO = [tensor("c", INT64, ("n",)), tensor("p")]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.onnx"
    path.write_bytes(onnx())
    return path


def test_the_list_has_every_format_with_its_state(
    crayfish: Callable[..., Done], root: Path
) -> None:
    done = crayfish("models")
    assert done.code == 0, done.err
    for model_format in ("onnx", "tf-savedmodel", "keras-h5", "torchscript", "npz"):
        assert model_format in done.out
    assert done.out.count("as described") == 5
    with (root / "models/ffnn/ffnn.h5").open("ab") as file:
        file.write(b"x")
    (root / "configs/models/half.yaml").write_text("name: half\n")
    done = crayfish("models")
    assert done.code == 2
    assert done.out.count("as described") == 4
    assert "ffnn.h5: is not the file that" in done.err
    assert "half.yaml: description: is required" in done.err


def test_a_file_is_shown_with_what_can_run_it(crayfish: Callable[..., Done], own: Path) -> None:
    done = crayfish("models", "show", str(own))
    assert done.code == 0, done.err
    for line in (
        f"{own}: onnx, 0.1 kB",
        "  input: x float32[n, 2]",
        "  output: p float32[n, 2]",
        "  opset: ai.onnx 13",
        "  onnx: flink (python), flink (jvm), kafka-streams (jvm)",
        f"crayfish run input-rate --model {own}",
    ):
        assert line in done.out.splitlines() or f"{line}," in done.out


def test_what_has_to_be_said_is_in_the_command_that_is_offered(
    crayfish: Callable[..., Done], own: Path
) -> None:
    own.write_bytes(onnx([tensor("x", shape=(1, "w"))], TWO))
    done = crayfish("models", "show", str(own))
    assert done.code == 0, done.err
    assert "takes 1 a call: --batch 1" in done.out
    assert f"crayfish models add {own} --output p --input-shape ..." in done.out
    done = crayfish("models", "show", "models/ffnn/savedmodel")
    assert "crayfish run input-rate --model models/ffnn/savedmodel --tool tf-" in done.out


def test_a_name_is_no_file(crayfish: Callable[..., Done], root: Path) -> None:
    done = crayfish("models", "show", "ffnn")
    assert done.code == 2
    assert "ffnn: is a model's name" in done.err
    assert f"{root}/models/ffnn/ffnn.onnx" in done.err


def test_a_file_that_nothing_can_run_is_shown_and_then_refused(
    crayfish: Callable[..., Done], own: Path
) -> None:
    own.write_bytes(onnx(ir=99))
    done = crayfish("models", "show", str(own))
    assert done.code == 2
    assert "IR version: 99" in done.out
    assert "can be run by" not in done.out
    assert f"error: {own}: IR version 99" in done.err


def test_a_model_is_added_and_planned_by_its_name(
    crayfish: Callable[..., Done], root: Path, own: Path
) -> None:
    done = crayfish("models", "add", str(own))
    assert done.code == 0, done.err
    assert f"model own: {root}/configs/models/own.yaml" in done.out
    done = crayfish("plan", "input-rate", "--model", "own", *SHORT)
    assert done.code == 0, done.err
    assert "points own has no points of its own: random:1000" in done.out
    done = crayfish("models", "add", str(own))
    assert done.code == 2
    assert "is there already" in done.err


def test_a_model_of_two_outputs_is_added_with_the_one_that_is_scored(
    crayfish: Callable[..., Done], root: Path, own: Path
) -> None:
    own.write_bytes(onnx(outputs=TWO))
    done = crayfish("models", "add", str(own), "--name", "two")
    assert done.code == 2
    assert "has 2 outputs: c int64[n], p float32[n, 2]" in done.err
    assert not (root / "models/two").exists()
    assert crayfish("models", "add", str(own), "--name", "two", "--output", "p").code == 0
    assert crayfish("plan", "input-rate", "--model", "two", *SHORT).code == 0
    path = root / "configs/models/two.yaml"
    path.write_text(path.read_text().replace("output: p", "output: z"))
    done = crayfish("plan", "input-rate", "--model", "two", *SHORT)
    assert done.code == 2
    assert "configs/models/two.yaml: formats.onnx: " in done.err
    assert "has no output 'z'; it has c int64[n], p float32[n, 2]" in done.err


def test_a_model_is_added_to_a_root_of_ones_own(
    crayfish: Callable[..., Done], root: Path, own: Path
) -> None:
    beside = root / "beside"
    done = crayfish("models", "add", str(own), "--with", str(beside))
    assert done.code == 2
    assert f"--with {beside}: not a folder" in done.err
    beside.mkdir()
    done = crayfish("models", "add", str(own), "--with", str(beside))
    assert done.code == 0, done.err
    assert f"crayfish run input-rate --model own --with {beside}" in done.out
    assert (beside / "models/own/own.onnx").is_file()
    assert not (root / "models/own").exists()
    plan = ("plan", "input-rate", "--model", "own", *SHORT)
    assert crayfish(*plan, "--with", str(beside)).code == 0
    assert str(beside) in crayfish("models", "--with", str(beside)).out
    done = crayfish("models", "add", str(own), "--with", str(beside), "--name", "ffnn")
    assert done.code == 2
    assert "--name ffnn: configs/models/ffnn.yaml has this name" in done.err
    done = crayfish("models", "add", str(own), "--with", str(beside), "--with", str(root))
    assert "--with: one root" in done.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--name", "My Net"), "--name My Net: must be small letters"),
        (("--input-shape", "2x2"), "--input-shape 2x2: not a shape"),
        (("--output-shape", "0"), "--output-shape 0: not a shape"),
        (("--input-shape", "3"), "input.shape is [3]"),
        (("--output", "z"), "has no output 'z'; it has p float32[n, 2]"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(
    crayfish: Callable[..., Done], root: Path, own: Path, flags: tuple[str, str], said: str
) -> None:
    done = crayfish("models", "add", str(own), *flags)
    assert done.code == 2
    assert said in done.err
    assert not (root / "models/own").exists()


def test_a_file_is_planned_without_any_config(
    crayfish: Callable[..., Done], root: Path, own: Path
) -> None:
    done = crayfish("plan", "input-rate", "--model", str(own), *SHORT)
    assert done.code == 0, done.err
    assert "own has no points of its own: random:1000" in done.out
    assert not (root / "models/own").exists()
    done = crayfish("plan", "input-rate", "--model", f"{own},ffnn", *SHORT)
    assert "2 experiments" in done.out
    shutil.copy(root / "models/ffnn/ffnn.onnx", root / "ffnn.onnx")
    done = crayfish("plan", "input-rate", "--model", str(root / "ffnn.onnx"), *SHORT)
    assert done.code == 0, done.err
    assert "points ffnn-" in done.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not there"),
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer of 43 bytes"),
        (onnx(opsets={"": 99}), "opset 99: both runtimes have ONNX Runtime"),
        (onnx(outputs=TWO), "has 2 outputs: c int64[n], p float32[n, 2]"),
        (onnx([tensor("x"), tensor("sr", INT64, ())]), "has 2 inputs (x float32[n, 2], sr int64[]"),
        (onnx(initializers=[weights("w", "w.bin")]), "its weights are in files that are not there"),
    ],
)
def test_a_file_that_cannot_be_run_is_refused_by_the_plan(
    crayfish: Callable[..., Done], own: Path, content: bytes | None, said: str
) -> None:
    own.unlink()
    if content is not None:
        own.write_bytes(content)
    done = crayfish("plan", "input-rate", "--model", str(own), *SHORT)
    assert done.code == 2
    assert f"error: --model {own}: {said}" in done.err


def test_a_fixed_batch_takes_that_many_points(crayfish: Callable[..., Done], own: Path) -> None:
    own.write_bytes(onnx([tensor("x", shape=(1, 2))], [tensor("p", shape=(1, 2))]))
    plan = ("plan", "input-rate", "--model", str(own), *SHORT)
    assert crayfish(*plan, "--batch", "1").code == 0
    done = crayfish(*plan, "--batch", "8")
    assert done.code == 2
    takes = "model own takes 1 point per call (dimension 0 of x is 1)"
    assert f"{takes}, the workload sends 8" in done.err
    assert "--batch 1" in done.err
    done = crayfish(*plan, "--sp", "ray", "--call", "batched:8")
    assert f"{takes}, and a batched call carries as many records" in done.err
    server = ("--tool", "triton", "--tool-option", "batch_size=4")
    assert f"{takes}, and triton with batch_size 4 puts" in crayfish(*plan, *server).err


def test_an_output_of_a_fixed_batch_limits_a_call_as_well(
    crayfish: Callable[..., Done], own: Path
) -> None:
    """Of several points such a model answers one: no record would get its own prediction."""
    own.write_bytes(onnx([tensor("x")], [tensor("p", shape=(1, 2))]))
    assert "takes 1 a call: --batch 1" in crayfish("models", "show", str(own)).out
    plan = ("plan", "input-rate", "--model", str(own), *SHORT)
    assert crayfish(*plan, "--batch", "1").code == 0
    done = crayfish(*plan, "--batch", "8")
    assert done.code == 2
    assert "takes 1 point per call (dimension 0 of p is 1), the workload sends 8" in done.err


def test_weights_that_are_linked_from_elsewhere_are_seen_by_no_container(
    crayfish: Callable[..., Done], root: Path, own: Path
) -> None:
    own.write_bytes(onnx(initializers=[weights("w", "w.bin")]))
    (root / "w.bin").write_bytes(bytes(8))
    assert crayfish("models", "add", str(own)).code == 0
    stored = root / "models/own/w.bin"
    stored.unlink()
    stored.symlink_to(root / "w.bin")
    plan = ("plan", "input-rate", "--model", "own", *SHORT)
    assert "w.bin: a link leads out of models/" in crayfish(*plan).err
    config = root / "configs/models/own.yaml"
    config.write_text(config.read_text().partition("    weights:")[0])
    assert "w.bin: a link leads out of models/" in crayfish(*plan).err


def test_channels_last_points_are_not_scrambled(
    crayfish: Callable[..., Done], root: Path, own: Path
) -> None:
    own.write_bytes(onnx([tensor("x", shape=("n", 3, 8, 8))]))
    np.save(root / "nhwc.npy", np.zeros((4, 8, 8, 3), np.float32))
    plan = ("plan", "input-rate", "--model", str(own), *SHORT)
    done = crayfish(*plan, "--points", str(root / "nhwc.npy"))
    assert done.code == 2
    assert "has shape (4, 8, 8, 3), the model wants (n, 3, 8, 8)" in done.err
    assert "np.transpose(points, (0, 3, 1, 2))" in done.err
