"""The scoring contract, and how a tool is found by its name."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from crayfish_contract.dtypes import DTYPES
from crayfish_contract.service import ServiceExit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from crayfish_contract.runconfig import RunConfig

    Values = npt.NDArray[Any]
    """Points, or predictions, of one of our types."""
    Options = Mapping[str, bool | int | float | str]


TOOLS: Final = Path("/crayfish/tools")
"""Below it, a folder for each root whose tools/ the run uses; there is none in most runs."""


class ScorerError(Exception):
    """The tool or its model cannot be used; the message names the file or option."""

    exit_code: ServiceExit = ServiceExit.BAD_CONFIG
    """Of a container that needs it."""


class UnreachableError(ScorerError):
    """The model server did not answer in time; the message says what was heard of it last."""

    exit_code = ServiceExit.UNREACHABLE


class Scorer(Protocol):
    """What every tool offers. One scorer belongs to one thread."""

    def load(self) -> None:
        """Read the model, or connect to its server, and answer one point.

        Raises:
            ScorerError: if the model file is missing, broken or of other shapes.
        """

    def score(self, points: Values) -> Values:
        """Predictions for a batch in one model call.

        Args:
            points: [batch, *input_shape] of the model's input type; not to be written to.

        Returns:
            [batch, *output_shape] of its output type.
        """

    def close(self) -> None:
        """Let go of the model; the scorer is not used again."""


class Fixed(Protocol):
    """What a further input of a model gets with every call (a `Constant` is one)."""

    @property
    def dtype(self) -> str:
        """Its type, by its name."""

    @property
    def shape(self) -> tuple[int, ...]:
        """All of it; empty: a single number."""

    @property
    def data(self) -> tuple[int | float, ...]:
        """The values in C order."""


class ModelSpec(Protocol):
    """What a scorer needs to know of a model (a `ModelConfig` is one)."""

    @property
    def name(self) -> str:
        """What it is called, also at a server."""

    @property
    def path(self) -> str:
        """The model's file or folder."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one point."""

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of one prediction."""

    @property
    def input_dtype(self) -> str:
        """Type of the points, by its name."""

    @property
    def output_dtype(self) -> str:
        """Type of the predictions."""

    @property
    def input_name(self) -> str | None:
        """The tensor that takes the points, where the file has names; None: the only one."""

    @property
    def output_name(self) -> str | None:
        """The tensor that is scored; None: the only one."""

    @property
    def batch(self) -> int | None:
        """Points of each call; None: it changes from call to call."""

    @property
    def constants(self) -> Mapping[str, Fixed] | None:
        """What further inputs get with every call, by their names; None: there are none."""


def create_scorer(
    tool: str, model: ModelSpec, options: Options | None = None, address: str | None = None
) -> Scorer:
    """The scorer of a tool, not yet loaded.

    Raises:
        ScorerError: if there is no such tool, or it refuses an option.
    """
    name = f"{__package__}.{tool.replace('-', '_')}"
    _see_other_roots()
    if not tool.replace("-", "").isalnum() or find_spec(name) is None:
        raise ScorerError(f"tool {tool!r}: no module {name} in this image")
    create = getattr(import_module(name), "create", None)
    if create is None:
        raise ScorerError(f"tool {tool!r}: module {name} is not a tool: it has no `create`")
    scorer: Scorer = create(model, dict(options or {}), address)
    return scorer


def _see_other_roots() -> None:
    """Modules of other roots are modules of this package, found after its own.

    So one may be called as the library that it uses, and each imports what is here as `.base`.
    """
    path = import_module(str(__package__)).__path__
    path += [str(folder) for folder in sorted(TOOLS.glob("*")) if str(folder) not in path]


def open_scorer(config: RunConfig) -> Scorer:
    """The scorer of a run, loaded.

    Raises:
        ScorerError: if tool or model cannot be used; UnreachableError, if a server does not answer
            within the run's `deadlines.ready`.
    """
    tool = config.tool
    scorer = create_scorer(tool.name, config.model, tool.options, tool.address)
    wait_at_most = getattr(scorer, "wait_at_most", None)
    if wait_at_most is not None:  # a client of a server
        wait_at_most(config.deadlines.ready)
    if tool.tls is not None:
        encrypt = getattr(scorer, "encrypt", None)
        if encrypt is None:
            raise ScorerError(f"tool {tool.name}: tool.tls: its client knows no TLS")
        encrypt(tool.tls)
    scorer.load()
    return scorer


def no_options_left(tool: str, options: Options) -> None:
    """Refuse what a tool does not know: a typo must not measure the default in silence."""
    if options:
        raise ScorerError(f"tool {tool}: unknown option {', '.join(sorted(options))}")


def check_output(model: ModelSpec, tensor: str, output: Any, batch: int = 1) -> None:
    """Compare what a model returned for its first points with what its config promises.

    Args:
        model: whose config it is.
        tensor: the output's name in the file.
        output: what the library gave; [batch, *output_shape] is what results carry.
        batch: points that it was given.

    Raises:
        ScorerError: naming file and tensor, and what is wrong.
    """
    name = f"{model.path}: tensor {tensor}"
    if not isinstance(output, np.ndarray):
        raise ScorerError(f"{name}: a {type(output).__name__}, and no array of predictions")
    if output.dtype != np.dtype(model.output_dtype):
        raise ScorerError(
            f"{name}: predictions are {output.dtype}, the model's config says output.dtype "
            f"{model.output_dtype}: {_mend(str(output.dtype), 'output')}"
        )
    expected = (batch, *model.output_shape)
    if tuple(output.shape) != expected:
        raise ScorerError(
            f"{name}: predictions have shape {tuple(output.shape)}, "
            f"the model's config says output.shape {model.output_shape}"
        )


def check_input(model: ModelSpec, tensor: str, dtype: str | None) -> None:
    """Compare what a file says of the tensor that takes the points with the model's config.

    Args:
        model: whose config it is.
        tensor: the input's name in the file.
        dtype: that the file says; None, or a type that no record carries: in words of its own.

    Raises:
        ScorerError: naming file and tensor, both types, and what would mend it.
    """
    if dtype != model.input_dtype:
        raise ScorerError(
            f"{model.path}: tensor {tensor}: takes {dtype}, the model's config says input.dtype "
            f"{model.input_dtype}: {_mend(str(dtype), 'input')}"
        )


def _mend(dtype: str, what: str) -> str:
    if dtype in DTYPES:
        return f"write {what}.dtype: {dtype} there"
    return f"cast it where the model is exported to one of {', '.join(DTYPES)}"


def constants_of(model: ModelSpec) -> dict[str, Values]:
    """What the further inputs get, as arrays."""
    return {
        name: np.array(each.data, dtype=each.dtype).reshape(each.shape)
        for name, each in (model.constants or {}).items()
    }


def blank_points(model: ModelSpec, batch: int = 1) -> Values:
    """Zeros of the input shape: what a scorer answers while it loads."""
    return np.zeros((batch, *model.input_shape), dtype=model.input_dtype)
