"""The `crayfish` command: parses, calls, prints."""

from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from crayfish_ctl.catalog import (
    Catalog,
    Roots,
    load_catalog,
    open_roots,
    roots_of_environment,
)
from crayfish_ctl.commands import cluster, compare, export, figures, models
from crayfish_ctl.commands.console import table_console
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.flags import With, takes_plan
from crayfish_ctl.interrupts import terminable
from crayfish_ctl.plan import Series  # noqa: TC001  Typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crayfish_ctl.catalog import Model
    from crayfish_ctl.targets import Target
app = typer.Typer(
    help="Benchmark of machine-learning inference in stream processors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = table_console()
errors = Console(stderr=True, highlight=False, soft_wrap=True)
_NO_ROOM_OR_RIGHT = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}
"""What a disk may answer at any moment; every other error of the system is a bug of ours."""


def root() -> Path:
    """The folder that holds configs/ and the sources: $CRAYFISH_ROOT, or this checkout."""
    return Path(os.environ.get("CRAYFISH_ROOT", Path(__file__).resolve().parent.parent))


def _catalog(beside: Sequence[Path] | None = None) -> Catalog:
    """What exists in the checkout and, beside it, in the roots that were given."""
    return load_catalog(root(), roots_of_environment() if beside is None else beside)


def _roots(beside: Sequence[Path] | None = None) -> Roots:
    return open_roots(root(), roots_of_environment() if beside is None else beside)


@app.command()
@takes_plan(_catalog)
def plan(made: Series) -> None:
    """Show what would run, and how long it would take."""
    _show_plans(made)


Setup = Annotated[
    bool, typer.Option("--setup/--no-setup", help="make engine and images ready first")
]
On = Annotated[
    Literal["compose", "swarm"],
    typer.Option("--target", help="where it runs: compose (one host) or swarm (a cluster)"),
]
Wait = Annotated[
    bool, typer.Option("--wait", help="wait while another experiment runs, instead of an error")
]


@app.command()
@takes_plan(_catalog)
def run(
    made: Series,
    out: Annotated[Path, typer.Option(help="where results are written")] = Path("results"),
    setup: Setup = True,
    wait: Wait = False,
    target_name: On = "compose",
) -> None:
    """Run an experiment, or several, and write the report."""
    if made.unmade and not setup:
        raise CrayfishError(
            f"model {made.unmade[0].name}: is not made",
            hint=f"`crayfish models make {' '.join(model.name for model in made.unmade)}`",
        )
    needed = made.images if setup else None
    with _engine_to_ourselves(
        made.roots, needed, wait=wait, models=made.unmade, target_name=target_name
    ) as target:
        from crayfish_ctl.commands import running  # noqa: PLC0415  slow: after the lock's answer

        if made.unmade:
            made = made.anew(_catalog(made.roots.folders[1:]))
        _show_plans(made)
        code = running.run_series(made, out, target, console)
    raise typer.Exit(code)


@app.command()
def resume(
    results: Annotated[Path, typer.Argument(help="a folder under results/")],
    failed: Annotated[bool, typer.Option("--failed", help="run FAILED runs once more")] = False,
    setup: Setup = True,
    wait: Wait = False,
    beside: With = None,
) -> None:
    """Go on with an experiment that was interrupted; complete runs are not repeated."""
    from crayfish_ctl.commands.running import conclude  # noqa: PLC0415
    from crayfish_ctl.run import (  # noqa: PLC0415
        resume_experiment,
        saved_plan,
        saved_roots,
        saved_target,
    )

    made = saved_plan(results, _catalog(beside or saved_roots(results)))
    with _engine_to_ourselves(
        made.roots, made.images if setup else None, wait=wait, target_name=saved_target(results)
    ) as target:
        resume_experiment(made, results, target, console, failed=failed)
    raise typer.Exit(conclude(results, console))


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="a folder under results/")],
) -> None:
    """Write the report of a results folder anew."""
    from crayfish_ctl.report import print_results, write_report  # noqa: PLC0415
    from crayfish_ctl.results import load_results  # noqa: PLC0415

    print_results(load_results(results), console)
    console.print(f"report: {write_report(results)}", soft_wrap=True, markup=False)


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="install and start what is missing")] = False,
) -> None:
    """Say what is there, what is missing and how to mend it."""
    from crayfish_ctl import host  # noqa: PLC0415

    findings = host.examine(_roots())
    if mend:
        host.mend(findings, console.print)
        findings = host.examine(_roots())
    host.show(findings, console)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(ExitCode.HOST)


