"""A TorchScript file, scored on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from crayfish_serving import ServedModel, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bodies import Values

_WARM_UP = 3
"""The first calls of a TorchScript profile it and compile it anew."""


def load(model: ServedModel, threads: int) -> Callable[[Values], Values]:
    """The model, which has answered zeros.

    Args:
        model: what is promised of it.
        threads: of one forward call.

    Returns:
        [n, *input_shape] -> [n, *output_shape], of its types.

    Raises:
        SettingError: if the file is no TorchScript of those shapes and types; it names the file.
    """
    torch.set_num_threads(threads)
    try:
        network = torch.jit.load(model.path, map_location="cpu").eval()
    except (RuntimeError, ValueError, OSError) as error:
        raise SettingError(f"{model.path}: not a TorchScript file: {_first_line(error)}") from None

    def score(points: Values) -> Values:
        with torch.inference_mode():
            output: Values = network(torch.from_numpy(points)).numpy()
        return output

    blank = np.zeros((1, *model.input_shape), model.input_dtype)
    try:
        for _ in range(_WARM_UP):
            predictions = score(blank)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise SettingError(
            f"{model.path}: refuses a point of shape {model.input_shape}: {_first_line(error)}"
        ) from None
    if predictions.shape != (1, *model.output_shape) or predictions.dtype != model.output_dtype:
        raise SettingError(
            f"{model.path}: answers one point with {predictions.dtype}{predictions.shape}, "
            f"the model's config says {model.output_dtype}{(1, *model.output_shape)}"
        )
    return score


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
