"""Which package may import which: this is the one place that says so. No module is in a circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CONTROLLER = Path(__file__).parents[2] / "crayfish_ctl"

LOWEST = {"errors", "cells", "sample"}
"""What everybody may use."""
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "cells": set(),
    "sample": set(),
    "interrupts": {"errors"},
    "catalog": LOWEST,
    "models": LOWEST | {"catalog"},
    "plan": LOWEST | {"catalog", "models"},
    "results": LOWEST,
    "telemetry": LOWEST | {"catalog", "results"},
    "analysis": LOWEST | {"results"},
    "report": LOWEST | {"results", "analysis"},
    "export": LOWEST | {"results", "analysis"},
    "host": LOWEST | {"catalog"},
    "images": LOWEST | {"catalog", "targets"},
    "targets": LOWEST | {"catalog", "results"},
    "run": LOWEST
    | {
        "catalog",
        "models",
        "plan",
        "results",
        "telemetry",
        "analysis",
        "report",
        "host",
        "images",
        "targets",
    }
    | {"interrupts"},
}
"""From a package, or a module beside them, to those of the controller that it may import. The
command line is above all (cli, flags, commands, perf). What reads results knows neither the plan
nor the catalog: a folder has to be read whatever has become of both."""
COMMAND_LINE = {"cli", "flags", "commands", "perf"}


FOLDERS = [CONTROLLER, *sorted(CONTROLLER.parent.glob("services/*/crayfish_*"))]
"""Every package of Python."""


def module_of(path: Path, folder: Path) -> str:
    """`crayfish_ctl.plan.trace` of crayfish_ctl/plan/trace/__init__.py."""
    parts = path.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_of(path, folder): path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))
}


def imports_of(name: str) -> set[str]:
    """The modules of ours that a module imports, wherever in it, types included."""
    path = MODULES[name]
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            start = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{start}.{alias.name}"
                found.add(inner if inner in MODULES else start)
    return (found & set(MODULES)) - {name}


IMPORTS = {name: imports_of(name) for name in MODULES}


def part_of(name: str) -> str | None:
    """`plan` of `crayfish_ctl.plan.trace`; None of a service's module."""
    parts = [*name.split("."), ""]
    return parts[1] if parts[0] == "crayfish_ctl" else None


@pytest.mark.parametrize("part", sorted({part_of(name) or "" for name in MODULES} - COMMAND_LINE))
def test_a_part_of_the_controller_imports_only_what_is_below_it(part: str) -> None:
    wrong = {
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        if part and part_of(name) == part
        for other in others
        if part_of(other) not in {None, "", part, *ARROWS[part]}
    }
    assert wrong == set()


def test_services_never_import_the_controller() -> None:
    wrong = {
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        if part_of(name) is None
        for other in others
        if part_of(other) is not None
    }
    assert wrong == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = {name: set(others) for name, others in IMPORTS.items()}
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    assert {name: sorted(others & set(left)) for name, others in left.items()} == {}


def test_the_imports_are_seen() -> None:
    assert IMPORTS["crayfish_ctl.plan.schedule"] >= {
        "crayfish_ctl.plan.expand",  # as it is written
        "crayfish_ctl.plan.model",  # for types
        "crayfish_ctl.sample",  # within a function
    }
    assert "crayfish_ctl.cells" in IMPORTS["crayfish_ctl.plan.model"]
