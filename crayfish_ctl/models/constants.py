"""Further inputs of a model, which get the same with every call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from crayfish_contract.dtypes import DTYPES, Dtype
from crayfish_contract.runconfig import Constant
from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from .facts import Facts, Tensor


def constants(facts: Facts, given: Mapping[str, Any]) -> dict[str, Constant]:
    """What a config says of them, of the types and shapes that the file says.

    Args:
        facts: of the file.
        given: a number, or nested lists of them, by the input's name.

    Raises:
        CrayfishError: naming file and input, and what is wrong.
    """
    inputs = {tensor.name: tensor for tensor in facts.inputs}
    for name in given:
        if name not in inputs:
            raise CrayfishError(
                f"{facts.path}: constants: has no input {name!r}; it has "
                f"{', '.join(map(str, facts.inputs)) or 'none'}"
            )
    return {
        name: _constant(f"{facts.path}: constants.{name}", inputs[name], value)
        for name, value in given.items()
    }


def _constant(where: str, tensor: Tensor, value: Any) -> Constant:
    dtype = DTYPES.get(tensor.dtype)
    if dtype is None:
        raise CrayfishError(
            f"{where}: the input holds {tensor.dtype}, and a constant is one of {', '.join(DTYPES)}"
        )
    try:
        array = np.array(value)
    except ValueError:
        raise CrayfishError(f"{where}: lists of different lengths") from None
    if array.size and array.dtype.kind not in "biuf":
        raise CrayfishError(f"{where}: must be a number, or lists of numbers")
    _check_shape(where, tensor, array.shape)
    made = _as(dtype, array)
    if made is None:
        raise CrayfishError(f"{where}: has a value that is no {dtype.word}, which the input holds")
    flat = made.astype(np.uint8) if dtype is Dtype.BOOL else made
    return Constant(dtype=dtype.word, shape=made.shape, data=flat.ravel().tolist())


def _as(dtype: Dtype, array: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The values as this type; None if they are none: only floats may be rounded."""
    with np.errstate(over="ignore", invalid="ignore"):
        made = array.astype(dtype.numpy)
    if dtype.is_float:
        return made if np.isfinite(made).all() else None
    if array.dtype.kind == "f" and array.size:
        return None
    return made if np.array_equal(made.astype(array.dtype), array) else None


def _check_shape(where: str, tensor: Tensor, found: tuple[int, ...]) -> None:
    """Is it the input's, of which the first dimension must not be free: that is the batch's."""
    if tensor.shape is None:
        return
    if tensor.shape and not isinstance(tensor.shape[0], int):
        raise CrayfishError(
            f"{where}: {tensor}: dimension 0 is free, as that of points is, and a constant has one "
            "size",
            hint="give it a fixed shape where the model is exported",
        )
    fits = len(found) == len(tensor.shape) and all(
        not isinstance(said, int) or said == size
        for said, size in zip(tensor.shape, found, strict=True)
    )
    if not fits:
        raise CrayfishError(f"{where}: has shape {list(found)}, and the input is {tensor}")
