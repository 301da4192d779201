"""The model's file held against its config and the workloads: what would fail at load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.files import check_there
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import (
    constants,
    fitting,
    is_ort_format,
    points_of_a_call,
    read_format,
)

if TYPE_CHECKING:
    from crayfish_ctl.catalog.model import ModelFile
    from crayfish_ctl.models import Tensor

    from .model import Cell
    from .plan import Plan

_DESCRIBED: Final = frozenset({"onnx", "tf-savedmodel"})
"""Formats whose files say names, types and shapes of what goes in and out."""


def check_model(plan: Plan) -> None:
    """Are the tensors those of the config, and does a call take as many points as it gets?

    Raises:
        CrayfishError: naming the config, the file and the tensor; or the workload.
    """
    _check_tools(plan)
    fixed: dict[str, tuple[int, Tensor] | None] = {}
    for model_format in sorted({str(tool.model_format) for tool in plan.tools.values()}):
        file = plan.model.formats.get(model_format)
        if file is not None and model_format in _DESCRIBED:
            fixed[model_format] = _fixed_batch(plan, model_format, file)
    for run in plan.runs:
        found = fixed.get(str(plan.tools[run.cell.tool].model_format))
        if found is not None:
            batch, tensor = found
            _check_batch(plan.where(run.workload), plan, run.cell, batch, tensor.name)


def _check_tools(plan: Plan) -> None:
    """Can each run's tool score such points, and feed further inputs?"""
    model = plan.model
    for run in plan.runs:
        tool = plan.tools[run.cell.tool]
        able, where = tool.scores(run.cell.tool_options), plan.where(run.workload)
        for what, dtype in (("input", model.input.dtype), ("output", model.output.dtype)):
            if dtype in able:
                continue
            handled = [
                f"{name} {value}"
                for name, value in tool.float32_with.items()
                if dtype in tool.dtypes
            ]
            by = f" with {', '.join(handled)}" if handled else ""
            raise CrayfishError(
                f"{where}: {tool.file}: dtypes: {tool.name}{by} scores {', '.join(able)}, and "
                f"{model.file}: {what}.dtype is {dtype}",
                hint="choose another tool with --tool",
            )
        file = model.formats.get(str(tool.model_format))
        if file is not None and file.constants and not tool.constants:
            raise CrayfishError(
                f"{where}: {tool.file}: {tool.name} feeds no constants, and {model.file}: "
                f"formats.{tool.model_format}.constants: has {', '.join(file.constants)}",
                hint="choose another tool with --tool, or fix these inputs where the model is "
                "exported",
            )


def _fixed_batch(plan: Plan, model_format: str, file: ModelFile) -> tuple[int, Tensor] | None:
    """How many points a call must have, and of which tensor; None if any, or the file is silent."""
    model, path = plan.model, plan.models_dir.parent / file.path
    where = f"{model.file}: formats.{model_format}"
    if model_format == "onnx" and is_ort_format(path):
        if file.constants:
            raise CrayfishError(f"{where}: constants: {path} does not say its inputs")
        return None
    try:
        facts = read_format(path, model_format)
        point, prediction = fitting(
            facts,
            (file.input, file.output),
            (model.input.shape, model.output.shape),
            (model.input.dtype, model.output.dtype),
            file.constants,
        )
        constants(facts, file.constants)
    except CrayfishError as error:
        raise CrayfishError(f"{where}: {error.message}", hint=error.hint) from None
    for name in facts.files:
        check_there(where, plan.models_dir.parent, path.parent / name)
    return points_of_a_call(point, prediction)


def _check_batch(where: str, plan: Plan, cell: Cell, batch: int, tensor: str) -> None:
    """A fixed batch takes that many points, and nothing else."""
    takes = (
        f"{where}: model {plan.model.name} takes {batch} {'point' if batch == 1 else 'points'} per "
        f"call (dimension 0 of {tensor} is {batch})"
    )
    if cell.batch_size != batch:
        raise CrayfishError(
            f"{takes}, the workload sends {cell.batch_size}",
            hint=f"export it with a dynamic batch dimension, or --batch {batch}",
        )
    if cell.call.mode == "batched":
        raise CrayfishError(
            f"{takes}, and a batched call carries as many records as are there",
            hint="export it with a dynamic batch dimension, or --call blocking",
        )
    together = cell.tool_options.get("batch_size", 1)
    if plan.tools[cell.tool].kind == "external" and together != 1:
        raise CrayfishError(
            f"{takes}, and {cell.tool} with batch_size {together} puts requests together",
            hint="export it with a dynamic batch dimension, or --tool-option batch_size=1",
        )
