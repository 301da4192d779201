"""What a model's file says of itself, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crayfish_contract.dtypes import DTYPES
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

FLOAT32: Final = "float32"
"""What a file means that does not say."""


@dataclass(frozen=True)
class Tensor:
    """An input or an output."""

    name: str
    dtype: str
    """As NumPy calls it, or in words what it is instead of a tensor."""
    shape: tuple[int | str | None, ...] | None
    """With the batch first. A size, the name of a free one, or None; None as a whole: not said."""

    @property
    def batch(self) -> int | None:
        """The only number of points that a call may have; None if it is free, or not said."""
        first = self.shape[0] if self.shape else None
        return first if isinstance(first, int) else None

    @property
    def point(self) -> tuple[int, ...] | None:
        """The shape without the batch, if the file says all of it."""
        if not self.shape:
            return None
        sizes = tuple(size for size in self.shape[1:] if isinstance(size, int))
        return sizes if len(sizes) == len(self.shape) - 1 else None

    def holds(self, shape: Sequence[int]) -> bool:
        """May a point, or a prediction, have this shape?"""
        if self.shape is None:
            return True
        return len(self.shape) == len(shape) + 1 and all(
            not isinstance(said, int) or said == size
            for said, size in zip(self.shape[1:], shape, strict=True)
        )

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name} {self.dtype}"
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name} {self.dtype}[{sizes}]"


@dataclass(frozen=True)
class Facts:
    """A model as its file describes it."""

    path: Path
    format: str
    """Key of a model's `formats`."""
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    says_types: bool = True
    """Whether the types of inputs and outputs are in it."""
    names: bool = True
    """Whether inputs and outputs have names that a config may choose by."""
    said: Mapping[str, str] | None = None
    """What else a reader wants to know: versions, who wrote it."""
    files: tuple[str, ...] = ()
    """Further files that belong to it, by their path beside it."""
    missing: tuple[str, ...] = ()
    """Those of them that are not there."""
    problems: tuple[str, ...] = ()
    """Why nothing here can run it."""
    mend: str | None = None
    """What helps against them."""


def choose(
    facts: Facts, given: str | None, answered: str | None, constants: Collection[str] = ()
) -> tuple[Tensor, Tensor]:
    """The tensor that takes points and the one that is scored.

    Args:
        facts: of the file.
        given: the input's name; None: the only one.
        answered: the output's name; None: the only one.
        constants: names of further inputs, which get the same with every call.

    Raises:
        CrayfishError: naming the file and the tensors there are.
    """
    if not facts.outputs:
        raise CrayfishError(f"{facts.path}: has no output")
    inputs = [tensor for tensor in facts.inputs if tensor.name not in constants]
    if len(inputs) != 1:
        raise CrayfishError(
            f"{facts.path}: has {len(inputs)} inputs ({_listed(inputs)}), and records "
            "carry the points of one",
            hint=f"give the others constants: formats.{facts.format}.constants of the model's "
            "config, {NAME: VALUE}",
        )
    point = inputs[0]
    if facts.names and given not in {None, point.name}:
        raise CrayfishError(f"{facts.path}: has no input {given!r}; it has {_listed(facts.inputs)}")
    if not facts.names or answered is None:
        if len(facts.outputs) != 1:
            raise CrayfishError(
                f"{facts.path}: has {len(facts.outputs)} outputs: {_listed(facts.outputs)}",
                hint=f"say which one is scored: formats.{facts.format}.output of the model's "
                f"config, or `crayfish models add {facts.path} --output {scorable(facts)}`",
            )
        return point, facts.outputs[0]
    found = [tensor for tensor in facts.outputs if tensor.name == answered]
    if not found:
        raise CrayfishError(
            f"{facts.path}: has no output {answered!r}; it has {_listed(facts.outputs)}"
        )
    return point, found[0]


def scorable(facts: Facts) -> str:
    """The first output that records could carry, for advice; floats rather than whole numbers."""
    shaped = [t for t in facts.outputs if t.dtype in DTYPES and len(t.shape or "nn") > 1]
    carried = [t.name for t in sorted(shaped, key=lambda t: not DTYPES[t.dtype].is_float)]
    return [*carried, *(tensor.name for tensor in facts.outputs)][0]


def check_tensor(
    facts: Facts,
    tensor: Tensor,
    what: str,
    shape: Sequence[int] | None = None,
    dtype: str | None = None,
) -> None:
    """Is a tensor one that records can carry, of this shape?

    Args:
        facts: of the file.
        tensor: of it.
        what: `input` or `output`.
        shape: what is said of one point, or one prediction; None: nothing.
        dtype: what is said of their type; None: nothing.

    Raises:
        CrayfishError: naming file and tensor, what it is, and what would mend it.
    """
    where = f"{facts.path}: {what} {tensor.name}"
    if tensor.dtype not in DTYPES:
        of = "points" if what == "input" else "predictions"
        raise CrayfishError(
            f"{where}: holds {tensor.dtype}, and {of} are {', '.join(DTYPES)}",
            hint=f"add a Cast to {FLOAT32} where the model is exported"
            if tensor.shape is not None
            else "export the model so that it has a tensor there",
        )
    if dtype is not None and facts.says_types and tensor.dtype != dtype:
        raise CrayfishError(
            f"{where}: holds {tensor.dtype}, and {what}.dtype is {dtype}",
            hint=f"write {what}.dtype: {tensor.dtype}",
        )
    if tensor.shape == ():
        raise CrayfishError(f"{where}: is a single number, with no dimension for the batch")
    if tensor.shape is not None and len(tensor.shape) == 1:
        raise CrayfishError(
            f"{facts.path}: {what} {tensor}: has no dimension beside the batch",
            hint="add one where the model is exported: (n, 1)",
        )
    if shape is not None and not tensor.holds(shape):
        sizes = ", ".join(str(s) for s in tensor.shape or ())
        raise CrayfishError(
            f"{where}: has shape ({sizes}) with the batch first, and {what}.shape is "
            f"[{', '.join(map(str, shape))}]"
        )


def points_of_a_call(point: Tensor, prediction: Tensor) -> tuple[int, Tensor] | None:
    """The only number of points that a call may have, and the tensor that says so; None: any."""
    said = next((tensor for tensor in (point, prediction) if tensor.batch is not None), None)
    return None if said is None or said.batch is None else (said.batch, said)


def check_batches(facts: Facts, point: Tensor, prediction: Tensor) -> None:
    """Is there one prediction for each point of a call, as far as the file says it?

    Raises:
        CrayfishError: naming file and tensors, and what would mend it.
    """
    free = point.shape[0] if point.shape else None
    answered = prediction.shape or ()
    if isinstance(free, str) and free in answered[1:] and answered[0] != free:
        raise CrayfishError(
            f"{facts.path}: output {prediction}: has the batch ({free}) in dimension "
            f"{answered.index(free)}, and predictions have it in dimension 0",
            hint="transpose the output where the model is exported",
        )
    if None not in {point.batch, prediction.batch} and point.batch != prediction.batch:
        raise CrayfishError(
            f"{facts.path}: output {prediction}: has {prediction.batch} predictions for the "
            f"{point.batch} points of input {point}: dimension 0 of both must be the batch",
            hint="move the batch to dimension 0 of the output where the model is exported, "
            "one prediction for each point",
        )


def _listed(tensors: Sequence[Tensor]) -> str:
    return ", ".join(map(str, tensors)) or "none"
