"""Equal runs are told to be equal, and half the CPU to be slower."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from .conftest import CRAYFISH, ROOT, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e


def experiment(folder: Path, cpus: float) -> str:
    """The bare scorer with so much CPU: a limit that is halved halves it, and nothing warms up."""
    worker = {"cpus": cpus, "memory": "2560m", "weight": 1024, "heap": "256m"}
    return write_experiment(
        folder,
        [{"processor": "ray", "rate": "max", "goal": "saturate", "pipeline": "raw"}],
        repetitions=3,
        # While the first one runs, the stack beside it starts.
        first_warmup={"seconds": 5},
        stop={"count": 600000, "seconds": 4},
        resources={"ray-worker": worker},
    )


def compare(base: Path, other: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """`crayfish compare`."""
    return subprocess.run(
        [CRAYFISH, "compare", str(base), str(other), *flags],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_half_the_cpu_is_slower_and_the_same_is_the_same(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    base = start(experiment(tmp_path, 0.8)).finish().folder
    same = start(experiment(tmp_path, 0.8)).finish().folder
    half = start(experiment(tmp_path, 0.4)).finish().folder

    # That they are the same has to be shown: three runs of a quiet loop show a quarter easily.
    equal = compare(base, same, "--threshold", "25%")
    assert equal.returncode == 0, equal.stdout + equal.stderr
    assert "within 25 %" in equal.stdout
    slower = compare(base, half, "--threshold", "10%", "--undecided", "pass")
    assert slower.returncode == 6, slower.stdout + slower.stderr
    assert "worse" in slower.stdout
