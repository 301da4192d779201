"""`crayfish models check`: what each embedded tool makes of a model, without a stream around it.

A little experiment of pipeline `raw`, planned, prepared and limited as every other, of which only
the scorer is started: no broker, no monitor, no cluster. So what is refused here is what a run
would refuse, and what is loaded and scored here is what a run loads and scores.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crayfish_contract.arrays import RECEIVED, RECEIVED_FILE
from crayfish_contract.codec import Status
from crayfish_ctl.catalog import Experiment, System, supported
from crayfish_ctl.catalog.labels import EXITS
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import choices, make_plan, prepare_points
from crayfish_ctl.results.inputs import OUT_FOLDER
from crayfish_ctl.run.evidence import log_tail
from crayfish_ctl.run.guard import cleaned, remove_leftovers
from crayfish_ctl.run.prepare import Setting, open_folder, prepare_run
from crayfish_ctl.run.reference import with_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from rich.console import Console

    from crayfish_ctl.catalog import Catalog, Model
    from crayfish_ctl.plan import Plan, RunSpec
    from crayfish_ctl.run.files import RunFiles
    from crayfish_ctl.targets import Target

PROFILE: Final = "laptop"
_MOST: Final = 1_000_000
"""Calls; the time ends it before."""
_LOADING_S: Final = 900.0
"""That a tool may take until it has loaded the model, and for its last call."""
_POLL_S: Final = 0.5


@dataclass(frozen=True)
class Checked:
    """What one tool in one runtime made of the model."""

    system: System
    points: int = 0
    """Different ones that were scored."""
    deviation: float | None = None
    """Largest difference to the reference; None: there is none."""
    rate: float | None = None
    """points/s of the bare scorer, over the second half of the time."""
    load_s: float | None = None
    """Until the model was loaded and had answered once; None: an older image does not say it."""
    error: str | None = None
    """What went wrong."""
    tolerance: float = 0.0

    @property
    def well(self) -> bool:
        """Whether it scored, and what it answered is right, as far as that is known."""
        near = self.deviation is None or self.deviation <= self.tolerance  # NaN is not
        return self.error is None and near


def check_plan(catalog: Catalog, name: str, seconds: float, points: str) -> Plan:
    """A run for each embedded tool and runtime that reads a format of the model.

    Args:
        catalog: what exists.
        name: of the model.
        seconds: that each of them scores.
        points: as `--points` takes them.

    Raises:
        CrayfishError: if no tool can, or the model cannot be used.
    """
    model = catalog.model(name)
    systems = _systems(catalog, model)
    if not systems:
        raise CrayfishError(
            f"{model.file}: no embedded tool reads {', '.join(model.formats) or 'it'}",
            hint="`crayfish models show FILE` says what does",
        )
    workloads = [
        {
            "rate": "max",
            "pipeline": "raw",
            "processor": system.processor,
            "runtime": system.runtime,
            "tool": system.tool,
            "warmup": {"seconds": 0, "settle_seconds": 0},
            "stop": {"count": _MOST, "seconds": seconds},
        }
        for system in systems
    ]
    experiment = Experiment.model_validate(
        {
            "name": "check",
            "question": f"What do the tools make of {name}?",
            "defaults": {**systems[0]._asdict(), "model": name},
            "profiles": {
                PROFILE: {
                    "repetitions": 1,
                    "warmup": {"seconds": 0},
                    "stop": {"count": _MOST},
                    "workloads": workloads,
                    "shuffle": False,
                }
            },
        }
    )
    asked = choices(experiment="check", model=name, profile=PROFILE, points=points)
    return make_plan(catalog, asked, experiment)


def _systems(catalog: Catalog, model: Model) -> list[System]:
    """One for each tool and runtime: in the processor that is the least beside the scorer."""
    found: dict[tuple[str, str], System] = {}
    embedded = supported(catalog, "embedded")
    for system in sorted(embedded, key=lambda each: _weight(catalog, each)):
        tool = catalog.tools[system.tool]
        pipelines = dict(catalog.processors[system.processor].pipelines)
        types = {model.input.dtype, model.output.dtype}
        if not types <= {*tool.dtypes}:
            continue
        if tool.model_format in model.formats and system.runtime in pipelines.get("raw", []):
            found.setdefault((system.tool, system.runtime), system)
    return sorted(found.values(), key=lambda each: (each.tool, each.runtime != "python"))


def _weight(catalog: Catalog, system: System) -> tuple[int, int]:
    processor = catalog.processors[system.processor]
    return len(processor.runtimes), len(processor.raw_fragments)


def check_model(plan: Plan, target: Target, console: Console) -> list[Checked]:
    """Run them one after the other; the caller holds the target's lock.

    Args:
        plan: of `check_plan`.
        target: where the scorers run.
        console: told what is done.

    Raises:
        CrayfishError: if the engine fails; what goes wrong with a tool is in its result.
    """

    def say(line: str) -> None:
        console.print(line, soft_wrap=True, markup=False)

    remove_leftovers(target, console)
    root = plan.models_dir.parent
    with (
        tempfile.TemporaryDirectory(prefix="crayfish-check-") as scratch,
        cleaned(target, console),
    ):
        folder = Path(scratch)
        points = prepare_points(plan.choices.points, plan.model, root, folder / "points")
        points = with_reference(plan, points, folder / "points", target, say)
        open_folder(folder)
        open_folder(folder / "points")
        setting = Setting(plan, points, target, target.nodes()[0].cores)
        found = []
        for run in plan.runs:
            say(f"{run.cell.tool} ({run.cell.runtime}) ...")
            files = prepare_run(setting, run, folder)
            found.append(_checked(run, files, target))
        return found


def _checked(run: RunSpec, files: RunFiles, target: Target) -> Checked:
    """Start the scorer alone, wait for its end, and read what it left."""
    cell, points = run.cell, files.config.workload.points
    system = System(cell.processor, cell.runtime, cell.tool)
    code, log = _run_to_its_end(files, target)
    if code != 0:
        return Checked(system, error=_last_error(log) or f"ended with exit code {code}")
    rows = np.fromfile(files.folder / OUT_FOLDER / RECEIVED_FILE, dtype=RECEIVED)
    if not len(rows) or (rows["status"] != int(Status.OK)).any():
        return Checked(system, error="a call failed")
    compared = points.reference_path is not None
    return Checked(
        system,
        points=min(len(rows), points.pool),
        deviation=float(rows["deviation"].max()) if compared else None,
        rate=bare_rate(rows),
        load_s=_load_seconds(log),
        tolerance=points.tolerance,
    )


def _run_to_its_end(files: RunFiles, target: Target) -> tuple[int, list[str]]:
    """Exit code and last lines of the one service that ends by itself.

    Raises:
        CrayfishError: if there is none, or it does not end.
    """
    alone = files.rendered.labelled(EXITS, "true")
    deadline = time.monotonic() + (files.config.workload.stop.seconds or 0) + _LOADING_S
    with target.events() as events:
        target.up(files.rendered, alone)
        tasks = {task.id: task for task in target.tasks() if task.service in alone}
        ended = [(task.id, task.exit_code) for task in tasks.values() if not task.running]
        while not ended:
            event = events.next(_POLL_S)
            if event is not None and event.task_id in tasks:
                ended.append((event.task_id, event.exit_code))
            elif time.monotonic() > deadline:
                raise CrayfishError(
                    f"{', '.join(alone)}: did not end within {_LOADING_S:.0f} s",
                    code=ExitCode.RUN_FAILED,
                )
    task_id, code = ended[0]
    if any(now.id == task_id and now.oom_killed for now in target.tasks()):
        return code or 1, ['{"level": "error", "msg": "was killed: out of memory"}']
    return code, log_tail(target, task_id)


def bare_rate(rows: npt.NDArray[np.void]) -> float | None:
    """points/s in the second half of the calls' time: the first one is of a cold runtime.

    Args:
        rows: RECEIVED, one after the other.
    """
    started, ended = rows["received_ns"], rows["scored_ns"]
    half = started[0] + (ended[-1] - started[0]) / 2
    late = rows[started >= half] if (started >= half).any() else rows[-1:]
    seconds = (late["scored_ns"][-1] - late["received_ns"][0]) / 1e9
    return float(late["batch"].sum() / seconds) if seconds > 0 else None


def _lines(log: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Those of a log that are the container's own."""
    for text in log:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _last_error(log: Sequence[str]) -> str | None:
    said = [str(line.get("msg")) for line in _lines(log) if line.get("level") == "error"]
    return said[-1] if said else (log[-1] if log else None)


def _load_seconds(log: Sequence[str]) -> float | None:
    found = [line["load_s"] for line in _lines(log) if isinstance(line.get("load_s"), int | float)]
    return float(found[-1]) if found else None
