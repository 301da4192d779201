"""`crayfish models`: what models there are, how they are made, checked, looked into and added."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.flags import With  # noqa: TC001  likewise

from .console import table_console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from crayfish_ctl.catalog import Catalog, Roots
    from crayfish_ctl.targets import Target

_LONGEST = 12


def register(
    app: typer.Typer,
    catalog: Callable[[Sequence[Path] | None], Catalog],
    engine: Callable[[Roots, Sequence[str]], AbstractContextManager[Target]],
) -> None:
    """Add the command and those below it to the application.

    Args:
        app: the application.
        catalog: called when a command runs, with the roots that were given.
        engine: gives the target, nobody else's meanwhile, with these images.
    """
    models = typer.Typer(help="Models: list, make, check, look into a file, add one's own.")

    @models.callback(invoke_without_command=True)
    def listed(context: typer.Context, beside: With = None) -> None:
        """List the models of all roots, with their formats, weights, sizes and digests."""
        if context.invoked_subcommand is None:
            from .models_show import show_models  # noqa: PLC0415  slow: only here

            show_models(catalog(beside), table_console())

    @models.command()
    def show(
        path: Annotated[Path, typer.Argument(help="a model's file, or the folder of a SavedModel")],
        beside: With = None,
    ) -> None:
        """Say what is in a model's file, and what can run it, or why nothing can."""
        from .models_show import show_file  # noqa: PLC0415

        show_file(path, catalog(beside), table_console())

    @models.command()
    def add(  # noqa: PLR0917  typer passes each by name
        path: Annotated[Path, typer.Argument(help="a model's file, or the folder of a SavedModel")],
        name: Annotated[str | None, typer.Option(help="what it is called; its file's name")] = None,
        input_shape: Annotated[
            str | None, typer.Option(help="of one point, like 3,224,224, if the file says it not")
        ] = None,
        output_shape: Annotated[
            str | None, typer.Option(help="of one prediction, likewise")
        ] = None,
        output: Annotated[
            str | None, typer.Option(help="the tensor that is scored, if there are several")
        ] = None,
        beside: With = None,
    ) -> None:
        """Copy a model into models/ and write its config, so that experiments know it by name."""
        shapes = (_shape("--input-shape", input_shape), _shape("--output-shape", output_shape))
        _add(path, name, shapes, output, _target(catalog, beside))

    @models.command()
    def make(
        names: Annotated[list[str], typer.Argument(help="models of configs/models with made_by")],
        weights: Annotated[
            Literal["imagenet", "seeded", "auto"],
            typer.Option(help="auto: ImageNet's if they can be had, else a seed's"),
        ] = "auto",
        again: Annotated[
            bool, typer.Option("--again", help="in the place of what there is")
        ] = False,
        beside: With = None,
    ) -> None:
        """Make models that are too large for the repository; runs make them by themselves."""
        from .models_make import make_models, models_to_make  # noqa: PLC0415  slow: only here

        known, console = catalog(beside), table_console()
        wanted, others = models_to_make(known, names, weights, again=again)
        for line in others:
            console.print(line, soft_wrap=True, markup=False)
        if wanted:
            with engine(known.roots, []) as target:
                make_models(wanted, known.roots, target, console, weights)

    @models.command()
    def check(
        model: Annotated[str, typer.Argument(help="a model's name, or the path of its file")],
        seconds: Annotated[
            float, typer.Option(min=0.1, help="that each tool scores, after it has loaded")
        ] = 8.0,
        points: Annotated[str, typer.Option(help="as `crayfish run` takes them")] = "test",
        beside: With = None,
    ) -> None:
        """Score points with every embedded tool in both runtimes, and compare the answers."""
        from crayfish_ctl.models import models_of_files  # noqa: PLC0415  slow: only here

        from .models_check import check_model, check_plan  # noqa: PLC0415
        from .models_checked import show_checked  # noqa: PLC0415

        known, (name,) = models_of_files(catalog(beside), [model], flag="")
        console = table_console()
        if known.model(name).unmade:
            raise CrayfishError(f"model {name}: is not made", hint=f"`crayfish models make {name}`")
        plan = check_plan(known, name, seconds, points)
        images = [image for each in plan.processors.values() for image in each.images]
        with engine(known.roots, images) as target:
            found = check_model(plan, target, console)
        raise typer.Exit(show_checked(plan.model.shown, found, console))

    _register_convert(models, catalog, engine)
    app.add_typer(models, name="models")


