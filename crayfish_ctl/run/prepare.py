"""The files of a run, made before it starts."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crayfish_ctl.analysis import load_reference
from crayfish_ctl.plan import run_config
from crayfish_ctl.results import write_text
from crayfish_ctl.stack import render
from crayfish_ctl.stack.render import prometheus_config
from crayfish_ctl.stack.variables import container_user, variables

from .life import RunFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.analysis import Reference
    from crayfish_ctl.plan import Plan, Points, RunSpec


def prepare_run(plan: Plan, run: RunSpec, points: Points, root: Path, folder: Path) -> RunFiles:
    """Make the run's folder with its run config and its compose file.

    Args:
        plan: of the experiment.
        run: to be prepared.
        points: what the producer sends.
        root: of the checkout.
        folder: of the experiment.

    Raises:
        CrayfishError: if the fragments do not resolve or break a rule.
    """
    run_dir = folder / run.run_id
    _make_out(run_dir / "out")
    config = run_config(plan, run, points)
    write_text(run_dir / "run-config.json", config.model_dump_json(indent=2))
    values = variables(plan, run, root=root, experiment_dir=folder, run_dir=run_dir)
    fragments = [root / "compose" / f"{name}.yaml" for name in plan.fragments(run.cell)]
    rendered = render(fragments, values, run_dir)
    return RunFiles(folder=run_dir, rendered=rendered, config=config)


def _make_out(out: Path) -> None:
    out.mkdir(parents=True)
    uid, gid = map(int, container_user().split(":"))
    if uid != os.getuid():  # root prepares for the images' own user
        os.chown(out, uid, gid)


def prepare_stack(plan: Plan, points: Points, root: Path, folder: Path) -> list[str]:
    """Write the scrape configuration for every service that any run will have.

    Every pipeline of each processor is rendered once, so that what is wrong with one shows now.

    Returns:
        The images in use.
    """
    services: dict[str, Mapping[str, Any]] = {}
    first = {(run.cell.processor, run.cell.pipeline): run for run in reversed(plan.runs)}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".render-") as scratch:
        (Path(scratch) / "points").mkdir()
        for run in first.values():
            services |= prepare_run(plan, run, points, root, Path(scratch)).rendered.services
    write_text(folder / "prometheus.yml", prometheus_config(services))
    return sorted({str(service["image"]) for service in services.values()})


def reference_of(plan: Plan, points: Points, root: Path) -> Reference | None:
    """What the accuracy is compared with; only the model's own test points have one."""
    if plan.choices.points != "test" or not points.container_path or not points.reference_path:
        return None
    return load_reference(
        root / points.container_path.lstrip("/"), root / points.reference_path.lstrip("/")
    )
