"""The files of a run, made before it starts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crayfish_ctl.analysis import load_reference
from crayfish_ctl.catalog.files import model_files
from crayfish_ctl.catalog.labels import SIZE, labels_of
from crayfish_ctl.plan import certificate_files, kafka_files, run_config
from crayfish_ctl.results import write_text
from crayfish_ctl.targets import Stack

from .files import ANYBODY_WRITES, RunFiles
from .variables import check_cpus, producer_variables, variables

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from crayfish_ctl.analysis import Reference
    from crayfish_ctl.plan import Plan, Points, RunSpec
    from crayfish_ctl.targets import Target

_FILE = 0o644
_FOLDER = 0o755


@dataclass(frozen=True)
class Setting:
    """Where an experiment runs: what every one of its runs is prepared with."""

    plan: Plan
    points: Points
    """What the producer sends."""
    target: Target
    cores: int | None
    """Of its largest machine."""
    image_ids: Mapping[str, str] = field(default_factory=dict)
    """Image name -> the id that it had when the experiment began."""
    scope: str = ""
    """Tells the experiment's topics from those of others, in a Kafka that others use."""
    attempt: int = 0
    """How often it has been resumed."""
    secrets: Mapping[str, Path] = field(default_factory=dict)
    """See `Stack.secrets`."""
    broker_secrets: Mapping[str, Path] = field(default_factory=dict)
    """See `Stack.broker_secrets`."""


def prepare_run(setting: Setting, run: RunSpec, folder: Path) -> RunFiles:
    """Make the run's folder with its run config and its compose file.

    Args:
        setting: of the experiment.
        run: to be prepared.
        folder: of the experiment.

    Raises:
        CrayfishError: if the fragments do not resolve or break a rule.
    """
    plan = setting.plan
    run_dir = folder / run.run_id
    out = run_dir / "out"
    out.mkdir(parents=True)
    run_dir.chmod(_FOLDER)
    out.chmod(ANYBODY_WRITES)
    config = run_config(plan, run, setting.points, setting.scope, setting.attempt)
    write_readable(run_dir / "run-config.json", config.model_dump_json(indent=2))
    values = variables(plan, run, experiment_dir=folder, run_dir=run_dir)
    values |= producer_variables(plan.profile, config.producer.processes, setting.cores)
    stack = Stack(
        fragments=[plan.roots.fragment(name) for name in plan.fragments(run.cell)],
        variables=values,
        image_ids=setting.image_ids,
        tools=plan.tool_folders,
        files=certificate_files(plan, folder),
        client_files=kafka_files(plan, folder),
        secrets=setting.secrets,
        broker_secrets=setting.broker_secrets,
        cpu_limit=plan.profile.cpu_limit,
        reads=read_of_models(plan),
    )
    rendered = setting.target.place(stack, run_dir)
    return RunFiles(folder=run_dir, rendered=rendered, config=config)


def read_of_models(plan: Plan) -> list[Path]:
    """Files and folders of models/ that a run's services read."""
    home = plan.models_dir.parent
    files = model_files(plan.model, {tool.model_format for tool in plan.tools.values()})
    return [home / path for path in files]


def write_readable(path: Path, text: str) -> None:
    """Write a file that the containers' users can read, whatever the caller's umask is."""
    write_text(path, text)
    path.chmod(_FILE)


def open_folder(folder: Path) -> None:
    """Let the containers' users read a folder and the files in it."""
    folder.chmod(_FOLDER)
    for path in folder.iterdir():
        if path.is_file():
            path.chmod(_FILE)


def prepare_stack(setting: Setting, folder: Path) -> dict[str, Mapping[str, Any]]:
    """Render every stack that the plan will start, so that what is wrong with one shows now.

    One run stands for all that start the same services.

    Args:
        setting: of the experiment.
        folder: of the experiment.

    Returns:
        All services by name.

    Raises:
        CrayfishError: if a fragment does not resolve, breaks a rule or asks for too many cores.
    """
    plan = setting.plan
    services: dict[str, Mapping[str, Any]] = {}
    distinct = {_stack_of(plan, run): run for run in reversed(plan.runs)}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".render-") as scratch:
        (Path(scratch) / "points").mkdir()
        for run in distinct.values():
            services |= prepare_run(setting, run, Path(scratch)).rendered.services
    if setting.cores is not None:
        sizes = {labels_of(service)[SIZE] for service in services.values()}
        check_cpus(plan.profile, setting.cores, sizes)
    return services


def _stack_of(plan: Plan, run: RunSpec) -> Hashable:
    return tuple(plan.fragments(run.cell)), run.cell.instances, run.cell.faults


def reference_of(plan: Plan, points: Points) -> Reference | None:
    """What the accuracy is compared with; only the model's own test points have one."""
    if plan.choices.points != "test" or not points.container_path or not points.reference_path:
        return None
    root = plan.models_dir.parent
    if plan.model.reference is None:
        return None  # made here, from the model itself
    return load_reference(
        root / points.container_path.lstrip("/"), root / points.reference_path.lstrip("/")
    )