@app.command()
def images(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="folders of images/; without any, all that experiments use"),
    ] = None,
    beside: With = None,
) -> None:
    """Build the images that are missing or out of date."""
    from crayfish_ctl.images import usual_images  # noqa: PLC0415

    roots = _roots(beside)
    with _engine_to_ourselves(roots, names or usual_images(roots)):
        pass


@app.command()
def ls(beside: With = None) -> None:
    """List processors, tools, models, profiles and experiments."""
    from crayfish_ctl.commands.listing import show_catalog  # noqa: PLC0415

    show_catalog(_catalog(beside), console)


@app.command()
def perf(
    records: Annotated[
        int, typer.Option(min=1, help="records of each unthrottled round")
    ] = 200_000,
    record_bytes: Annotated[int, typer.Option(min=1, help="size of a record")] = 3200,
    rounds: Annotated[int, typer.Option(min=1, help="rounds of the comparison")] = 3,
    rate: Annotated[float, typer.Option(min=1, help="records/s of the paced run")] = 30_000,
    seconds: Annotated[float, typer.Option(min=1, help="duration of the paced run")] = 60,
) -> None:
    """Compare our producer with Kafka's own performance tool."""
    with _engine_to_ourselves(_roots([]), ["kafka", "producer"]) as target:
        # Slow to load: after the lock's answer.
        from crayfish_ctl.perf import PerfSettings, measure, show  # noqa: PLC0415

        settings = PerfSettings(records, record_bytes, rounds, rate, seconds)
        profile = _catalog([]).profile("laptop")
        show(measure(root(), profile, settings, target, console), settings, console)


@app.command()
def down(
    force: Annotated[
        bool, typer.Option("--force", help="also what an experiment under way has started")
    ] = False,
    target_name: On = "compose",
) -> None:
    """Remove every container, network and volume that crayfish left behind."""
    from crayfish_ctl.targets import open_target  # noqa: PLC0415

    target = open_target(target_name)
    with target.lock(force=force):
        target.down()


@app.command()
def schema(
    kind: Annotated[
        Literal["run-config", "run", "manifest"], typer.Argument(help="of which file")
    ] = "run-config",
) -> None:
    """Print a JSON schema: of the run config, of run.json or of manifest.json."""
    from crayfish_contract.runconfig import RunConfig  # noqa: PLC0415
    from crayfish_ctl.results import results_schema  # noqa: PLC0415

    found = RunConfig.model_json_schema() if kind == "run-config" else results_schema(kind)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


@contextmanager
def _engine_to_ourselves(
    roots: Roots,
    images: Sequence[str] | None,
    *,
    wait: bool = False,
    models: Sequence[Model] = (),
    target_name: str = "compose",
) -> Iterator[Target]:
    """Nobody else builds or measures on the engine meanwhile, from before the first image on.

    Args:
        roots: where the images' sources are.
        images: to be made ready, with the engine itself if none answers; None: all is there.
        wait: for another experiment's end.
        models: to be made before that.
        target_name: of the target.
    """
    from crayfish_ctl import host  # noqa: PLC0415
    from crayfish_ctl.images import build_images  # noqa: PLC0415
    from crayfish_ctl.targets import open_target  # noqa: PLC0415

    target = open_target(target_name, console.print)
    with terminable():
        if images is not None and host.engine_error() is not None:
            host.mend(host.examine(roots), console.print)
        with target.lock(wait=wait, say=console.print):
            if images is not None:
                host.mend(host.examine(roots), console.print)
                host.ensure_base_image(roots.checkout, console.print)
                if models:
                    from crayfish_ctl.commands.models_make import make_models  # noqa: PLC0415

                    make_models(models, roots, target, console)
                build_images(roots, images, console)
            yield target


def _show_plans(made: Series) -> None:
    from crayfish_ctl.commands.showing import show_series  # noqa: PLC0415  tables are slow to load

    show_series(made, console)


for extension in (compare, figures, export):
    extension.register(app)
models.register(app, _catalog, _engine_to_ourselves)
cluster.register(app, _catalog, partial(_engine_to_ourselves, target_name="swarm"))


def main() -> None:
    """Run the command; every expected failure becomes a message and its exit code."""
    try:
        app(standalone_mode=True)
    except CrayfishError as error:
        errors.print("[bold red]error:[/]", end=" ")
        errors.print(error.message, markup=False)
        if error.hint:
            errors.print(error.hint, markup=False)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _NO_ROOM_OR_RIGHT:
            raise
        errors.print("[bold red]error:[/]", end=" ")
        errors.print(f"{error.filename or 'a file'}: {error.strerror}", markup=False)
        errors.print("make room or give the right to write there, and start again", markup=False)
        sys.exit(ExitCode.HOST)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
