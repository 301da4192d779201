from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.report.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Results folders of some experiments."""
    base = tmp_path_factory.mktemp("exported")
    names = ("kafka-overhead", "scalability", "sustainable", "bursty", "arrivals")
    return {name: EXPERIMENTS[name](base / name) for name in names}
