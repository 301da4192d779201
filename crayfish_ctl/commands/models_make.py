"""Models that are too large for the repository, made by a container that has the libraries for it.

What is made lies aside until all of it is there and was checked by its maker; then it gets its
name in one step. Whatever is interrupted leaves nothing that could be taken for a model.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from crayfish_ctl.catalog import read_made
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG, build_images
from crayfish_ctl.run.guard import cleaned, given_back
from crayfish_ctl.run.variables import container_user
from crayfish_ctl.targets import Given

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog, Model, Roots
    from crayfish_ctl.catalog.model import MadeBy
    from crayfish_ctl.targets import Target

WeightsChoice = Literal["imagenet", "seeded", "auto"]
_ANYBODY_WRITES: Final = 0o1777
_FOLDER: Final = 0o755
"""The containers' users read it, whatever the caller's umask is."""
_SPARE: Final = 1.5
"""Of its size on the disk: what lies beside it while it is made."""


def models_to_make(
    catalog: Catalog, names: Sequence[str], weights: WeightsChoice, *, again: bool
) -> tuple[list[Model], list[str]]:
    """Those that are to be made, and a line for each of the others.

    Args:
        catalog: what exists.
        names: of models.
        weights: that they are to have.
        again: make them anew, whatever there is.

    Raises:
        CrayfishError: for a model that nobody makes, or that is there with other weights.
    """
    wanted: list[Model] = []
    others: list[str] = []
    for model in map(catalog.model, dict.fromkeys(names)):
        if model.made_by is None:
            makable = [each.name for each in catalog.models.values() if each.made_by is not None]
            raise CrayfishError(
                f"model {model.name}: {model.file} does not say how it is made (made_by)",
                hint=f"these are made: {', '.join(sorted(makable)) or 'none'}",
            )
        if model.unmade or again:
            wanted.append(model)
        elif weights in {"auto", model.weights}:
            others.append(f"{model.shown}: is made; --again makes it anew")
        else:
            raise CrayfishError(
                f"--weights {weights}: {model.name} is there with weights: {model.weights}",
                hint="--again makes it anew, in the place of that one",
            )
    return wanted, others


def make_models(
    models: Sequence[Model],
    roots: Roots,
    target: Target,
    console: Console,
    weights: WeightsChoice = "auto",
) -> None:
    """Make them, one after the other; the caller holds the target's lock.

    Args:
        models: with `made_by`.
        roots: where images and makers are.
        target: where the maker runs.
        console: told each step.
        weights: that they are to have; `auto`: ImageNet's if they can be had.

    Raises:
        CrayfishError: if one cannot be made; those before it are.
    """
    for model in models:
        made_by = model.made_by
        if made_by is None:
            continue
        root = model.root or roots.checkout
        build_images(roots, [made_by.image], console)
        console.print(f"making {model.name}: {made_by.words}", soft_wrap=True, markup=False)
        with cleaned(target, console), _aside(root, model.name, made_by) as scratch:
            _call(model, made_by, (roots, root, scratch), (target, console), weights)
            read = read_made(
                root, model.model_copy(update={"made_by": _at(made_by, scratch, root)})
            )
            if read is None:
                raise CrayfishError(
                    f"models.{model.name}: its maker left no made.json", code=ExitCode.HOST
                )
            _rename(scratch, root / made_by.folder)
        console.print(
            f"{model.name} ({read.weights}): {root / made_by.folder}, "
            f"{sum(file.bytes for file in read.files.values()) / 1e6:,.0f} MB",
            soft_wrap=True,
            markup=False,
        )


def _call(
    model: Model,
    made_by: MadeBy,
    folders: tuple[Roots, Path, Path],
    shown: tuple[Target, Console],
    weights: WeightsChoice,
) -> None:
    """Run the maker to its end; what it says of its steps is shown.

    Raises:
        CrayfishError: with its own last words, if it fails.
    """
    roots, root, scratch = folders
    target, console = shown
    said: list[str] = []

    def line(text: str) -> None:
        found = _message(text)
        if found is None:
            return
        level, message = found
        if level == "error":
            said.append(message)
        else:
            console.print(f"  {message}", soft_wrap=True, markup=False)

    command = ["-m", made_by.module, "--out", "/out", "--tolerance", str(model.tolerance)]
    read = {"/crayfish/checkout/models": roots.checkout / "models"}
    if root != roots.checkout:
        read["/crayfish/root/models"] = root / "models"
    given = Given(
        read=read,
        written={"/out": scratch},
        user=container_user(),
        memory=made_by.memory,
        online=weights != "seeded",
    )
    image = f"{IMAGE_PREFIX}/{made_by.image}:{IMAGE_TAG}"
    try:
        target.make(image, [*command, "--weights", weights], given, line)
    except CrayfishError as error:
        if said:
            raise CrayfishError(f"{model.name}: {said[-1]}", code=ExitCode.HOST) from None
        tail = "\n".join(error.message.splitlines()[-15:])
        raise CrayfishError(f"{model.name}: cannot be made: {tail}", code=ExitCode.HOST) from None


def _message(text: str) -> tuple[str, str] | None:
    """Level and message of a container's line; None for what a library writes between them."""
    try:
        line = json.loads(text)
        return str(line["level"]), str(line["msg"])
    except (ValueError, TypeError, KeyError):
        return None


@contextmanager
def _aside(root: Path, name: str, made_by: MadeBy) -> Iterator[Path]:
    """An empty folder on the same disk, which is gone afterwards, unless it was renamed.

    Raises:
        CrayfishError: if there is no room, or no right to write there.
    """
    models = root / "models"
    for left in models.glob(f".making-{name}-*"):  # of a maker that was killed
        shutil.rmtree(left, ignore_errors=True)
    free, needed = shutil.disk_usage(models).free, _SPARE * 1e6 * made_by.megabytes
    if free < needed:
        raise CrayfishError(
            f"{models}: {free / 1e6:,.0f} MB free, {name} needs {needed / 1e6:,.0f} MB",
            hint="make room",
            code=ExitCode.HOST,
        )
    scratch = Path(tempfile.mkdtemp(prefix=f".making-{name}-", dir=models))
    scratch.chmod(_ANYBODY_WRITES)
    try:
        with given_back(root / made_by.folder):
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _at(made_by: MadeBy, folder: Path, root: Path) -> MadeBy:
    return made_by.model_copy(update={"folder": str(folder.relative_to(root))})


def _rename(scratch: Path, folder: Path) -> None:
    """Give what is whole its name; an older one gives way to it."""
    if not folder.parent.is_dir():
        folder.parent.mkdir(parents=True)
        folder.parent.chmod(_FOLDER)
    old = scratch.with_name(f"{scratch.name}-old")
    with suppress(FileNotFoundError):
        folder.rename(old)
    scratch.rename(folder)
    folder.chmod(_FOLDER)
    shutil.rmtree(old, ignore_errors=True)
