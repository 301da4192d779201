"""An experiment that was interrupted goes on: what is complete counts, everything else is run anew.

A run is complete when the journal says that it ended and its `run.json` is whole. The journal's
line comes after the file, and both are on the disk before the next run begins, so nothing between
can be taken for complete, whatever killed the controller.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from crayfish_ctl.catalog import Experiment as ExperimentConfig
from crayfish_ctl.catalog import Model, Processor, Profile, Tool
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.plan import Choices, make_plan
from crayfish_ctl.results import MANIFEST_FILE, Manifest, RunResult, load_results, read_model

from .experiment import Experiment
from .guard import alone, terminable
from .schedule import next_run

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.catalog import Catalog
    from crayfish_ctl.plan import Plan

JOURNAL_FILE = "journal.jsonl"
_RUN_FOLDER = re.compile(r"\d+-|\.render-")


def saved_plan(folder: Path, catalog: Catalog) -> Plan:
    """The plan of an experiment as it was when it began, whatever has become of configs/ since.

    Args:
        folder: of the experiment.
        catalog: of the checkout; what the manifest does not have is taken from it.

    Raises:
        CrayfishError: if the folder holds no experiment, or one of another version.
    """
    if not (folder / MANIFEST_FILE).is_file():
        raise CrayfishError(
            f"{folder}: no {MANIFEST_FILE} here: the experiment had not begun",
            hint="start it anew with `crayfish run`",
        )
    saved = read_model(folder / MANIFEST_FILE, Manifest).plan
    try:
        experiment = ExperimentConfig.model_validate(saved["experiment"])
        profile = Profile.model_validate(saved["profile"])
        model = Model.model_validate(saved["model"])
        chosen = Choices.model_validate(saved["choices"])
        # Manifests of before have neither: then today's are taken.
        processors = {
            name: Processor.model_validate(each)
            for name, each in saved.get("processors", {}).items()
        }
        tools = {name: Tool.model_validate(each) for name, each in saved.get("tools", {}).items()}
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


def complete_runs(folder: Path) -> list[RunResult]:
    """The runs that count, in their order: ended by the journal, and with a readable result."""
    ended = _ended(folder / JOURNAL_FILE)
    runs = load_results(folder).runs
    complete: list[RunResult] = []
    for run in runs:
        if run.run_id not in ended or run.spec.index != len(complete):
            break  # what came after an incomplete run was chosen without it
        complete.append(run)
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


def resume_experiment(plan: Plan, folder: Path, root: Path, console: Console) -> None:
    """Go on with the experiment in `folder`; does nothing if it is complete.

    Args:
        plan: `saved_plan` of the folder.
        folder: of the experiment.
        root: of the checkout.
        console: where progress is shown.

    Raises:
        CrayfishError: see `run_experiment`; also if the images have changed since.
    """
    folder = folder.resolve()
    with alone(), terminable():
        done = complete_runs(folder)
        if next_run(plan, done) is None:
            console.print(f"{folder.name}: all {len(done)} runs are complete")
            return
        removed = remove_incomplete(folder, done)
        console.print(
            f"{folder.name}: {len(done)} runs are complete"
            + (f"; run anew: {', '.join(removed)}" if removed else "")
        )
        manifest = read_model(folder / MANIFEST_FILE, Manifest)
        manifest = manifest.model_copy(
            update={"resumed": (*manifest.resumed, datetime.now(UTC)), "ended": None}
        )
        Experiment(plan, root, folder, console).execute(manifest, done)


def remove_incomplete(folder: Path, done: list[RunResult]) -> list[str]:
    """Remove the folders of runs that do not count, and half-written files; returns their names."""
    keep = {run.run_id for run in done}
    removed = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and _RUN_FOLDER.match(path.name) and path.name not in keep:
            shutil.rmtree(path)
            removed.append(path.name)
        elif path.suffix == ".tmp":
            path.unlink()
    return removed
