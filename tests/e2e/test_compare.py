"""Half the CPU does not pass for the same, and the same is never worse."""

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
    worker = {"cpus": cpus, "memory": "2560m", "weight": 1024, "heap": "768m"}
    return write_experiment(
        folder,
        [{"processor": "ray", "rate": "max", "goal": "saturate", "pipeline": "raw"}],
        repetitions=3,
        # While the first one runs, the stack beside it starts.
        first_warmup={"seconds": 5},
        stop={"count": 600000, "seconds": 4},
        resources={"worker": worker},
    )


def compare(base: Path, other: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """`crayfish compare`."""
    return subprocess.run(
        [CRAYFISH, "compare", str(base), str(other), *flags],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_half_the_cpu_never_passes_and_the_same_results_are_never_worse(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    """Whatever else runs on the machine: what it hides is said, and fails if asked to."""
    base = start(experiment(tmp_path, 0.8)).finish().folder
    half = start(experiment(tmp_path, 0.4)).finish().folder

    same = compare(base, base, "--threshold", "60%")
    assert same.returncode in {0, 7}, same.stdout + same.stderr
    assert ("undecided" if same.returncode else "within 60 %") in same.stdout
    assert compare(base, base, "--threshold", "60%", "--undecided", "pass").returncode == 0
    slower = compare(base, half, "--threshold", "10%")
    assert slower.returncode in {6, 7}, slower.stdout + slower.stderr
    said = "worse" if slower.returncode == 6 else "undecided"
    assert said in slower.stdout
    passed = compare(base, half, "--threshold", "10%", "--undecided", "pass")
    assert passed.returncode == (6 if slower.returncode == 6 else 0)
