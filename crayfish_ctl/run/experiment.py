"""An experiment: prepare its folder, run one run after the other, clean up whatever happens."""

from __future__ import annotations

import contextlib
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from crayfish_ctl.analysis import write_summary
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import estimate_seconds, prepare_points, scheduled_records
from crayfish_ctl.plan.trace import copy_traces
from crayfish_ctl.results import (
    MANIFEST_FILE,
    Engine,
    Git,
    Manifest,
    describe_host,
    load_results,
    write_model,
)
from crayfish_ctl.stack import ComposeTarget
from crayfish_ctl.stack.variables import check_cpus

from .engine import describe_engine, describe_images, git_state
from .guard import alone, cleaned, remove_leftovers, terminable
from .journal import Journal
from .life import execute
from .live import LiveView
from .prepare import prepare_run, prepare_stack, reference_of
from .schedule import next_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from crayfish_ctl.plan import Plan, Points
    from crayfish_ctl.results import Image, RunResult

_ROW_BYTES = 120
"""Of results per record while they are collected (row files and parquet together)."""
_FIXED_BYTES = 200 * 1024 * 1024
"""Logs, metrics, and a margin."""


def run_experiment(plan: Plan, root: Path, results_root: Path, console: Console) -> Path:
    """Execute every run of `plan`; returns the results folder, which is complete at any moment.

    Raises:
        CrayfishError: if nothing can be run (another experiment runs, no space, no engine).
        KeyboardInterrupt: on Ctrl-C and SIGTERM, after everything has been removed.
    """
    started = datetime.now(UTC)
    folder = results_root.resolve() / f"{started.astimezone():%Y%m%d-%H%M%S}-{plan.experiment.name}"
    with alone(), terminable():
        try:
            results_root.mkdir(parents=True, exist_ok=True)
            check_space(plan, results_root)
            (folder / "points").mkdir(parents=True)
        except OSError as error:
            raise CrayfishError(
                f"{folder}: {error.strerror}",
                hint="choose another folder with --out",
                code=ExitCode.HOST,
            ) from None
        manifest = _manifest(plan, started, describe_engine())
        Experiment(plan, root, folder, console).execute(manifest, done=[])
    return folder


@dataclass(frozen=True)
class Experiment:
    """A plan and the folder that holds its results, as far as they are there.

    Args:
        plan: what is to be run.
        root: of the checkout.
        folder: of the experiment.
        console: where progress is shown.
    """

    plan: Plan
    root: Path
    folder: Path
    console: Console

    def execute(self, manifest: Manifest, done: list[RunResult]) -> None:
        """Run what is missing after `done`, and write the summary.

        Raises:
            CrayfishError: if the engine or the disk fails; what has ended by then stays.
        """
        plan, folder = self.plan, self.folder
        target = ComposeTarget()
        remove_leftovers(target, self.console)
        check_cpus(plan.profile, manifest.host.cores)
        points = prepare_points(plan.choices.points, plan.model, self.root, folder / "points")
        copy_traces(plan.traces, folder / "points")
        journal = Journal(folder / "journal.jsonl")
        try:
            images = describe_images(prepare_stack(plan, points, self.root, folder))
            _check_images(manifest, images)
            manifest = manifest.model_copy(update={"images": images})
            write_model(folder / MANIFEST_FILE, manifest)
            journal.write("experiment-started", complete=[run.run_id for run in done])
            with cleaned(target, self.console):
                self._run_all(done, points, target, journal)
        finally:
            journal.write("experiment-ended")
            journal.close()
            with contextlib.suppress(CrayfishError):  # the error under way says more
                ended = manifest.model_copy(update={"ended": datetime.now(UTC)})
                write_model(folder / MANIFEST_FILE, ended)
                write_summary(folder, load_results(folder))

    def _run_all(
        self, done: list[RunResult], points: Points, target: ComposeTarget, journal: Journal
    ) -> None:
        plan = self.plan
        reference = reference_of(plan, points, self.root)
        with LiveView(self.console, plan, len(done)) as live:
            while (spec := next_run(plan, done)) is not None:
                files = prepare_run(plan, spec, points, self.root, self.folder)
                live.begin(spec, estimate_seconds(spec))
                counter = plan.processors[spec.cell.processor].counter
                result = execute(spec, files, target, journal, live, reference, counter)
                live.end(result)
                done.append(result)


def _check_images(manifest: Manifest, images: Mapping[str, Image]) -> None:
    """Runs of different images do not belong into one experiment.

    Raises:
        CrayfishError: naming the images that have changed.
    """
    before = manifest.images
    changed = [name for name, image in images.items() if before.get(name, image) != image]
    if changed:
        raise CrayfishError(
            f"images have changed since the experiment began: {', '.join(changed)}",
            hint="check out the sources that it began with, or start it anew with `crayfish run`",
        )


def _manifest(plan: Plan, started: datetime, engine: Engine) -> Manifest:
    return Manifest(
        experiment=plan.experiment.name,
        question=plan.experiment.question,
        profile=plan.profile.name,
        started=started,
        command=("crayfish", *sys.argv[1:]),
        host=describe_host(),
        engine=engine,
        packages={d.metadata["Name"]: d.version for d in distributions()},
        git=_git(),
        seeds=tuple(sorted({run.seed for run in plan.runs})),
        plan={
            "choices": plan.choices.model_dump(mode="json"),
            "experiment": plan.experiment.model_dump(mode="json"),
            "profile": plan.profile.model_dump(mode="json"),
            "model": plan.model.model_dump(mode="json"),
            "processors": {n: p.model_dump(mode="json") for n, p in plan.processors.items()},
            "tools": {n: tool.model_dump(mode="json") for n, tool in plan.tools.items()},
            "traces": [t.facts.model_dump(mode="json") for t in plan.traces.values()],
            "sizing": plan.sizing.model_dump(mode="json"),
        },
    )


def _git() -> Git | None:
    state = git_state(Path(__file__).parent)
    return Git(commit=state[0], dirty=state[1]) if state else None


def check_space(plan: Plan, folder: Path) -> None:
    """Is there room for the results of `plan`?

    Raises:
        CrayfishError: with both figures, if there is not.
    """
    records = sum(sum(scheduled_records(run)) for run in plan.runs)
    needed = _FIXED_BYTES + records * _ROW_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CrayfishError(
            f"{folder}: {free / 1e6:,.0f} MB free, the results need {needed / 1e6:,.0f} MB",
            hint="make room, or choose another folder with --out",
            code=ExitCode.HOST,
        )
