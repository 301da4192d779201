"""A model's own points, labels and reference are refused by the plan, not by a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_ctl.catalog import Model
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan.points import check_own_points

if TYPE_CHECKING:
    from pathlib import Path

POINTS = np.zeros((5, 28, 28), np.float32)
LABELS = np.arange(5)
REFERENCE = np.zeros((5, 10), np.float32)
MODEL = Model.model_validate(
    {
        "name": "mine", "description": "", "tolerance": 1, "formats": {},
        "input": {"shape": [28, 28]}, "output": {"shape": [10]},
        "points": {"path": "models/p.npz", "labels": "labels"},
        "reference": {"path": "models/r.npy"},
    }
)  # fmt: skip


def checked(
    root: Path, points: Any = POINTS, labels: Any = LABELS, reference: Any = REFERENCE
) -> None:
    (root / "models").mkdir(exist_ok=True)
    arrays = {} if labels is None else {"labels": labels}
    np.savez(root / "models/p.npz", points=points, **arrays)
    np.save(root / "models/r.npy", reference)
    check_own_points(MODEL, root)


def test_what_fits_is_taken(tmp_path: Path) -> None:
    checked(tmp_path)
    checked(tmp_path, labels=LABELS.astype(np.uint8), reference=REFERENCE.astype(np.float64))


@pytest.mark.parametrize(
    ("arrays", "said", "hint"),
    [
        (
            {"points": POINTS.astype(float)},
            "array points: is float64 of shape (5, 28, 28)",
            "astype",
        ),
        ({"points": POINTS.reshape(5, 784)}, "must be float32 of shape (n, 28, 28)", "reshape"),
        ({"points": np.full_like(POINTS, np.nan)}, "not finite", ""),
        ({"points": POINTS[:0]}, "(0, 28, 28)", ""),
        ({"labels": None}, "has no array 'labels'; it has points", "add it"),
        ({"labels": np.eye(5, 10)}, "array labels: has shape (5, 10)", "argmax(axis=1)"),
        ({"labels": np.arange(3)}, "must be int64 of shape (5,)", ""),
        ({"labels": np.arange(5.0)}, "array labels: holds float64", "astype('int64')"),
        ({"labels": np.array([1, 2, 3, 4, 10])}, "classes from 1 to 10", "labels - 1"),
        ({"labels": np.array([-1, 2, 3, 4, 5])}, "classes from -1 to 5", ""),
        ({"reference": REFERENCE[:4]}, "has shape (4, 10), and must be (5, 10)", ""),
        ({"reference": REFERENCE.reshape(10, 5)}, "has shape (10, 5)", ""),
        ({"reference": REFERENCE.astype("S3")}, "holds texts", ""),
        ({"reference": np.full_like(REFERENCE, np.inf)}, "not finite", ""),
    ],
)
def test_what_does_not_fit_is_named_with_what_it_must_be(
    tmp_path: Path, arrays: dict[str, Any], said: str, hint: str
) -> None:
    with pytest.raises(CrayfishError) as caught:
        checked(tmp_path, **arrays)
    assert said in caught.value.message
    assert str(tmp_path / "models") in caught.value.message
    assert hint in (caught.value.hint or "")
