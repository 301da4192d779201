"""Experiments one after the other, each with its report, and what the command as a whole says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from crayfish_ctl.analysis import by_cell, not_carried
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.report import print_results, write_index, write_report
from crayfish_ctl.results import load_results
from crayfish_ctl.run import run_experiment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import Console

    from crayfish_ctl.plan import Series
    from crayfish_ctl.results import Results
    from crayfish_ctl.targets import Target

_WORST_FIRST: Final = (
    ExitCode.HOST,
    ExitCode.USAGE,
    ExitCode.RUN_FAILED,
    ExitCode.RUN_INVALID,
    ExitCode.OK,
)


def run_series(series: Series, out: Path, target: Target, console: Console) -> ExitCode:
    """Run every plan; one that cannot go on costs itself and no other.

    Returns:
        The worst exit code of all.

    Raises:
        CrayfishError: if there is only one experiment, and it cannot be run.
        KeyboardInterrupt: on Ctrl-C; what has ended by then has its report.
    """
    if len(series.plans) == 1:
        return conclude(run_experiment(series.plans[0], out, target, console), console)
    index = out / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-index.html"
    folders: list[Path] = []
    codes: list[ExitCode] = []
    troubles: list[str] = []
    for number, plan in enumerate(series.plans, 1):
        console.rule(f"{number} of {len(series.plans)}: {plan.experiment.name}")
        try:
            folders.append(run_experiment(plan, out, target, console))
        except CrayfishError as error:
            troubles.append(f"{plan.experiment.name}: {error.message}")
            codes.append(error.exit_code)
            console.print(f"not run: {troubles[-1]}", style="red", markup=False)
            continue
        codes.append(conclude(folders[-1], console))
        write_index(index, folders, [*series.left_out, *troubles])
    if folders:
        console.print(f"index:   {index}", soft_wrap=True, markup=False)
    return worst(codes)


def conclude(folder: Path, console: Console) -> ExitCode:
    """The report, the table, and the exit code of an experiment that has ended."""
    results = load_results(folder)
    page = write_report(folder)
    print_results(results, console)
    console.print(f"results: {folder}\nreport:  {page}", soft_wrap=True, markup=False)
    return exit_code(results)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Of several experiments: what the host lacks, then bad input, then runs."""
    return min(codes, key=_WORST_FIRST.index, default=ExitCode.OK)


def exit_code(results: Results) -> ExitCode:
    """A failed run is an error; so is a cell without any number, or that was not sustained.

    A run in which the harness failed is none, if another one gives its cell a number. A search
    asks whether a rate holds, and that it does not is an answer: one rate must.
    """
    runs = results.runs
    failed = any(run.verdict.state.value == "FAILED" for run in runs)
    if failed or results.unreadable or results.manifest.not_run:
        return ExitCode.RUN_FAILED
    groups = [group for _, group in by_cell(r for r in runs if r.spec.purpose == "measure")]
    confirmed = [r for r in runs if r.spec.purpose == "confirm"]
    searched = {r.spec.workload for r in runs if r.spec.purpose != "measure"}
    groups += [[r for r in confirmed if r.spec.workload == workload] for workload in searched]
    lucky = any(not_carried(run.verdict) for run in runs if run.spec.purpose == "measure")
    measured = not lucky and all(
        any(run.verdict.state.value == "VALID" for run in group) for group in groups
    )
    return ExitCode.OK if measured else ExitCode.RUN_INVALID
