"""A TorchScript file, scored on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from crayfish_serving import ServedModel, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bodies import Floats

_WARM_UP = 3
"""The first calls of a TorchScript profile it and compile it anew."""


def load(model: ServedModel, threads: int) -> Callable[[Floats], Floats]:
    """The model, which has answered zeros.

    Args:
        model: what is promised of it.
        threads: of one forward call.

    Returns:
        float32[n, *input_shape] -> float32[n, *output_shape].

    Raises:
        SettingError: if the file is no TorchScript of those shapes; it names the file.
    """
    torch.set_num_threads(threads)
    try:
        network = torch.jit.load(model.path, map_location="cpu").eval()
    except (RuntimeError, ValueError, OSError) as error:
        raise SettingError(f"{model.path}: not a TorchScript file: {_first_line(error)}") from None

    def score(points: Floats) -> Floats:
        with torch.inference_mode():
            output: Floats = network(torch.from_numpy(points)).numpy()
        return output

    blank = np.zeros((1, *model.input_shape), np.float32)
    try:
        for _ in range(_WARM_UP):
            predictions = score(blank)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise SettingError(
            f"{model.path}: refuses a point of shape {model.input_shape}: {_first_line(error)}"
        ) from None
    if predictions.shape != (1, *model.output_shape) or predictions.dtype != np.float32:
        raise SettingError(
            f"{model.path}: answers one point with {predictions.dtype}{predictions.shape}, "
            f"the model's config says float32{(1, *model.output_shape)}"
        )
    return score


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
