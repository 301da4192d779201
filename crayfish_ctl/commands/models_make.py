"""Models that are too large for the repository, made by a container that has the libraries for it.

What is made lies aside until all of it is there and was checked by its maker; then it gets its
name in one step. Whatever is interrupted leaves nothing that could be taken for a model.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from crayfish_ctl.catalog import read_made
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.images import build_images
from crayfish_ctl.run.guard import cleaned, given_back
from crayfish_ctl.run.maker import Maker, aside, maker_image, run_maker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog, Model, Roots
    from crayfish_ctl.targets import Target

WeightsChoice = Literal["imagenet", "seeded", "auto"]
_FOLDER: Final = 0o755
"""The containers' users read it, whatever the caller's umask is."""


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
        begin = f".making-{model.name}-"
        with (
            cleaned(target, console),
            given_back(folder),
            aside(root / "models", begin, model.name, model.made_by.megabytes) as scratch,
        ):
            maker = Maker(
                image=maker_image(model.made_by.image),
                checkout=roots.checkout,
                out=scratch,
                read={} if root == roots.checkout else {"/crayfish/root/models": root / "models"},
                memory=model.made_by.memory,
                online=weights != "seeded",
            )
            command = [model.made_by.module, "--out", "/out", "--tolerance", str(model.tolerance)]
            _call(model, maker, [*command, "--weights", weights], target, say)
            made = read_made(root, _found_in(scratch, model, root))
            if made is None:
                raise CrayfishError(
                    f"{model.name}: its maker left no made.json", code=ExitCode.HOST
                )
            _rename(scratch, folder)
        megabytes = sum(file.bytes for file in made.files.values()) / 1e6
        say(f"{model.name} ({made.weights}): {folder}, {megabytes:,.0f} MB")


def _call(
    model: Model, maker: Maker, command: list[str], target: Target, say: Callable[[str], None]
) -> None:
    """Run the maker to its end; what it says of its steps is shown.

    Raises:
        CrayfishError: with its own last words, if it fails.
    """
    try:
        run_maker(maker, command, target, lambda text: say(f"  {text}"))
    except CrayfishError as error:
        raise CrayfishError(f"{model.name}: {error.message}", code=error.exit_code) from None


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
