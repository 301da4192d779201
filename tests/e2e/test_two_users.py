"""Two at once on one engine: the second is refused at once, and touches nothing of the first's."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from .conftest import CRAYFISH, ROOT, docker, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e

_REFUSED_WITHIN_CPU_S = 2.5
"""Not seconds of a clock: the containers of the first go before, and other tests may run."""


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_second_is_refused_and_the_first_is_left_alone(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    """Another user is another folder for temporary files and another folder of sources."""
    # What a user has started in a folder that happens to be called crayfish.
    docker("network", "create", "--label", "com.docker.compose.project=crayfish", "crayfish_theirs")
    try:
        experiment = ("input-rate", "--sp", "kafka-streams", "--reps", "1", "--warmup", "2")
        running = start(*experiment, "--rate", "200", "--seconds", "10")
        running.await_phase("measured")
        (tmp_path / "theirs").symlink_to(ROOT)
        theirs = {**os.environ, "TMPDIR": str(tmp_path), "CRAYFISH_ROOT": str(tmp_path / "theirs")}
        before = docker("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Image}}")
        for command in (("run", "input-rate"), ("images",), ("perf",), ("down",)):
            used = _cpu_of_children()
            done = subprocess.run(
                [CRAYFISH, *command],
                cwd=tmp_path, env=theirs, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert _cpu_of_children() - used < _REFUSED_WITHIN_CPU_S
            assert done.returncode == 3, done.stdout + done.stderr
            assert f"process {running.process.pid} of" in done.stderr
        assert docker("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Image}}") == before

        finished = running.finish()
        (run,) = finished.runs()
        assert finished.exit_code in {0, 5}, finished.output
        assert run["counts"]["ok"] == 2000
        facts = json.loads((finished.folder / run["run_id"] / "containers.json").read_text())
        manifest = json.loads((finished.folder / "manifest.json").read_text())
        for fact in facts.values():
            assert fact["image_id"] == manifest["images"][fact["image"]]["id"]
        assert left_behind() == []
        assert "crayfish_theirs" in docker("network", "ls", "--format", "{{.Name}}")
    finally:
        docker("network", "rm", "crayfish_theirs")