def _register_convert(
    models: typer.Typer,
    catalog: Callable[[Sequence[Path] | None], Catalog],
    engine: Callable[[Roots, Sequence[str]], AbstractContextManager[Target]],
) -> None:
    @models.command()
    def convert(
        model: Annotated[str, typer.Argument(help="a model's file or folder, or a model's name")],
        to: Annotated[Literal["onnx"], typer.Option(help="the format")] = "onnx",  # noqa: ARG001  the only one
        out: Annotated[
            Path | None, typer.Option(help="the file that is written; beside the original")
        ] = None,
        input_shape: Annotated[
            str | None, typer.Option(help="of one point, like 224,224,3, if the file says it not")
        ] = None,
        beside: With = None,
    ) -> None:
        """Make an ONNX file of a Keras .h5 or a SavedModel, and compare what the two answer."""
        from .models_convert import conversion, convert_model  # noqa: PLC0415  slow: only here

        known = catalog(beside)
        wanted = conversion(known, model, out, _shape("--input-shape", input_shape))
        with engine(known.roots, ["model-maker"]) as target:
            convert_model(wanted, known, target, table_console())


def _target(
    catalog: Callable[[Sequence[Path] | None], Catalog], beside: Sequence[Path] | None
) -> tuple[Catalog, Path]:
    """What there is, and the root into which the model goes: the checkout, or the one given."""
    if beside is not None and len(beside) > 1:
        raise CrayfishError("--with: one root, into which the model is copied")
    if not beside:
        known = catalog(None)
        return known, known.roots.checkout
    into = beside[0]
    if not into.is_dir():
        raise CrayfishError(f"--with {into}: not a folder", hint=f"mkdir {into} makes one")
    (into / "models").mkdir(exist_ok=True)  # what makes it a root
    return catalog(beside), into.resolve()


def _add(
    path: Path,
    name: str | None,
    shapes: tuple[tuple[int, ...] | None, tuple[int, ...] | None],
    output: str | None,
    target: tuple[Catalog, Path],
) -> None:
    from crayfish_ctl.models import (  # noqa: PLC0415
        describe,
        name_of_file,
        read_model_file,
        store,
    )

    known, root = target
    facts = read_model_file(path)
    called = name or name_of_file(facts.path)
    _check_name(called)
    config = describe(facts, called, shapes, output)
    other = known.models.get(called)
    if other is not None and other.root != root:
        raise CrayfishError(
            f"--name {called}: {other.file} has this name, and a name means one thing",
            hint="give another one with --name",
        )
    written = store(facts, config, root)
    console = table_console()
    console.print(f"model {called}: {written}", soft_wrap=True, markup=False)
    flag = f" --with {root}" if root != known.roots.checkout else ""
    console.print(f"crayfish run input-rate --model {called}{flag}", soft_wrap=True, markup=False)


def _check_name(name: str) -> None:
    from crayfish_ctl.models import valid_name  # noqa: PLC0415

    if name != valid_name(name):
        raise CrayfishError(
            f"--name {name}: must be small letters, digits and hyphens, at most 40",
            hint=f"for example {valid_name(name)}",
        )


def _shape(flag: str, text: str | None) -> tuple[int, ...] | None:
    """`3,224,224` or `[3, 224, 224]`."""
    if text is None:
        return None
    parts = [part.strip() for part in text.strip("[]() ").split(",") if part.strip()]
    if not parts or not all(
        part.isascii() and part.isdecimal() and len(part) <= _LONGEST and int(part)
        for part in parts
    ):
        raise CrayfishError(
            f"{flag} {text}: not a shape", hint="sizes by commas, without the batch: 3,224,224"
        )
    return tuple(map(int, parts))
