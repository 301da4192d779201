"""The model's file held against its config and the workloads: what would fail at load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crayfish_ctl.catalog.files import check_there
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.models import fitting, is_ort_format, read_format

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
    points: dict[str, Tensor] = {}
    for model_format in sorted({str(tool.model_format) for tool in plan.tools.values()}):
        file = plan.model.formats.get(model_format)
        if file is not None and model_format in _DESCRIBED:
            found = _input(plan, model_format, file)
            if found is not None:
                points[model_format] = found
    for run in plan.runs:
        point = points.get(str(plan.tools[run.cell.tool].model_format))
        if point is not None and point.batch is not None:
            _check_batch(plan.where(run.workload), plan, run.cell, point.batch, point.name)


def _input(plan: Plan, model_format: str, file: ModelFile) -> Tensor | None:
    model, path = plan.model, plan.models_dir.parent / file.path
    if model_format == "onnx" and is_ort_format(path):
        return None
    where = f"{model.file}: formats.{model_format}"
    try:
        facts = read_format(path, model_format)
        point, _ = fitting(
            facts,
            (file.input, file.output),
            (model.input.shape, model.output.shape),
        )
    except CrayfishError as error:
        raise CrayfishError(f"{where}: {error.message}", hint=error.hint) from None
    for name in facts.files:
        check_there(where, plan.models_dir.parent, path.parent / name)
    return point


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
