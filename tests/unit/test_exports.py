"""What a package says it exports is there, once and in order, and what it imports is said."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

import pytest

PACKAGES = [
    "crayfish_ctl.analysis",
    "crayfish_ctl.catalog",
    "crayfish_ctl.cells",
    "crayfish_ctl.host",
    "crayfish_ctl.models",
    "crayfish_ctl.plan",
    "crayfish_ctl.report",
    "crayfish_ctl.results",
    "crayfish_ctl.run",
    "crayfish_ctl.targets",
    "crayfish_ctl.telemetry",
    "crayfish_scoring",
]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_exports_what_it_says(name: str) -> None:
    package = import_module(name)
    said: list[str] = package.__all__
    assert len(set(said)) == len(said)
    missing = [export for export in said if not hasattr(package, export)]
    assert missing == []


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_says_what_it_exports(name: str) -> None:
    package = import_module(name)
    public = {
        export
        for export, value in vars(package).items()
        if not export.startswith("_")
        and not isinstance(value, ModuleType)
        and export != "annotations"
    }
    assert public == set(package.__all__)
