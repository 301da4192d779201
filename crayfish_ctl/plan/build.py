"""Experiment + choices -> plan: what is to be run, with every supported-cell rule applied."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from crayfish_ctl.catalog import check_model_files
from crayfish_ctl.errors import CrayfishError

from .assemble import assemble
from .checks import check_cell
from .estimate import check_schedule
from .expand import first_run
from .modelfile import check_model
from .pace import lasts_by_its_scorer
from .points import check_points
from .schedule import preview
from .services import check_services
from .size import check_size, largest_batch
from .tell_apart import tell_apart

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.catalog import Catalog, Experiment

    from .choices import Choices
    from .plan import Plan


def make_plan(
    catalog: Catalog,
    choices: Choices,
    experiment: Experiment | None = None,
    copies: Path | None = None,
) -> Plan:
    """Resolve the choices against the catalog.

    Args:
        catalog: what exists.
        choices: of the user.
        experiment: instead of the catalog's (a resumed one is as it was when it began).
        copies: the folder of inputs of an experiment that goes on; its traces are not read anew.

    Raises:
        CrayfishError: for an unknown name, an unsupported cell or an unusable option.
    """
    experiment = experiment or catalog.experiment(choices.experiment)
    plan = assemble(catalog, choices, experiment, copies)
    for position in range(len(plan.sizing.workloads)):
        _check_workload(catalog, plan, position)
    segments, same = tell_apart(plan)
    if same:
        kept = [n for n in range(len(plan.sizing.workloads)) if n not in same]
        workloads = [plan.sizing.workloads[n] for n in kept]
        plan = replace(
            plan,
            sizing=plan.sizing.model_copy(update={"workloads": workloads}),
            numbers=tuple(plan.numbers[n] for n in kept),
            systems=tuple(plan.systems[n] for n in kept),
            left_out=(*plan.left_out, *same.values()),
        )
        segments, _ = tell_apart(plan)
    plan = replace(plan, segments=segments)
    plan = replace(plan, runs=preview(plan))
    _check_capacities(plan)
    check_services(plan)
    _check_files(plan)
    return plan


def _check_files(plan: Plan) -> None:
    """Are model and points there, and what they are taken for? What is to be made cannot be asked.

    Raises:
        CrayfishError: naming a file, and what is wrong with it.
    """
    root, own = plan.models_dir.parent, plan.choices.points == "test"
    if not plan.model.unmade:
        for model_format in sorted({tool.model_format for tool in plan.tools.values()}, key=str):
            check_model_files(root, plan.model, model_format)
        check_model(plan)
    if not (plan.model.unmade and own):
        check_points(plan.choices.points, plan.model, root)


def _check_workload(catalog: Catalog, plan: Plan, position: int) -> None:
    """Everything that may be wrong with one workload, said with its place.

    Raises:
        CrayfishError: naming file (or flag) and workload.
    """
    where = plan.where(position)
    try:
        run = first_run(plan, position, index=position)
        check_schedule(run, plan.sizing.max_repetitions or plan.sizing.repetitions)
    except CrayfishError as error:
        raise CrayfishError(f"{where}: {error.message}", hint=error.hint) from None
    check_cell(catalog, plan, run)
    model = plan.model
    fits = min(
        largest_batch(run.cell, math.prod(each.shape), each.itemsize)
        for each in (model.input, model.output)
    )
    # Where not even one point fits, no batch of the workload is at fault.
    named = where if fits > 0 else f"{model.file}: {where}"
    check_size(named, run.cell, model)


def _check_capacities(plan: Plan) -> None:
    """What is told in shares or seconds needs a workload that measures; it is run before."""
    for position, entry in enumerate(plan.sizing.workloads):
        runs = any(run.workload == position for run in plan.runs)
        if lasts_by_its_scorer(plan, position) and not runs:
            raise CrayfishError(
                f"{plan.where(position)}: rate max without a count lasts as long as the bare "
                "scorer needs, and no workload measures that",
                hint="add --count (or `stop: {count: ...}`), or a workload `{rate: max, "
                "goal: saturate, pipeline: raw, stop: {seconds: 5}}`",
            )
        if entry.rate != "capacity":
            continue
        cell = first_run(plan, position).cell
        if not any(
            run.workload != position and run.cell.aim.floods and run.cell.same_system(cell)
            for run in plan.runs
        ):
            raise CrayfishError(
                f"{plan.where(position)}: rate: capacity: no workload measures the capacity of "
                "the same system",
                hint="add `{rate: max, goal: saturate, stop: {count: ...}}`",
            )
