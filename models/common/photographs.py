"""The points: pieces of the two photographs that scikit-learn brings (a temple, and a flower)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from sklearn.datasets import load_sample_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS: Final = 4
_COLUMNS: Final = 4
"""Of the places where a photograph is cut: 32 pieces of both."""


def crops(side: int) -> NDArray[np.uint8]:
    """uint8[32, side, side, 3], RGB: squares on a grid that reaches from edge to edge."""
    pieces = []
    for photograph in load_sample_images().images:
        height, width = photograph.shape[:2]
        for top in np.linspace(0, height - side, _ROWS).astype(int):
            lefts = np.linspace(0, width - side, _COLUMNS).astype(int)
            pieces += [photograph[top : top + side, left : left + side] for left in lefts]
    return np.stack(pieces)
