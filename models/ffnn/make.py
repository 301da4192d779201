"""Makes the FFNN from scratch: data, training, model files, reference, facts of the catalog.

    python -m models.ffnn.make            make everything, then check it
    python -m models.ffnn.make --check    only check the files that are there

Run it from the root of the repository, in an environment with requirements.txt (README.md).
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from models.common.digests import digest

from . import digits, files, formats, network

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCHES = (1, 32)


def main() -> None:
    """Parse the command line; make or check."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="only check the files that are there")
    parser.add_argument(
        "--torch-python", default="/usr/bin/python3", help="an interpreter that has PyTorch"
    )
    options = parser.parse_args()
    try:
        if not options.check:
            make(options.torch_python)
        check(options.torch_python)
    except files.ModelFileError as error:
        raise SystemExit(f"error: {error}") from None


def make(torch_python: str) -> None:
    """Train and write every file; then bring the catalog up to date."""
    train, test = digits.load_parts()
    model = network.train(digits.with_shifts(train))
    reference = network.predict(model, test.points)
    print(f"train accuracy {network.accuracy(network.predict(model, train.points), train.labels)}")
    write_files(model, test, reference, torch_python)
    files.refresh_config(network.accuracy(reference, test.labels))


def write_files(
    model: Any, test: digits.Part, reference: NDArray[np.float32], torch_python: str
) -> None:
    """Every format of the model, the test part and the model's predictions for it."""
    formats.write_weights(model)
    formats.write_h5(model)
    formats.write_savedmodel(model)
    formats.write_onnx(model)
    formats.write_torchscript(torch_python)
    np.savez_compressed(files.POINTS, points=test.points, labels=test.labels)
    np.save(files.REFERENCE, reference)


def check(torch_python: str) -> None:
    """Compare every file with the catalog, and the predictions of every format with the reference.

    Raises:
        ModelFileError: naming the first file that is wrong.
    """
    config = files.read_config()
    for entry in (config["points"], config["reference"], *config["formats"].values()):
        if digest(files.ROOT / entry["path"]) != entry["sha256"]:
            raise files.ModelFileError(f"{entry['path']}: sha256 differs from {files.CONFIG}")
    with np.load(files.POINTS) as test:
        points, labels = test["points"], test["labels"]
    reference = np.load(files.REFERENCE)
    print(f"test accuracy {network.accuracy(reference, labels)} of {len(labels)} points")
    for name, predict in formats.readers(torch_python).items():
        compare(name, predict, points, reference, config["tolerance"])


def compare(
    name: str,
    predict: formats.Predict,
    points: NDArray[np.float32],
    reference: NDArray[np.float32],
    tolerance: float,
) -> None:
    """Score all points at once and the first ones in small batches; print the largest difference.

    Raises:
        ModelFileError: if a prediction is further than `tolerance` from the reference.
    """
    differences = [
        float(np.abs(predict(points[:n]) - reference[:n]).max()) for n in (len(points), *BATCHES)
    ]
    print(f"{name:14} largest difference to the reference {max(differences):.2e}")
    if not max(differences) <= tolerance:  # so written, NaN fails too
        raise files.ModelFileError(f"{name}: differs from the reference by {max(differences)}")


if __name__ == "__main__":
    main()
