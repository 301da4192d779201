"""Which files can be made into ONNX, and what to do about those that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.errors import CrayfishError

from .keras import KERAS_3

if TYPE_CHECKING:
    from .facts import Facts

CONVERTIBLE: Final = ("tf-savedmodel", "keras-h5")
"""Formats; of a model that has both, the first: what it computes is in it without any layer."""
_OTHERS: Final = {
    "onnx": ("is ONNX already", "`crayfish models show FILE` says what can run it"),
    "torchscript": (
        "is TorchScript, and PyTorch exports a model from its Python source only",
        "call torch.onnx.export(model, points, FILE) where it was made",
    ),
}


def is_convertible(facts: Facts) -> bool:
    """Whether ONNX can be made of it."""
    return facts.format in CONVERTIBLE and not _why_not(facts)


def check_convertible(facts: Facts) -> None:
    """Can ONNX be made of it?

    Raises:
        CrayfishError: saying why not, and what to do.
    """
    if facts.format in _OTHERS:
        why, mend = _OTHERS[facts.format]
        raise CrayfishError(f"{facts.path}: {why}", hint=mend)
    why = _why_not(facts)
    if why:
        raise CrayfishError(
            f"{facts.path}: {why}", hint="export a SavedModel or ONNX where it was made"
        )


def _why_not(facts: Facts) -> str:
    """Of layers that DeepLearning4j does not import Keras makes ONNX all the same."""
    if facts.missing:
        return f"its weights are in files that are not there: {', '.join(facts.missing)}"
    if facts.format == "keras-h5":
        return (
            "is written by Keras 3, and Keras 2 reads it here" if KERAS_3 in facts.problems else ""
        )
    return "; ".join(facts.problems)
