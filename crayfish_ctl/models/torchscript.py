"""A TorchScript file: a zip of code and weights. Shapes are not in it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from crayfish_ctl.errors import CrayfishError

from .facts import FLOAT32, Facts, Tensor

if TYPE_CHECKING:
    from pathlib import Path


def read_torchscript(path: Path) -> Facts:
    """Whether it is one. It says no names and no shapes: a call takes a tensor and gives one.

    Raises:
        CrayfishError: if it is none, with what it is instead.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise CrayfishError(
            f"{path}: cannot be read as TorchScript: {error}",
            hint="torch.jit.script(model).save(PATH) or torch.jit.trace(...) writes one",
        ) from None
    inner = {name.partition("/")[2] for name in names}
    if "constants.pkl" not in inner or not any(name.startswith("code/") for name in inner):
        what = "weights alone (torch.save)" if "data.pkl" in inner else "a zip of something else"
        raise CrayfishError(
            f"{path}: is no TorchScript, but {what}: it has no code",
            hint="torch.jit.script(model).save(PATH) writes both",
        )
    return Facts(
        path=path,
        format="torchscript",
        inputs=(Tensor("points", FLOAT32, None),),
        outputs=(Tensor("predictions", FLOAT32, None),),
        says_types=False,
        names=False,
        said={"files": str(len(names))},
    )
