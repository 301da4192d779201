"""The settings of a model server: environment variables, since a server outlives runs.

`CRAYFISH_MODEL_NAME`, `_PATH`, `_INPUT`, `_OUTPUT` say what it serves, `_INPUT_DTYPE` and
`_OUTPUT_DTYPE` of which types it is if not float32, `_INPUT_NAME` and `_OUTPUT_NAME` which tensors
of it are used if it has several, `_CONSTANTS` what its further inputs get (as the run config has
it: `{"scale": {"dtype": "float32", "shape": [], "data": [2.0]}}`); `TOOL_<NAME>` is each option of
configs/tools. An option that is not given has the default of its tool's file; what is given must be
in its bounds, which that file checks first, for a container that is started by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crayfish_contract.dtypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

NOOP: Final = "noop"
"""The model that every server of ours serves beside its own: same shapes, answers zeros."""
MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""The largest message, in either direction: gRPC's own limit of 4 MiB is seven ResNet50 images."""


class SettingError(Exception):
    """A setting is missing or wrong; the message names the variable."""


@dataclass(frozen=True)
class Constant:
    """What a further input gets."""

    dtype: str
    shape: tuple[int, ...]
    data: tuple[int | float, ...]


@dataclass(frozen=True)
class ServedModel:
    """The model that is served."""

    name: str
    path: str
    input_shape: tuple[int, ...]
    """Of one point, without the batch."""
    output_shape: tuple[int, ...]
    """Of one prediction."""
    input_dtype: str = "float32"
    output_dtype: str = "float32"
    input_name: str | None = None
    """The tensor that takes the points, where the file has names; None: the only one."""
    output_name: str | None = None
    """The tensor that is scored; None: the only one."""
    batch: int | None = None
    """Points of each call: a server cannot know them."""
    constants: Mapping[str, Constant] | None = None
    """What further inputs get with every call."""

    @property
    def point_bytes(self) -> int:
        """Of one point, as it travels."""
        return DTYPES[self.input_dtype].numpy.itemsize * prod(self.input_shape)


@dataclass(frozen=True)
class Settings:
    """What a server was started with."""

    model: ServedModel
    options: Mapping[str, str]
    """`batch_size` -> what `TOOL_BATCH_SIZE` says, as text."""

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """An option that is a whole number from `least` to `most`."""
        text = self.options.get(name, "")
        try:
            value = int(text) if text else default
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise SettingError(
                f"{_variable(name)}: must be a whole number from {least} to {most}, not {text!r}"
            )
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """An option that is a number from `least` to `most`."""
        text = self.options.get(name, "")
        try:
            value = float(text) if text else default
        except ValueError:
            value = float("nan")
        if not isfinite(value) or not least <= value <= most:
            raise SettingError(
                f"{_variable(name)}: must be a number from {least:g} to {most:g}, not {text!r}"
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """An option that is one of some words; the first is the default."""
        text = self.options.get(name, "") or choices[0]
        if text not in choices:
            raise SettingError(f"{_variable(name)}: must be {' or '.join(choices)}, not {text!r}")
        return text


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this container.

    Raises:
        SettingError: if one is missing or wrong, or the model's file is not there.
    """
    name = _required(environment, "CRAYFISH_MODEL_NAME")
    if name == NOOP:
        raise SettingError(f"CRAYFISH_MODEL_NAME: {NOOP} is the model that answers zeros")
    path = _required(environment, "CRAYFISH_MODEL_PATH")
    if not Path(path).exists():
        raise SettingError(f"{path}: not there (CRAYFISH_MODEL_PATH)")
    return Settings(
        model=ServedModel(
            name=name,
            path=path,
            input_shape=_shape(environment, "CRAYFISH_MODEL_INPUT"),
            output_shape=_shape(environment, "CRAYFISH_MODEL_OUTPUT"),
            input_dtype=_dtype(environment, "CRAYFISH_MODEL_INPUT_DTYPE"),
            output_dtype=_dtype(environment, "CRAYFISH_MODEL_OUTPUT_DTYPE"),
            input_name=environment.get("CRAYFISH_MODEL_INPUT_NAME") or None,
            output_name=environment.get("CRAYFISH_MODEL_OUTPUT_NAME") or None,
            constants=_constants(environment.get("CRAYFISH_MODEL_CONSTANTS", "")),
        ),
        options={
            variable.removeprefix("TOOL_").lower(): value
            for variable, value in environment.items()
            if variable.startswith("TOOL_")
        },
    )


def _variable(option: str) -> str:
    return f"TOOL_{option.upper()}"


def _required(environment: Mapping[str, str], variable: str) -> str:
    value = environment.get(variable, "")
    if not value:
        raise SettingError(f"{variable}: not set")
    return value


def _dtype(environment: Mapping[str, str], variable: str) -> str:
    """One of our types by its name; float32 if nothing is said."""
    text = environment.get(variable) or "float32"
    if text not in DTYPES:
        raise SettingError(f"{variable}: must be one of {', '.join(DTYPES)}, not {text!r}")
    return text


def _constants(text: str) -> dict[str, Constant] | None:
    """As the run config has them; None if nothing is said."""
    if not text:
        return None
    try:
        found = {
            str(name): Constant(each["dtype"], tuple(each["shape"]), tuple(each["data"]))
            for name, each in json.loads(text).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingError(
            f"CRAYFISH_MODEL_CONSTANTS: not as the run config has them: {error!r}"
        ) from None
    wrong = [name for name, each in found.items() if each.dtype not in DTYPES]
    if wrong:
        raise SettingError(
            f"CRAYFISH_MODEL_CONSTANTS: {wrong[0]}: must be one of {', '.join(DTYPES)}"
        )
    return found


def _shape(environment: Mapping[str, str], variable: str) -> tuple[int, ...]:
    """`28,28` -> (28, 28)."""
    text = _required(environment, variable)
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise SettingError(f"{variable}: must be a shape such as 28,28, not {text!r}")
    return shape
