"""Which package may import which: this is the one place that says so. No module is in a circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "crayfish_ctl"

LOWEST = {"errors", "cells", "sample"}
"""What everybody may use."""
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "cells": set(),
    "sample": set(),
    "interrupts": {"errors"},
    "catalog": LOWEST,
    "plan": LOWEST | {"catalog"},
    "results": LOWEST,
    "telemetry": LOWEST | {"results"},
    "analysis": LOWEST | {"results"},
    "report": LOWEST | {"results", "analysis"},
    "export": LOWEST | {"results", "analysis"},
    "host": LOWEST,
    "images": LOWEST | {"catalog"},
    "stack": LOWEST | {"catalog", "plan", "results"},
    "run": LOWEST
    | {"catalog", "plan", "results", "telemetry", "analysis", "report", "host", "images", "stack"}
    | {"interrupts"},
}
"""From a package, or a module beside them, to those of the controller that it may import. The
command line is above all (cli, flags, commands, perf). What reads results knows neither the plan
nor the catalog: a folder has to be read whatever has become of both."""
COMMAND_LINE = {"cli", "flags", "commands", "perf"}


def module_of(path: Path) -> str:
    """`plan.trace.resolve` of crayfish_ctl/plan/trace/resolve.py; of an `__init__` its package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in ROOT.rglob("*.py")}


def imports_of(name: str) -> set[str]:
    """The controller's modules that a module imports, wherever in it, types included."""
    path, found = MODULES[name], set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = path.parent.relative_to(ROOT.parent).parts
            base = above[: len(above) + 1 - node.level] if node.level else ()
            start = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            targets = [
                f"{start}.{alias.name}"
                if f"{start}.{alias.name}".removeprefix("crayfish_ctl.") in MODULES
                else start
                for alias in node.names
            ]
        found |= {
            target.removeprefix("crayfish_ctl").lstrip(".")
            for target in targets
            if target.split(".")[0] == "crayfish_ctl"
        }
    return (found & set(MODULES)) - {name}


IMPORTS = {name: imports_of(name) for name in MODULES}


@pytest.mark.parametrize("package", sorted({name.split(".")[0] for name in MODULES if name}))
def test_a_package_imports_only_what_is_below_it(package: str) -> None:
    if package in COMMAND_LINE:
        return
    wrong = {
        (name, other)
        for name, others in IMPORTS.items()
        if name.split(".")[0] == package
        for other in others
        if other and other.split(".")[0] not in {package, *ARROWS[package]}
    }
    assert wrong == set()


def test_no_module_is_in_a_circle() -> None:
    """Nor does a face of a package count: what it gathers may not go round by it."""
    left = {name: set(others) for name, others in IMPORTS.items()}
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    assert {name: sorted(others & set(left)) for name, others in left.items()} == {}
