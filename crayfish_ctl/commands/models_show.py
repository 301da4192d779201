"""Models as `crayfish models` prints them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rich.table import Table

from crayfish_ctl.catalog import check_model_files, supported
from crayfish_ctl.catalog.files import bytes_of
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import (
    fitting,
    is_convertible,
    points_of_a_call,
    read_model_file,
    scorable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console, JustifyMethod

    from crayfish_ctl.catalog import Catalog, Model
    from crayfish_ctl.models import Facts


def show_models(catalog: Catalog, console: Console) -> None:
    """A row for each format of each model.

    Raises:
        CrayfishError: after that, with what is wrong with files and configs.
    """
    table = Table(title="models", title_justify="left")
    columns = ("model", "weights", "format", "point", "prediction", "size", "files")
    for column in columns:
        justify: JustifyMethod = "right" if column == "size" else "left"
        table.add_column(column, justify=justify)
    wrong = [error.message for (kind, _), error in catalog.broken.items() if kind == "model"]
    for model in catalog.models.values():
        root = model.root or catalog.roots.checkout
        for number, model_format in enumerate(model.formats):
            state, error = _state(root, model, model_format)
            wrong += [error] if error else []
            size = _size(_bytes(root, model, model_format))
            first = (model.name, _weights(model))
            shapes = (_sizes(model.input.shape), _sizes(model.output.shape))
            name, weights, point, prediction = (
                (*first, *shapes) if number == 0 else ("", "", "", "")
            )
            table.add_row(name, weights, model_format, point, prediction, size, state)
    console.print(table)
    # Below and not beside: a long path would cost the columns their words.
    for root in catalog.roots.folders:
        found = catalog.models.items()
        names = [name for name, model in found if (model.root or catalog.roots.checkout) == root]
        if names:
            console.print(
                f"{root}: {', '.join(names)}", soft_wrap=True, markup=False, highlight=False
            )
    for model in catalog.models.values():
        if model.made_by is not None and model.unmade:
            console.print(
                f"crayfish models make {model.name}  # {model.made_by.words}",
                soft_wrap=True,
                markup=False,
            )
    if wrong:
        raise CrayfishError("\n".join(dict.fromkeys(wrong)))


def _state(root: Path, model: Model, model_format: str) -> tuple[str, str | None]:
    """Of one format's files, and what is wrong with them."""
    if model.unmade:
        return "not made", None
    try:
        check_model_files(root, model, model_format)
    except CrayfishError as error:
        return "wrong", error.message
    return ("as described" if model.formats[model_format].sha256 else "no digest"), None


def _weights(model: Model) -> str:
    """Where they are from: of what is not made, `-`; of what nobody makes here, its own."""
    return model.weights or ("-" if model.made_by is not None else "its own")


def show_file(path: Path, catalog: Catalog, console: Console) -> None:
    """What a file says, and which tools in which runtimes of which processors can run it.

    Raises:
        CrayfishError: after that, with why nothing can.
    """
    known = catalog.models.get(str(path))
    if known is not None and not path.exists():
        root = known.root or catalog.roots.checkout
        files = ", ".join(str(root / each.path) for each in known.formats.values())
        raise CrayfishError(
            f"{path}: is a model's name, and show takes a file", hint=f"its files: {files}"
        )
    facts = read_model_file(path)
    say = partial(console.print, soft_wrap=True, markup=False)
    say(f"{path}: {facts.format}, {_size(_total(facts))}")
    for line in _lines(facts):
        say(f"  {line}")
    several = len(facts.inputs) == 1 and len(facts.outputs) > 1
    point, prediction = fitting(facts, (None, scorable(facts) if several else None))
    fixed = points_of_a_call(point, prediction)
    if fixed is not None:
        say(f"takes {fixed[0]} a call: --batch {fixed[0]}")
    say("can be run by")
    types = {point.dtype, prediction.dtype}
    tools = [
        tool.name
        for tool in catalog.tools.values()
        if tool.model_format == facts.format and (not facts.says_types or types <= {*tool.dtypes})
    ]
    for tool in tools:
        cells = [cell for cell in supported(catalog) if cell.tool == tool]
        systems = ", ".join(f"{c.processor} ({c.runtime})" for c in cells) or "no processor"
        say(f"  {tool}: {systems}")
    if is_convertible(facts):
        reading = ", ".join(t.name for t in catalog.tools.values() if t.model_format == "onnx")
        say(f"crayfish models convert {path}  # for the tools that read ONNX: {reading}")
    missing = [f"--output {prediction.name}"] if several else []
    missing += [
        f"--{what}-shape ..."
        for what, tensor in (("input", point), ("output", prediction))
        if tensor.point is None
    ]
    command = f"crayfish models add {path} {' '.join(missing)}"
    if not missing:
        chosen = "" if facts.format == "onnx" or not tools else f" --tool {tools[0]}"
        batch = "" if fixed is None else f" --batch {fixed[0]}"
        command = f"crayfish run input-rate --model {path}{chosen}{batch}"
    say(command)


def _lines(facts: Facts) -> Iterator[str]:
    for what, tensors in (("input", facts.inputs), ("output", facts.outputs)):
        for tensor in tensors:
            yield f"{what}: {tensor}"
    for name, text in (facts.said or {}).items():
        yield f"{name}: {text}"
    for name in facts.files:
        yield f"weights: {name}{' (not there)' if name in facts.missing else ''}"


def _total(facts: Facts) -> int:
    beside = [facts.path.parent / name for name in facts.files if name not in facts.missing]
    return sum(bytes_of(path) for path in (facts.path, *beside))


def _bytes(root: Path, model: Model, model_format: str) -> int | None:
    file = model.formats[model_format]
    path = root / file.path
    if not path.exists():
        return None
    beside = [path.parent / name for name in file.weights]
    return sum(bytes_of(each) for each in (path, *beside) if each.exists())


def _size(count: int | None) -> str:
    if count is None:
        return "-"
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"  # noqa: PLR2004


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
