"""Writes the SavedModels of tests/contract/vectors, which need TensorFlow to be made.

From the root of the checkout, in the image that makes models:
`docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" -w /work crayfish/model-maker
tests/contract/make_savedmodels.py`.
casts-uint8 gives two uint8 back as int64; scales-float64 gives two float64 times its further input
`factor`, a float64 scalar. Both are a graph alone, without variables.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf

FOLDER = Path(__file__).parent / "vectors"


def write(name: str, inputs: dict[str, Any], answer: Any, session: Any) -> None:
    """A folder with saved_model.pb, whose signature has these tensors."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    tf.compat.v1.saved_model.simple_save(session, str(folder), inputs, {"answer": answer})
    # Without variables there is nothing in it.
    shutil.rmtree(folder / "variables", ignore_errors=True)


def main() -> None:
    """Both of them."""
    placeholder = tf.compat.v1.placeholder
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        points = placeholder(tf.uint8, (None, 2), "points")
        write("casts-uint8", {"points": points}, tf.cast(points, tf.int64), session)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        points = placeholder(tf.float64, (None, 2), "points")
        factor = placeholder(tf.float64, (), "factor")
        write("scales-float64", {"points": points, "factor": factor}, points * factor, session)


if __name__ == "__main__":
    main()
