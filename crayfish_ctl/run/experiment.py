"""An experiment: prepare its folder, run one run after the other, clean up whatever happens."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from crayfish_ctl.analysis import load_reference, write_summary
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import estimate_seconds, prepare_points, run_config, scheduled_records
from crayfish_ctl.results import (
    MANIFEST_FILE,
    Git,
    Manifest,
    describe_host,
    load_results,
    write_model,
    write_text,
)
from crayfish_ctl.stack import ComposeTarget, Rendered, render
from crayfish_ctl.stack.render import prometheus_config
from crayfish_ctl.stack.variables import check_cpus, container_user, variables

from .engine import describe_engine, describe_images, git_state
from .journal import Journal
from .life import RunFiles, execute
from .live import LiveView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from crayfish_ctl.analysis import Reference
    from crayfish_ctl.plan import Plan, Points, RunSpec
    from crayfish_ctl.results import RunResult

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
    with alone(), _terminable():
        target = ComposeTarget()
        _remove_leftovers(target, console)
        started = datetime.now(UTC)
        name = f"{started.astimezone():%Y%m%d-%H%M%S}-{plan.experiment.name}"
        folder = results_root.resolve() / name
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
        manifest = _manifest(plan, started)
        check_cpus(plan.profile, manifest.host.cores)
        points = prepare_points(plan.choices.points, plan.model, root, folder / "points")
        journal = Journal(folder / "journal.jsonl")
        try:
            files = [_prepare(plan, run, points, root, folder) for run in plan.runs]
            write_text(folder / "prometheus.yml", prometheus_config(files[0].rendered.services))
            images = sorted({str(s["image"]) for s in files[0].rendered.services.values()})
            manifest = manifest.model_copy(update={"images": describe_images(images)})
            write_model(folder / MANIFEST_FILE, manifest)
            journal.write("experiment-started", runs=[run.run_id for run in plan.runs])
            reference = _reference(plan, points, root)
            with _cleaned(target, console):
                _run_all(plan, files, target, journal, console, reference)
        finally:
            journal.write("experiment-ended")
            journal.close()
            ended = manifest.model_copy(update={"ended": datetime.now(UTC)})
            with contextlib.suppress(CrayfishError):  # the error under way says more
                write_model(folder / MANIFEST_FILE, ended)
        write_summary(folder, load_results(folder))
        return folder


def _run_all(  # noqa: PLR0917
    plan: Plan,
    files: list[RunFiles],
    target: ComposeTarget,
    journal: Journal,
    console: Console,
    reference: Reference | None,
) -> list[RunResult]:
    results = []
    with LiveView(console, plan.seconds, len(plan.runs)) as live:
        for spec, prepared in zip(plan.runs, files, strict=True):
            live.begin(spec, estimate_seconds(spec))
            result = execute(spec, prepared, target, journal, live, reference)
            live.end(result)
            results.append(result)
    return results


def _prepare(plan: Plan, run: RunSpec, points: Points, root: Path, folder: Path) -> RunFiles:
    """The run's folder, run config and compose file; for all runs first, so errors come early."""
    run_dir = folder / run.run_id
    out = run_dir / "out"
    out.mkdir(parents=True)
    uid, gid = map(int, container_user().split(":"))
    if uid != os.getuid():  # root prepares for the images' own user
        os.chown(out, uid, gid)
    config = run_config(plan, run, points)
    write_text(run_dir / "run-config.json", config.model_dump_json(indent=2))
    values = variables(plan.profile, run, root=root, experiment_dir=folder, run_dir=run_dir)
    fragments = [root / "compose" / f"{name}.yaml" for name in plan.fragments]
    rendered: Rendered = render(fragments, values, run_dir)
    return RunFiles(folder=run_dir, rendered=rendered, config=config)


def _reference(plan: Plan, points: Points, root: Path) -> Reference | None:
    """What the accuracy is compared with; only the model's own test points have one."""
    if plan.choices.points != "test" or not points.container_path or not points.reference_path:
        return None
    return load_reference(
        root / points.container_path.lstrip("/"), root / points.reference_path.lstrip("/")
    )


def _manifest(plan: Plan, started: datetime) -> Manifest:
    return Manifest(
        experiment=plan.experiment.name,
        question=plan.experiment.question,
        profile=plan.profile.name,
        started=started,
        command=("crayfish", *sys.argv[1:]),
        host=describe_host(),
        engine=describe_engine(),
        packages={d.metadata["Name"]: d.version for d in distributions()},
        git=_git(),
        seeds=tuple(sorted({run.seed for run in plan.runs})),
        plan={
            "choices": plan.choices.model_dump(mode="json"),
            "experiment": plan.experiment.model_dump(mode="json"),
            "profile": plan.profile.model_dump(mode="json"),
            "model": plan.model.model_dump(mode="json"),
            "runs": [run.model_dump(mode="json") for run in plan.runs],
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


def _remove_leftovers(target: ComposeTarget, console: Console) -> None:
    """What a controller that was killed left behind; nobody else runs, the lock says so."""
    leftovers = target.containers()
    if leftovers:
        console.print(f"removing {len(leftovers)} containers of an earlier run that was killed")
    target.down()


@contextlib.contextmanager
def _cleaned(target: ComposeTarget, console: Console) -> Iterator[None]:
    """Remove the stack however the end comes; a second Ctrl-C does not stop the cleaning."""
    try:
        yield
    finally:
        handlers = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)}
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            console.print("interrupted: removing containers, networks and volumes")
        target.down()
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One experiment at a time on a host: two would measure each other.

    Raises:
        CrayfishError: if another one runs.
    """
    path = Path(tempfile.gettempdir()) / "crayfish.lock"
    try:
        file = path.open("a+")
    except OSError as error:
        raise CrayfishError(
            f"{path}: {error.strerror}",
            hint="another user made it: remove it if no experiment runs",
            code=ExitCode.HOST,
        ) from None
    with file:
        with contextlib.suppress(PermissionError):  # another user's, who has opened it to all
            path.chmod(0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CrayfishError(
                f"another experiment runs on this host (process {holder})",
                hint="wait for it: two at a time would measure each other",
                code=ExitCode.HOST,
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
