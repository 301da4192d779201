"""What was made of a model that is too large for the repository: `made.json` beside its files.

The maker writes it at the very end, and the folder gets its name after that, so what is there is
whole. The digests of the files are in it, and not in configs/: weights may be of either origin, and
a SavedModel is never the same file twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from crayfish_ctl.errors import CrayfishError

from .model import Weights  # noqa: TC001  # pydantic reads the annotation

if TYPE_CHECKING:
    from .model import Model

FILE: Final = "made.json"


class _MadeFile(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    sha256: str
    bytes: int


class Made(BaseModel):
    """`made.json`, as far as the controller reads it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal[1]
    model: str
    weights: Weights
    why: str
    """Why it has these."""
    seconds: float
    """That it took."""
    deviations: dict[str, float]
    """format -> largest difference to the reference."""
    files: dict[str, _MadeFile]
    """By name in the folder."""


def read_made(root: Path, model: Model) -> Made | None:
    """What was made of a model; None: nothing.

    Args:
        root: that the model is from.
        model: with `made_by`.

    Raises:
        CrayfishError: if the file is none, or of another model or version.
    """
    assert model.made_by is not None  # noqa: S101  the caller has looked
    path = root / model.made_by.folder / FILE
    mend = f"remove {path.parent}, and it is made anew"
    try:
        made = Made.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise CrayfishError(f"{path}: cannot be read: {error}", hint=mend) from None
    if made.model != model.name:
        raise CrayfishError(f"{path}: is of the model {made.model}", hint=mend)
    return made


def with_made(root: Path, model: Model) -> Model:
    """The model, with what was made of it.

    Raises:
        CrayfishError: if its config sets what is read, or names a file that was not made.
    """
    if model.made_by is None:
        if model.weights is not None:
            raise CrayfishError(f"{model.file}: weights: is of models that are made: made_by")
        return model
    if model.weights is not None:
        raise CrayfishError(
            f"{model.file}: weights: is read from what was made", hint="leave it out"
        )
    folder = Path(model.made_by.folder)
    if folder.parts[:1] != ("models",) or ".." in folder.parts or len(folder.parts) < 3:  # noqa: PLR2004
        raise CrayfishError(
            f"{model.file}: made_by.folder: {folder} is no folder of its own in models/NAME/",
            hint=f"for example models/{model.name}/data",
        )
    made = read_made(root, model)
    if made is None:
        return model
    digests = {str(folder / name): file.sha256 for name, file in made.files.items()}
    named = [*model.formats.values(), model.points, model.reference]
    for file in named:
        if file is not None and file.path not in digests:
            raise CrayfishError(
                f"{model.file}: {file.path} is not among what was made",
                hint=f"remove {root / folder}, and it is made anew",
            )
    return model.as_made(made.weights, digests)
