"""Models that are too large for the repository, made by a container that has the libraries for it.

What is made lies aside until all of it is there and was checked by its maker; then it gets its
name in one step. Whatever is interrupted leaves nothing that could be taken for a model.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from crayfish_ctl.catalog import read_made
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import IMAGE_PREFIX, IMAGE_TAG, build_images
from crayfish_ctl.run.guard import cleaned, given_back
from crayfish_ctl.run.variables import container_user
from crayfish_ctl.targets import Given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog, Model, Roots
    from crayfish_ctl.catalog.model import MadeBy
    from crayfish_ctl.targets import Target

WeightsChoice = Literal["imagenet", "seeded", "auto"]
_ANYBODY_WRITES: Final = 0o1777
_FOLDER: Final = 0o755
"""The containers' users read it, whatever the caller's umask is."""
_LAST_LINES: Final = 15
"""Of what a maker wrote that has no words of its own for what went wrong."""
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
        if model.made_by is None:
            continue
        root = model.root or roots.checkout
        folder = root / model.made_by.folder
        build_images(roots, [model.made_by.image], console)
        say = partial(console.print, soft_wrap=True, markup=False)
        say(f"making {model.name}: {model.made_by.words}")
        with cleaned(target, console), given_back(folder), _aside(root, model) as scratch:
            _call(_Making(model, model.made_by, roots, scratch), weights, target, say)
            made = read_made(root, _found_in(scratch, model, root))
            if made is None:
                raise CrayfishError(
                    f"{model.name}: its maker left no made.json", code=ExitCode.HOST
                )
            _rename(scratch, folder)
        megabytes = sum(file.bytes for file in made.files.values()) / 1e6
        say(f"{model.name} ({made.weights}): {folder}, {megabytes:,.0f} MB")


@dataclass(frozen=True)
class _Making:
    """A model that is being made."""

    model: Model
    made_by: MadeBy
    roots: Roots
    scratch: Path
    """Where its files are written."""


def _call(
    making: _Making, weights: WeightsChoice, target: Target, say: Callable[[str], None]
) -> None:
    """Run the maker to its end; what it says of its steps is shown.

    Raises:
        CrayfishError: with its own last words, if it fails.
    """
    model, made_by, checkout = making.model, making.made_by, making.roots.checkout
    errors: list[str] = []

    def line(text: str) -> None:
        level, message = _message(text)
        if level == "error":
            errors.append(message)
        elif level:
            say(f"  {message}")

    read = {"/crayfish/checkout/models": checkout / "models"}
    if model.root not in {None, checkout}:
        read["/crayfish/root/models"] = making.scratch.parent
    given = Given(
        read=read,
        written={"/out": making.scratch},
        user=container_user(),
        memory=made_by.memory,
        online=weights != "seeded",
    )
    image = f"{IMAGE_PREFIX}/{made_by.image}:{IMAGE_TAG}"
    command = ["-m", made_by.module, "--out", "/out", "--tolerance", str(model.tolerance)]
    try:
        target.make(image, [*command, "--weights", weights], given, line)
    except CrayfishError as error:
        why = errors[-1] if errors else "cannot be made: " + _tail(error.message)
        raise CrayfishError(f"{model.name}: {why}", code=ExitCode.HOST) from None


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-_LAST_LINES:])


def _message(text: str) -> tuple[str, str]:
    """Level and message of a container's line; empty for what a library writes between them."""
    try:
        line = json.loads(text)
        return str(line["level"]), str(line["msg"])
    except (ValueError, TypeError, KeyError):
        return "", ""


@contextmanager
def _aside(root: Path, model: Model) -> Iterator[Path]:
    """An empty folder on the same disk, which is gone afterwards, unless it was renamed.

    Raises:
        CrayfishError: if there is no room.
    """
    models, begin = root / "models", f".making-{model.name}-"
    for left in models.glob(f"{begin}*"):  # of a controller that was killed
        shutil.rmtree(left, ignore_errors=True)
    megabytes = model.made_by.megabytes if model.made_by else 0
    free, needed = shutil.disk_usage(models).free, _SPARE * 1e6 * megabytes
    if free < needed:
        raise CrayfishError(
            f"{models}: {free / 1e6:,.0f} MB free, {model.name} needs {needed / 1e6:,.0f} MB",
            hint="make room",
            code=ExitCode.HOST,
        )
    scratch = Path(tempfile.mkdtemp(prefix=begin, dir=models))
    scratch.chmod(_ANYBODY_WRITES)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _found_in(scratch: Path, model: Model, root: Path) -> Model:
    """The model as if it were where it is being made."""
    here = {"folder": str(scratch.relative_to(root))}
    made_by = model.made_by and model.made_by.model_copy(update=here)
    return model.model_copy(update={"made_by": made_by})


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
