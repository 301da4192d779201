"""What is there, what is missing, how to mend it: `crayfish doctor`, and the start of every run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from crayfish_ctl.errors import CrayfishError, ExitCode

from . import access, apt, checks, engine
from .shell import privilege

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from crayfish_ctl.catalog import Roots

    from .checks import Finding
    from .shell import Say


def examine(roots: Roots) -> list[Finding]:
    """Look at everything; changes nothing."""
    info = engine.engine_info()
    error = engine.engine_error() if info is None else None
    looks = [
        checks.python(),
        checks.container_engine(info, error),
        *([checks.compose(), checks.buildx()] if info is not None else []),
        access.security(info),
        *(access.checkout(root) for root in roots.folders),
        checks.disk(info),
        checks.results_disk(roots.checkout),
        checks.machine(info),
        checks.clock(),
        checks.frequency(),
        checks.steal(),
        checks.base_image() if info is not None else None,
    ]
    return [finding for finding in looks if finding is not None]


def mend(findings: Sequence[Finding], say: Say) -> None:
    """Install and start an engine if, and only if, none answers.

    Raises:
        CrayfishError: if something is missing that only a person can mend; says what.
    """
    missing = [finding for finding in findings if finding.state == "missing"]
    if not missing:
        return
    others = [finding for finding in missing if not finding.ours]
    if others:
        raise CrayfishError(
            "\n".join(f"{f.name}: {f.found}" for f in others),
            hint="\n".join(f.mend for f in others),
            code=ExitCode.HOST,
        )
    # Asked anew: whether to touch the machine is not decided by a look that may be old.
    error = engine.engine_error()
    if error is None:
        return
    wanted = _what_to_install(error)
    if not (engine.installed() and _plugins_installed()):
        say("no container engine answers: installing one with apt")
        apt.install(wanted, say)
    say("starting the container engine")
    engine.start(say)


def _what_to_install(error: str) -> apt.Recipe:
    """The recipe for this machine.

    Raises:
        CrayfishError: if the machine must not, or cannot, be set up from here.
    """
    chosen = engine.chosen_elsewhere()
    if chosen is not None:
        raise CrayfishError(
            f"{chosen}, and no engine answers there: {error}",
            hint="start that engine, or undo that choice",
            code=ExitCode.HOST,
        )
    if engine.is_forbidden(error):
        raise engine.forbidden(error)
    wanted = apt.recipe()
    if wanted is None or privilege() is None or shutil.which("apt-get") is None:
        raise CrayfishError(
            f"no container engine answers: {error}",
            hint="install Docker Engine 20.10 or newer with the compose (v2.20+) and buildx "
            "plugins, start it, and try again; crayfish does that by itself on Debian 12+ and "
            "Ubuntu 22.04+, as root or with sudo",
            code=ExitCode.HOST,
        )
    return wanted


def _plugins_installed() -> bool:
    return checks.compose_is_new_enough(engine.plugin_version("compose")) and bool(
        engine.plugin_version("buildx")
    )


def show(findings: Sequence[Finding], console: Console) -> None:
    """A table, and below it what to do."""
    table = Table(show_header=False, box=None)
    marks = {"ok": "[green]ok[/]", "warn": "[yellow]note[/]", "missing": "[red]missing[/]"}
    for finding in findings:
        table.add_row(marks[finding.state], finding.name, escape(finding.found))
    console.print(table)
    for finding in findings:
        if finding.state != "ok":
            console.print(f"{finding.name}: {finding.mend}", markup=False)
