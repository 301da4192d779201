"""An experiment: prepare its folder, run one run after the other, clean up whatever happens."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape

from crayfish_ctl.analysis import write_summary
from crayfish_ctl.catalog.labels import IMAGE
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import (
    copy_certificates,
    copy_kafka_certificates,
    estimate_seconds,
    prepare_points,
    scheduled_records,
)
from crayfish_ctl.plan.trace import copy_traces
from crayfish_ctl.results import MANIFEST_FILE, Manifest, load_results, write_model, write_text
from crayfish_ctl.telemetry import prometheus_config

from .aside import set_aside, set_incomplete_aside
from .contents import contents_of, main_software
from .credentials import credentials
from .guard import cleaned, given_back, remove_leftovers
from .journal import Journal
from .life import Counted, RunContext, execute
from .live import LiveView
from .manifest import begun, most_cores
from .prepare import (
    Setting,
    open_folder,
    prepare_run,
    prepare_stack,
    reference_of,
    write_readable,
)
from .reference import with_reference
from .schedule import next_run, not_run
from .topics import remove_topics, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.plan import Plan
    from crayfish_ctl.results import Image, RunResult
    from crayfish_ctl.targets import Target

    from .credentials import Secrets

_ROW_BYTES = 120
"""Of results per record while they are collected (row files and parquet together)."""
_FIXED_BYTES = 200 * 1024 * 1024
"""Logs, metrics, and a margin."""


def run_experiment(plan: Plan, results_root: Path, target: Target, console: Console) -> Path:
    """Execute every run of `plan`; returns the results folder, which is complete at any moment.

    The caller holds the target's lock.

    Raises:
        CrayfishError: if nothing can be run (no space, no engine).
        KeyboardInterrupt: on Ctrl-C, SIGTERM and SIGHUP, after everything has been removed.
    """
    started = datetime.now(UTC)
    results_root = results_root.resolve()
    folder = results_root / f"{started.astimezone():%Y%m%d-%H%M%S}-{plan.experiment.name}"
    with given_back(results_root):
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
        try:
            manifest = begun(plan, started, target)
            Experiment(plan, folder, target, console).execute(manifest, {})
        finally:
            if not (folder / MANIFEST_FILE).exists():  # nothing had begun
                shutil.rmtree(folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Experiment:
    """A plan and the folder that holds its results, as far as they are there.

    Args:
        plan: what is to be run.
        folder: of the experiment.
        target: where it runs.
        console: where progress is shown.
    """

    plan: Plan
    folder: Path
    target: Target
    console: Console

    def execute(self, manifest: Manifest, kept: Mapping[str, RunResult]) -> None:
        """Run what is not in `kept`, and write the summary.

        Nothing is written before it is known that the experiment can go on as it began.

        Args:
            manifest: of the experiment.
            kept: complete results by run id, of an experiment that goes on.

        Raises:
            CrayfishError: if the engine or the disk fails; what has ended by then stays.
        """
        with credentials(self.plan, self.folder, self.target) as secrets:
            self._execute(manifest, kept, secrets)

    def _execute(self, manifest: Manifest, kept: Mapping[str, RunResult], secrets: Secrets) -> None:
        plan, folder, target = self.plan, self.folder, self.target
        check_faults(plan, target)
        remove_leftovers(target, self.console)
        points = prepare_points(
            plan.choices.points, plan.model, plan.models_dir.parent, folder / "points"
        )
        points = with_reference(plan, points, folder / "points", target, self._say)
        copy_traces(plan.traces, folder / "points")
        copy_certificates(plan.certificates, folder / "points")
        copy_kafka_certificates(secrets.certificate, folder / "points")
        setting = Setting(
            plan,
            points,
            target,
            most_cores(manifest),
            scope=scope_of(manifest),
            attempt=len(manifest.resumed),
            secrets=secrets.clients,
            broker_secrets=secrets.brokers,
        )
        services = prepare_stack(setting, folder)
        images = target.images(sorted({str(s["labels"][IMAGE]) for s in services.values()}))
        _check_images(manifest, images)
        setting = replace(setting, image_ids={name: image.id for name, image in images.items()})
        again = set_incomplete_aside(folder, kept)
        if again:
            self.console.print(f"run anew: {', '.join(again)}")
        open_folder(folder)
        open_folder(folder / "points")
        write_readable(folder / "prometheus.yml", prometheus_config(services))
        cache = plan.roots.checkout / ".cache" / "contents"
        contents = contents_of(target, setting.image_ids, cache)
        write_text(folder / PACKAGES_FILE, json.dumps(contents, indent=1, sort_keys=True))
        software = main_software(contents)
        manifest = manifest.model_copy(update={"images": images, "software": software})
        write_model(folder / MANIFEST_FILE, manifest)
        journal = Journal(folder / "journal.jsonl")
        try:
            journal.write("experiment-started", complete=sorted(kept))
            with cleaned(
                target, self.console, lambda: remove_topics(setting, folder, self.console)
            ):
                left_out = self._run_all(kept, setting, journal)
            manifest = manifest.model_copy(update={"not_run": left_out})
        except BaseException:
            with contextlib.suppress(CrayfishError, OSError):  # the error under way says more
                self._conclude(manifest, journal)
            raise
        self._conclude(manifest, journal)

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _conclude(self, manifest: Manifest, journal: Journal) -> None:
        journal.write("experiment-ended")
        journal.close()
        ended = manifest.model_copy(update={"ended": datetime.now(UTC)})
        write_model(self.folder / MANIFEST_FILE, ended)
        write_summary(self.folder, load_results(self.folder))

    def _run_all(
        self,
        kept: Mapping[str, RunResult],
        setting: Setting,
        journal: Journal,
    ) -> tuple[str, ...]:
        """Every run that the plan asks for; returns the workloads that could not be run."""
        plan, folder = self.plan, self.folder
        reference = reference_of(plan, setting.points)
        done: list[RunResult] = []
        with LiveView(self.console, plan, len(kept)) as live:
            context = RunContext(self.target, journal, live, reference)
            while (spec := next_run(plan, done)) is not None:
                result = kept.get(spec.run_id)
                if result is None or not result.spec.same_as(spec):
                    set_aside(folder, spec.run_id)
                    files = prepare_run(setting, spec, folder)
                    live.begin(spec, estimate_seconds(spec))
                    counted = Counted(
                        plan.processors[spec.cell.processor].counter,
                        plan.tools[spec.cell.tool].counters,
                    )
                    result = execute(spec, files, context, counted)
                    live.end(result)
                done.append(result)
        for run_id in set(kept) - {run.run_id for run in done}:
            set_aside(folder, run_id)
        left_out = not_run(plan, done)
        for line in left_out:
            self.console.print(f"[yellow]not run[/] {escape(line)}", highlight=False)
            journal.write("not-run", why=line)
        return left_out


PACKAGES_FILE = "packages.json"
"""Everything that is in the images."""


def check_faults(plan: Plan, target: Target) -> None:
    """Can the target undo what the workloads ask for?

    Raises:
        CrayfishError: naming the workload.
    """
    for run in plan.runs:
        killed = [fault.service for fault in run.cell.faults if fault.action == "kill"]
        if killed and not target.revives:
            raise CrayfishError(
                f"{plan.where(run.workload)}: faults: kill {killed[0]}: the target {target.name} "
                "does not start an ended container again",
                hint="let the fault be pause or kill-process, or use the target compose",
            )


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
