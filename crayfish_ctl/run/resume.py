"""An experiment that was interrupted goes on: what is complete counts, everything else is run anew.

A run is complete when the journal says that it ended and its `run.json` is whole. The journal's
line comes after the file, and both are on the disk before the next run begins, so nothing between
can be taken for complete, whatever killed the controller.

Which run comes next is a function of the plan and of the results before it. So the whole schedule
is gone through again, and a complete result counts wherever it is the very run that is asked for:
one that was lost costs itself, and no other.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from crayfish_ctl.catalog import Experiment as ExperimentConfig
from crayfish_ctl.catalog import Model, Processor, Profile, Tool
from crayfish_ctl.catalog.model import Entry
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Choices, make_plan
from crayfish_ctl.plan.schedule import VERSION as SCHEDULE_VERSION
from crayfish_ctl.results import (
    MANIFEST_FILE,
    RUN_FILE,
    Manifest,
    RunResult,
    VerdictState,
    read_model,
)

from .experiment import Experiment
from .guard import given_back
from .manifest import check_fragments
from .schedule import next_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog
    from crayfish_ctl.plan import Plan
    from crayfish_ctl.targets import Target

E = TypeVar("E", bound=Entry)
JOURNAL_FILE = "journal.jsonl"


def saved_roots(folder: Path) -> list[Path] | None:
    """The roots beside the checkout that an experiment began with; None if nobody wrote it down.

    Raises:
        CrayfishError: naming one that is gone.
    """
    if not (folder / MANIFEST_FILE).is_file():
        return None
    roots = read_model(folder / MANIFEST_FILE, Manifest).roots
    for root in roots[1:]:
        if not Path(root.path).is_dir():
            raise CrayfishError(
                f"{folder / MANIFEST_FILE}: roots: {root.path} is not there any more",
                hint="bring it back; one that was made for a model's file is made again by "
                "`crayfish plan EXPERIMENT --model FILE`",
            )
    return [Path(root.path) for root in roots[1:]] if roots else None


def saved_target(folder: Path) -> str:
    """The target on which an experiment began, and on which alone it can go on."""
    if not (folder / MANIFEST_FILE).is_file():
        return "compose"
    return read_model(folder / MANIFEST_FILE, Manifest).target


def saved_plan(folder: Path, catalog: Catalog) -> Plan:
    """The plan of an experiment as it was when it began, whatever has become of configs/ since.

    Args:
        folder: of the experiment.
        catalog: of today; what the manifest does not have is taken from it.

    Raises:
        CrayfishError: if the folder holds no experiment, or one of another version.
    """
    if not (folder / MANIFEST_FILE).is_file():
        raise CrayfishError(
            f"{folder}: no {MANIFEST_FILE} here: the experiment had not begun",
            hint="start it anew with `crayfish run`",
        )
    saved = read_model(folder / MANIFEST_FILE, Manifest).plan
    if saved.get("schedule") != SCHEDULE_VERSION:
        raise CrayfishError(
            f"{folder / MANIFEST_FILE}: plan.schedule: the experiment began with another order of "
            "its runs, so none of its results would count",
            hint="go on with the version of Crayfish that it began with (manifest.json: git)",
        )
    try:
        experiment = ExperimentConfig.model_validate(saved["experiment"])
        profile = _found(Profile.model_validate(saved["profile"]), catalog.profiles)
        model = _found(Model.model_validate(saved["model"]), catalog.models)
        chosen = Choices.model_validate(saved["choices"])
        # Manifests of before have neither: then today's are taken.
        processors = {
            name: _found(Processor.model_validate(each), catalog.processors)
            for name, each in saved.get("processors", {}).items()
        }
        tools = {
            name: _found(Tool.model_validate(each), catalog.tools)
            for name, each in saved.get("tools", {}).items()
        }
    except (KeyError, ValidationError) as error:
        raise CrayfishError(
            f"{folder / MANIFEST_FILE}: plan: cannot be read: {error}",
            hint="it was written by another version of Crayfish: use that one",
        ) from None
    copy = folder / "points" / "points.npy"
    if copy.is_file():
        chosen = chosen.model_copy(update={"points": str(copy)})
    return make_plan(
        replace(
            catalog,
            profiles={**catalog.profiles, profile.name: profile},
            models={**catalog.models, model.name: model},
            processors={**catalog.processors, **processors},
            tools={**catalog.tools, **tools},
        ),
        chosen,
        experiment,
        copies=folder / "points",
    )


def _found(saved: E, known: Mapping[str, E]) -> E:
    """What was saved, in the root that has it today."""
    there = known.get(saved.name)
    return saved.found_in(there.root, there.file) if there is not None else saved


def complete_runs(folder: Path, *, failed: bool = True) -> dict[str, RunResult]:
    """The runs that count, by id: ended by the journal, and with a readable result.

    Args:
        folder: of the experiment.
        failed: whether a FAILED run is complete, or to be run once more.
    """
    ended = _ended(folder / JOURNAL_FILE)
    complete: dict[str, RunResult] = {}
    for path in sorted(folder.glob(f"*/{RUN_FILE}")):
        try:
            run = read_model(path, RunResult)
        except CrayfishError:
            continue
        lost = run.verdict.state is VerdictState.FAILED and not failed
        if run.run_id == path.parent.name and run.run_id in ended and not lost:
            complete[run.run_id] = run
    return complete


def _ended(journal: Path) -> set[str]:
    """Run ids with a `run-ended`; a last line that was cut off is no line."""
    found = set()
    for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("event") == "run-ended":
            found.add(str(event.get("run_id")))
    return found


def resume_experiment(
    plan: Plan, folder: Path, target: Target, console: Console, *, failed: bool = False
) -> None:
    """Go on with the experiment in `folder`; does nothing if it is complete.

    The caller holds the target's lock.

    Args:
        plan: `saved_plan` of the folder.
        folder: of the experiment.
        target: where it runs.
        console: where progress is shown.
        failed: run FAILED runs once more.

    Raises:
        CrayfishError: see `run_experiment`; also if images or fragments have changed since.
    """
    folder = folder.resolve()
    kept = complete_runs(folder, failed=not failed)
    if _is_complete(plan, kept):
        console.print(f"{folder.name}: all {len(kept)} runs are complete")
        return
    console.print(f"{folder.name}: {len(kept)} runs are complete")
    manifest = read_model(folder / MANIFEST_FILE, Manifest)
    check_fragments(plan, manifest)
    nodes = tuple(target.nodes())
    manifest = manifest.model_copy(
        update={
            "resumed": (*manifest.resumed, datetime.now(UTC)),
            "ended": None,
            "engine": nodes[0],
            "nodes": nodes if len(nodes) > 1 else (),
        }
    )
    with given_back(folder):
        Experiment(plan, folder, target, console).execute(manifest, kept)


def _is_complete(plan: Plan, kept: Mapping[str, RunResult]) -> bool:
    done: list[RunResult] = []
    while (spec := next_run(plan, done)) is not None:
        result = kept.get(spec.run_id)
        if result is None or not result.spec.same_as(spec):
            return False
        done.append(result)
    return True
