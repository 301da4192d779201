"""A model of TensorFlow's made into an ONNX file, for the tools that read no other format.

Asked for, never done in silence: what is measured then is another file. It gets its name when its
answers are those of the original, and never that of a file that is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog import check_model_files
from crayfish_ctl.catalog.files import bytes_of
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.models import (
    CONVERTIBLE,
    check_convertible,
    constants,
    is_path,
    read_format,
    read_model_file,
)
from crayfish_ctl.run.guard import cleaned, given_back
from crayfish_ctl.run.maker import MODEL_MAKER, SILENT, Maker, aside, maker_image, run_maker

from .models_show import show_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog, Model
    from crayfish_ctl.targets import Target

_SUFFIX: Final = ".onnx"
_SMALLEST: Final = 2048
"""MB of memory: TensorFlow, and a little model."""
_COPIES: Final = 40
"""Of a model's weights in memory; ResNet50 had 20."""
_KILLED: Final = "was killed"
"""Begins what the converter says when the kernel has ended it for its memory."""
_ELSEWHERE: Final = "export it to ONNX where it was made, with what made it"
_READABLE: Final = 0o644


@dataclass(frozen=True)
class Conversion:
    """What is converted, and into what."""

    path: Path
    """The original: a file, or a folder."""
    format: str
    out: Path
    """Not there yet."""
    point: tuple[int, ...] = ()
    """Shape of one point, if it is said."""
    constants: str = "{}"
    """Of inputs that take no points, as JSON."""

    @property
    def megabytes(self) -> float:
        """Of the original."""
        return bytes_of(self.path) / 1e6


def conversion(
    catalog: Catalog, given: str, out: Path | None, point: tuple[int, ...] | None = None
) -> Conversion:
    """What `given` names, if it can be converted.

    Args:
        catalog: what exists.
        given: a model's name, or the path of its file.
        out: the file that is written; None: beside the original.
        point: shape of one, where the file does not say it.

    Raises:
        CrayfishError: saying why it is not converted, or that `out` is there already.
    """
    known = catalog.models.get(given)
    if known is None and not is_path(given) and not Path(given).exists():
        known = catalog.model(given)  # says which there are
    found = _of_file(Path(given)) if known is None else _of_model(catalog, known)
    found = replace(found, point=point or found.point, out=out or found.out)
    if found.out.suffix != _SUFFIX:
        raise CrayfishError(f"--out {found.out}: an ONNX file's name ends in {_SUFFIX}")
    if not found.out.parent.is_dir():
        raise CrayfishError(
            f"{found.out.parent}: not a folder", hint=f"mkdir -p {found.out.parent} makes it"
        )
    _check_free(found.out)
    return found


def convert_model(wanted: Conversion, catalog: Catalog, target: Target, console: Console) -> None:
    """Convert it, hold the two against each other, and show what there is then.

    Args:
        wanted: what is converted; the caller holds the target's lock.
        catalog: what exists; the image is there.
        target: where the converter runs.
        console: told each step.

    Raises:
        CrayfishError: with the converter's words, if there is no ONNX file of it, or it differs.
    """
    say = partial(console.print, soft_wrap=True, markup=False)
    say(f"converting {wanted.path} ({wanted.format}) to ONNX")
    out = wanted.out.resolve()
    begin = f".converting-{out.stem}-"
    with (
        cleaned(target, console),
        aside(out.parent, begin, out.name, wanted.megabytes) as scratch,
    ):
        with given_back(scratch):
            _run(wanted, catalog.roots.checkout, scratch, target, lambda text: say(f"  {text}"))
            (scratch / "model.onnx").chmod(_READABLE)
        _check_free(wanted.out)
        (scratch / "model.onnx").rename(out)
    try:
        show_file(wanted.out, catalog, console)
    except CrayfishError as error:  # it is what was asked for; this says what it is good for
        say("\n".join(filter(None, (error.message, error.hint))))


def _run(
    wanted: Conversion, checkout: Path, scratch: Path, target: Target, say: Callable[[str], None]
) -> None:
    inner = "/model/model" + wanted.path.suffix
    memory = _memory(wanted.megabytes, target)
    maker = Maker(
        image=maker_image(MODEL_MAKER),
        checkout=checkout,
        out=scratch,
        read={inner: wanted.path.resolve()},
        memory=memory,
    )
    command = [
        *("models.common.convert", "--format", wanted.format, "--file", inner, "--out", "/out"),
        *("--input-shape", ",".join(map(str, wanted.point)), "--constants", wanted.constants),
        *("--memory", memory),
    ]
    try:
        run_maker(maker, command, target, say)
    except CrayfishError as error:
        of_the_host = error.message.startswith((SILENT, _KILLED))
        raise CrayfishError(
            f"{wanted.path}: {error.message}",
            hint=None if "--input-shape" in error.message else _ELSEWHERE,
            code=ExitCode.HOST if of_the_host else ExitCode.USAGE,
        ) from None


def _memory(megabytes: float, target: Target) -> str:
    """What the converter may have, as compose writes it: never more than the machine has."""
    needed = _SMALLEST + _COPIES * megabytes
    machine = target.nodes()[0].memory_bytes
    return f"{round(min(needed, machine / 2**20 if machine else needed))}m"


def _check_free(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise CrayfishError(
            f"{out}: is there already, and nothing is overwritten",
            hint="give another name with --out, or remove it first",
        )


def _of_file(path: Path) -> Conversion:
    facts = read_model_file(path)
    check_convertible(facts)
    path = facts.path if facts.path.name not in {"", ".."} else facts.path.resolve()
    name = path.name if path.is_dir() else path.stem
    return Conversion(path, facts.format, path.parent / f"{name}{_SUFFIX}")


def _of_model(catalog: Catalog, model: Model) -> Conversion:
    """The first of its formats that can be converted."""
    root = model.root or catalog.roots.checkout
    if model.unmade:
        raise CrayfishError(
            f"model {model.name}: is not made", hint=f"`crayfish models make {model.name}`"
        )
    if "onnx" in model.formats:
        raise CrayfishError(
            f"model {model.name}: has an ONNX file: {root / model.formats['onnx'].path}",
            hint="another of its files is converted by its path",
        )
    found = next((each for each in CONVERTIBLE if each in model.formats), None)
    if found is None:
        raise CrayfishError(
            f"model {model.name}: has {', '.join(model.formats)}, and ONNX is made of "
            f"{' or '.join(CONVERTIBLE)}",
            hint="export it where it was made: torch.onnx.export(model, points, FILE) of PyTorch",
        )
    check_model_files(root, model, found)
    path, fixed = root / model.formats[found].path, model.formats[found].constants
    facts = read_format(path, found)
    check_convertible(facts)
    given = {name: each.model_dump() for name, each in constants(facts, fixed).items()}
    return Conversion(
        path=path,
        format=found,
        out=path.parent / f"{model.name}{_SUFFIX}",
        point=model.input.shape,
        constants=json.dumps(given),
    )
