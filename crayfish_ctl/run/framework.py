"""Reference predictions of a model's own framework, asked in the image that has them all.

None of these frameworks is in the controller's environment, and none should be: they are gigabytes.
The image is the one in which large models are made (images/model-maker), and it is asked only where
it is there already.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_ctl.catalog.files import digest
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import NoReferenceError
from crayfish_ctl.plan.runconfig import constants_of

from .maker import MODEL_MAKER, Maker, maker_image, run_maker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from crayfish_ctl.catalog import Model
    from crayfish_ctl.plan import Plan
    from crayfish_ctl.targets import Target

    Values = npt.NDArray[Any]

_FORMATS: Final = ("keras-h5", "tf-savedmodel", "torchscript")
"""The first one that there is, is asked."""
_ANYBODY_WRITES: Final = 0o777
_READABLE: Final = 0o644


def framework_answers(
    plan: Plan, points: Values, target: Target, seconds: float
) -> tuple[Values, str]:
    """[n, *output] for [n, *input], and whose answers they are; made once for a model and points.

    Args:
        plan: of the experiment, whose model has no ONNX file.
        points: to be answered.
        target: where the image is run.
        seconds: that this may take.

    Raises:
        NoReferenceError: saying why there are none.
    """
    model = plan.model
    model_format = next((each for each in _FORMATS if each in model.formats), None)
    if model_format is None:
        raise NoReferenceError("nobody has said them, and no framework here reads its files")
    file = model.formats[model_format]
    path = plan.models_dir.parent / file.path
    found = digest(path) if path.exists() else None
    if found is None or file.sha256 not in {None, found}:
        raise NoReferenceError(f"{path} is not the file that {model.file} describes")
    image = maker_image(MODEL_MAKER)
    try:
        image_id = target.images([image])[image].id
    except CrayfishError:
        raise NoReferenceError(
            f"their framework is in the image {MODEL_MAKER}, which is not here: "
            f"`crayfish images {MODEL_MAKER}` builds it (3 GB)"
        ) from None
    fixed = constants_of(plan, model_format) or {}
    constants = json.dumps({name: each.model_dump() for name, each in fixed.items()})
    tensors = {"--input": file.input, "--output": file.output}
    words = [
        *("--format", model_format, "--seconds", str(seconds), "--constants", constants),
        *(word for flag, name in tensors.items() if name for word in (flag, name)),
    ]
    known = hashlib.sha256(f"{image_id} {found} {words}".encode())
    known.update(np.ascontiguousarray(points).data)
    kept = kept_at(plan.roots.checkout, known.hexdigest())
    whose = kept.with_suffix(".txt")
    if kept.is_file() and whose.is_file():
        cached: Values = np.load(kept, allow_pickle=False)
        return cached, whose.read_text(encoding="utf-8")
    where = {"checkout": plan.roots.checkout, "file": path}
    answers, framework = _asked(image_id, words, where, points, target)
    keep(check_shape(answers, model, len(points), framework), kept)
    whose.write_text(framework, encoding="utf-8")
    return answers, framework


def _asked(
    image: str, words: list[str], paths: Mapping[str, Path], points: Values, target: Target
) -> tuple[Values, str]:
    """The answers, and whose they are.

    Args:
        image: its id.
        words: what it is told beside its files.
        paths: of the `checkout`, whose module it runs, and of the model's `file`.
        points: to be answered.
        target: where it runs.
    """
    with tempfile.TemporaryDirectory(prefix="crayfish-answers-") as scratch:
        asked, out = Path(scratch, "asked"), Path(scratch, "out")
        for folder in (Path(scratch), asked, out):
            folder.mkdir(exist_ok=True)
            folder.chmod(_ANYBODY_WRITES)
        np.save(asked / "points.npy", points)
        (asked / "points.npy").chmod(_READABLE)
        file = f"/model/{paths['file'].name}"
        maker = Maker(image, paths["checkout"], out, {file: paths["file"], "/asked": asked})
        files = ("--file", file, "--points", "/asked/points.npy", "--out", "/out")
        try:
            said = run_maker(maker, ["models.common.answer", *files, *words], target)
        except CrayfishError as error:
            raise NoReferenceError(error.message) from None
        found: Values = np.load(out / "reference.npy", allow_pickle=False)
        return found, f"{said}, in the image {MODEL_MAKER}"


def check_shape(found: Values, model: Model, count: int, whose: str) -> Values:
    """The same, if they are predictions as the model's config has them.

    Raises:
        NoReferenceError: if not.
    """
    if found.dtype != model.output.dtype or found.shape != (count, *model.output.shape):
        raise NoReferenceError(f"{whose} answers {found.dtype}{list(found.shape)}")
    return found


def kept_at(checkout: Path, name: str) -> Path:
    """Where answers are kept that were made before."""
    return checkout / ".cache" / "references" / f"{name}.npy"


def keep(found: Values, path: Path) -> None:
    """Whole, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npy", delete=False) as written:
        np.save(written, found)
    os.replace(written.name, path)  # noqa: PTH105
