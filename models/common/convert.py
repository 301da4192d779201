"""A model of TensorFlow's made into an ONNX file, which is there only if it answers as the model.

    python -m models.common.convert --format keras-h5 --file /model/m.h5 --out /out
        [--input-shape 3,224,224] [--constants JSON] [--memory 4096m]

Writes /out/model.onnx, and says how far its answers to random points are from those of the model's
own framework. Ends with 2 and a line that says why, if there is no such file, or if it differs.
The work is done by a process of its own: if the kernel ends that for its memory, this one is there
to say so.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .originals import OPEN, ConversionError, onnx_file
from .words import first_line, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from .originals import Entry, Named, Original

    Values = NDArray[Any]

TOLERANCE: Final = 1e-4
"""Of the largest prediction, as models that are added have it."""
_BATCHES: Final = (8, 1)
"""Two sizes: a batch that is free in one file and not in the other is seen."""
_MOST: Final = (128, 2)
"""Whole numbers are below it; those that are indices of something small are tried after that."""
_TYPES: Final = frozenset(
    {"bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"}
    | {"uint8", "uint16", "uint32", "uint64"}
)
_SEED: Final = 0
_FAILED: Final = 2
_KILLED: Final = 128 + signal.SIGKILL
"""As shells say it."""


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser()
    for name in ("format", "file", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--input-shape", default="")
    parser.add_argument("--constants", default="{}")
    parser.add_argument("--memory", default="a machine")
    parser.add_argument("--here", action="store_true", help="in this process")
    given = parser.parse_args()
    if not given.here:
        return _watched(given.memory)
    try:
        point = tuple(map(int, filter(None, given.input_shape.split(","))))
        convert(Path(given.file), given.format, Path(given.out), point, _constants(given.constants))
    except MemoryError:
        return _KILLED
    except Exception as error:  # noqa: BLE001  frameworks raise what they like
        say("error", first_line(error))
        return _FAILED
    return 0


def _watched(memory: str) -> int:
    command = [sys.executable, "-m", "models.common.convert", *sys.argv[1:], "--here"]
    code = subprocess.run(command, check=False).returncode
    if code in {-signal.SIGKILL, _KILLED}:
        say("error", f"was killed: the conversion needs more memory than the {memory} it may have")
        return _FAILED
    return code


def convert(
    file: Path,
    model_format: str,
    out: Path,
    point: Sequence[int] = (),
    constants: Named | None = None,
) -> None:
    """Write model.onnx, and hold it against the original.

    Args:
        file: of the model, or its folder.
        model_format: of it.
        out: the folder into which it is written.
        point: shape of one point, where the file does not say it.
        constants: of inputs that take no points.

    Raises:
        ConversionError: if it differs, or cannot be asked.
    """
    original = OPEN[model_format](file)
    say("info", f"read by {original.framework}")
    path = out / "model.onnx"
    calls = questions(original, point, constants or {})
    original.write(path)
    ask, runtime = onnx_file(path, list(original.inputs))
    shares: list[float] = []
    for given, wanted in calls:
        if distance(original.ask(given), wanted) > TOLERANCE:
            raise ConversionError("it answers the same points differently when it is asked again")
        shares.append(distance(ask(given), wanted))
    far = _largest(shares)
    if not far <= TOLERANCE:  # so written, NaN fails too
        raise ConversionError(
            f"{runtime} answers otherwise than {original.framework}: they differ by {far:.1e} of "
            f"the largest prediction, and {TOLERANCE:.0e} are allowed"
        )
    say(
        "info",
        f"{runtime} differs from {original.framework} by at most {far:.1e} of the largest "
        "prediction, for random points",
    )


def questions(
    original: Original, point: Sequence[int], constants: Named
) -> list[tuple[Named, Named]]:
    """Random points of two calls, and what the original answers.

    Args:
        original: to be asked.
        point: shape of one point, where the file does not say it.
        constants: of inputs that take no points.

    Raises:
        ConversionError: if it takes none, or its answers are not finite.
    """
    drawn = {name: each for name, each in original.inputs.items() if name not in constants}
    why = ""
    for most in _MOST:
        chance = np.random.default_rng(_SEED)
        calls: list[tuple[Named, Named]] = []
        try:
            for count in _BATCHES:
                given = points(drawn, count, point, most, chance) | dict(constants)
                calls.append((given, original.ask(given)))
        except ConversionError:
            raise
        except Exception as error:  # noqa: BLE001
            why = first_line(error)
            continue
        for name, answer in ((name, each) for _, found in calls for name, each in found.items()):
            if answer.dtype.name not in _TYPES:
                raise ConversionError(f"output {name}: its values are neither numbers nor bools")
            if not np.isfinite(answer).all():
                raise ConversionError(f"output {name}: is not finite for random points")
        return calls
    raise ConversionError(f"does not take random points: {why}")


def points(
    inputs: Mapping[str, Entry],
    count: int,
    point: Sequence[int],
    most: int,
    chance: np.random.Generator,
) -> dict[str, Values]:
    """Something for each input: floats from [0, 1), whole numbers below `most`, or 0 and 1.

    Args:
        inputs: by name.
        count: of points, where the batch is free.
        point: shape of one, where an input does not say it.
        most: above every whole number.
        chance: where they are from.

    Raises:
        ConversionError: naming an input whose type or size nobody knows.
    """
    return {
        name: _drawn(entry.dtype, _shape(name, entry, count, point), most, chance)
        for name, entry in inputs.items()
    }


def _shape(name: str, entry: Entry, count: int, point: Sequence[int]) -> tuple[int, ...]:
    if entry.dtype not in _TYPES:
        raise ConversionError(f"input {name} {entry}: its values are neither numbers nor bools")
    said = (None, *point) if entry.shape is None and point else entry.shape
    if said and len(said) == len(point) + 1:
        said = (said[0], *(size or given for size, given in zip(said[1:], point, strict=True)))
    sizes = [
        count if place == 0 and size is None else size for place, size in enumerate(said or ())
    ]
    if said is None or None in sizes:
        raise ConversionError(
            f"input {name} {entry}: the file does not say the shape of a point: --input-shape ..."
        )
    return tuple(int(size) for size in sizes if size is not None)


def _drawn(dtype: str, shape: tuple[int, ...], most: int, chance: np.random.Generator) -> Values:
    kind = np.dtype(dtype).kind
    if kind == "f":
        return chance.random(shape).astype(dtype)
    return chance.integers(0, 2 if kind == "b" else most, shape).astype(dtype)


def distance(found: Named, wanted: Named) -> float:
    """The largest difference of any output, as a share of that output's largest prediction.

    Outputs are told apart by their names, or by their places where a converter has renamed them.

    Raises:
        ConversionError: if they are of other numbers, types or shapes.
    """
    same = set(found) == set(wanted)
    left, right = [found[name] for name in (wanted if same else found)], list(wanted.values())
    said = [[f"{each.dtype}{list(each.shape)}" for each in some] for some in (left, right)]
    if said[0] != said[1]:
        raise ConversionError(f"answers {', '.join(said[0])} instead of {', '.join(said[1])}")
    return _largest([_share(*pair) for pair in zip(left, right, strict=True)])


def _share(found: Values, wanted: Values) -> float:
    numbers = wanted.astype(np.float64)
    far = float(np.abs(found.astype(np.float64) - numbers).max(initial=0.0))
    largest = float(np.abs(numbers).max(initial=0.0))
    return far / largest if largest else far and np.inf


def _largest(shares: Sequence[float]) -> float:
    """NaN if one of them is: Python's own `max` would depend on their order."""
    return float(np.max(shares, initial=0.0))


def _constants(text: str) -> dict[str, Values]:
    return {
        name: np.array(each["data"], dtype=each["dtype"]).reshape(each["shape"])
        for name, each in json.loads(text).items()
    }


if __name__ == "__main__":
    sys.exit(main())
