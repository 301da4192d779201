"""The data: scikit-learn's handwritten digits, enlarged to the 28 x 28 points of the FFNN.

The digits (UCI "Optical Recognition of Handwritten Digits", 1797 images of 8 x 8 pixels, values 0
to 16) ship inside scikit-learn, so nothing is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL: Final = 8
LARGE: Final = 28
FULL_INK: Final = 16
WHITE: Final = 255
TEST_SHARE: Final = 0.2
SPLIT_SEED: Final = 20240613
SHIFT: Final = 2


@dataclass(frozen=True)
class Part:
    """Points with their labels."""

    points: NDArray[np.float32]
    """float32[n, 28, 28] in [0, 1]; every value is a whole number of 255ths."""
    labels: NDArray[np.int64]
    """int64[n], the digit 0 to 9."""


def load_parts() -> tuple[Part, Part]:
    """The train part and the test part (20 %), each digit in the same share of both."""
    digits = load_digits()
    points = enlarge(digits.images.astype(np.int64))
    labels = digits.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_SHARE, stratify=labels, random_state=SPLIT_SEED
    )
    return Part(points[train], labels[train]), Part(points[test], labels[test])


def with_shifts(part: Part) -> Part:
    """The part and its eight copies moved by two pixels (paper follows), for training only."""
    padded = np.pad(part.points, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    offsets = (0, SHIFT, 2 * SHIFT)
    moved = [padded[:, y : y + LARGE, x : x + LARGE] for y in offsets for x in offsets]
    return Part(np.concatenate(moved), np.tile(part.labels, len(moved)))


def enlarge(images: NDArray[np.int64]) -> NDArray[np.float32]:
    """Bilinear zoom: int64[n, 8, 8] of 0..16 -> float32[n, 28, 28] of 0..1, in 255ths.

    All of it but the last division is integer arithmetic, so every machine makes the same bits.
    The result is rounded to 8-bit grey levels, as MNIST's images are.
    """
    weights, scale = zoom_weights()
    white = FULL_INK * scale * scale
    ink = weights @ images @ weights.T
    grey = (2 * WHITE * ink + white) // (2 * white)  # rounds half up
    points: NDArray[np.float32] = grey.astype(np.float32) / np.float32(WHITE)
    return points


def zoom_weights() -> tuple[NDArray[np.int64], int]:
    """Weights int64[28, 8] of a linear zoom along one axis, and the sum of each row.

    Pixel centres are aligned (pixel i of the large axis lies at (i + 1/2) * 8/28 - 1/2 of the small
    one) and the border pixel is repeated. In units of 1 / (2 * 28) the positions are whole numbers.
    """
    scale = 2 * LARGE
    weights = np.zeros((LARGE, SMALL), dtype=np.int64)
    for row in range(LARGE):
        position = (2 * row + 1) * SMALL - LARGE
        left, right_weight = divmod(position, scale)
        weights[row, max(left, 0)] += scale - right_weight
        weights[row, min(left + 1, SMALL - 1)] += right_weight
    return weights, scale
