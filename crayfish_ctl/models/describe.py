"""What a model's file says, as the config of a model: configs/models/NAME.yaml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from crayfish_ctl.catalog.files import digest
from crayfish_ctl.errors import CrayfishError

from .fit import fitting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .facts import Facts, Tensor

    Shape = tuple[int, ...]

TOLERANCE: Final = 1e-4
"""Of the largest prediction: what runtimes differ by in float32, a hundred times over."""
_LONGEST: Final = 40
_HEAD: Final = "# Written from the model's file. docs/extending.md says what each field means.\n"


def valid_name(text: str) -> str:
    """`My_Net v2` -> `my-net-v2`: how a model may be called that has this file name."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-")
    return name or "model"


def name_of_file(path: Path) -> str:
    """How the model of a file or folder is called, if nobody says otherwise."""
    return valid_name(path.resolve().name if path.is_dir() else path.stem)


def describe(
    facts: Facts,
    name: str,
    shapes: tuple[Shape | None, Shape | None] = (None, None),
    output: str | None = None,
) -> dict[str, Any]:
    """The config of a model whose files will lie in models/NAME.

    Args:
        facts: of its file.
        name: of the model.
        shapes: of one point and one prediction, if the file does not say them.
        output: the tensor that is scored, if there are several.

    Raises:
        CrayfishError: if it cannot be run here, or the file does not say its shapes.
    """
    point, prediction = fitting(facts, (None, output), shapes)
    stored = f"models/{name}/{stored_name(facts)}"
    file: dict[str, Any] = {"path": stored, "sha256": digest(facts.path)}
    if facts.names:
        file |= {"input": point.name, "output": prediction.name}
    if facts.files:
        file["weights"] = {each: digest(facts.path.parent / each) for each in facts.files}
    return {
        "name": name,
        "description": f"{facts.path.resolve().name}, as its file describes it.",
        "input": {"shape": _shape(facts, point, "input", shapes[0]), "dtype": point.dtype},
        "output": {
            "shape": _shape(facts, prediction, "output", shapes[1]),
            "dtype": prediction.dtype,
        },
        "tolerance": TOLERANCE,
        "formats": {facts.format: file},
    }


def stored_name(facts: Facts) -> str:
    """What the file or folder is called within models/NAME."""
    return "savedmodel" if facts.path.is_dir() else facts.path.name


def as_yaml(config: Mapping[str, Any]) -> str:
    """The text of the config file."""
    text: str = yaml.safe_dump(dict(config), sort_keys=False, default_flow_style=None, width=1000)
    return _HEAD + text


def _shape(facts: Facts, tensor: Tensor, what: str, said: Shape | None) -> list[int]:
    shape = said or tensor.point
    if shape is None:
        raise CrayfishError(
            f"{facts.path}: {what} {tensor}: the file does not say its whole shape",
            hint=f"say it without the batch: `crayfish models add {facts.path} "
            f"--{what}-shape {'3,224,224' if what == 'input' else '10'}`",
        )
    return list(shape)
