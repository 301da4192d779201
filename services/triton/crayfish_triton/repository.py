"""The model repository that Triton reads at its start: a folder for each model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_serving import NOOP

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_serving import ServedModel, Settings


@dataclass(frozen=True)
class Tensors:
    """The names of a model's input and output, as its file has them."""

    input: str
    output: str


@dataclass(frozen=True)
class Batching:
    """What Triton is told of putting requests together."""

    points: int
    """At most in one forward call; 1: requests are never put together."""
    delay_ms: float
    """How long the first may wait for others."""
    instances: int
    """Processes that score."""


_TYPES: Final = {
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "float16": "TYPE_FP16",
    "int64": "TYPE_INT64",
    "int32": "TYPE_INT32",
    "uint8": "TYPE_UINT8",
    "bool": "TYPE_BOOL",
}
CLASSES: Final = {True: "NoopModel", False: "OnnxModel"}
"""Of `crayfish_triton.backend`: for `noop`, and for the model."""
_MODULE: Final = """\
import os, sys
# The interpreter of Triton's stub does not look at the environment.
sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
from crayfish_triton.backend import {} as TritonPythonModel
"""


def batching(settings: Settings) -> Batching:
    """Of the tool's options.

    Raises:
        SettingError: naming one that is out of its bounds.
    """
    return Batching(
        points=settings.whole("batch_size", 1, 1, 4096),
        delay_ms=settings.number("batch_delay_ms", 0.0, 0, 60_000),
        instances=settings.whole("instances", 1, 1, 64),
    )


def write_repository(
    folder: Path, model: ServedModel, tensors: Tensors, batching: Batching
) -> None:
    """The model and `noop`, version 1 of each."""
    for name in (model.name, NOOP):
        version = folder / name / "1"
        version.mkdir(parents=True)
        text = _MODULE.format(CLASSES[name == NOOP])
        (version / "model.py").write_text(text, encoding="utf-8")
        text = model_config(name, model, tensors, batching)
        (folder / name / "config.pbtxt").write_text(text, encoding="utf-8")


def model_config(name: str, model: ServedModel, tensors: Tensors, batching: Batching) -> str:
    """config.pbtxt of one of the two.

    Where Triton puts nothing together it is not told of batches: the first dimension is one as any
    other, so that a request may have as many points as it likes. Where it does, no request may
    have more points than a batch.
    """
    together = batching.points > 1
    batch = () if together else (-1,)
    lines = [
        f'name: "{name}"',
        'backend: "python"',
        f"max_batch_size: {batching.points if together else 0}",
        _tensor("input", tensors.input, (*batch, *model.input_shape), model.input_dtype),
        _tensor("output", tensors.output, (*batch, *model.output_shape), model.output_dtype),
        f"instance_group [ {{ kind: KIND_CPU, count: {batching.instances} }} ]",
    ]
    if together:
        delay = round(batching.delay_ms * 1000)
        lines.append(f"dynamic_batching {{ max_queue_delay_microseconds: {delay} }}")
    return "\n".join(lines) + "\n"


def _tensor(kind: str, name: str, shape: tuple[int, ...], dtype: str) -> str:
    dims = ", ".join(str(size) for size in shape)
    return f'{kind} [ {{ name: "{name}", data_type: {_TYPES[dtype]}, dims: [ {dims} ] }} ]'
