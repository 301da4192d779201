"""An experiment that was killed goes on: nothing complete is repeated, nothing half counts."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import CRAYFISH, ROOT, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Started

pytestmark = pytest.mark.e2e


def test_resume_after_sigkill_in_the_middle_of_a_run(start: Callable[..., Started]) -> None:
    experiment = ("input-rate", "--sp", "kafka-streams", "--reps", "2", "--rate", "100,200")
    running = start(*experiment, "--seconds", "5", "--warmup", "2")
    # Sending has begun in the second run, and its end is seconds away.
    while not list(running.folder().glob("02-*/out/producer.records*")):
        assert running.process.poll() is None, running.log.read_text()
        time.sleep(0.1)
    running.process.kill()
    running.process.wait()
    folder = running.folder()
    first = next(folder.glob("01-*/run.json"))
    before = first.stat().st_mtime_ns
    assert not list(folder.glob("02-*/run.json"))
    # As a power loss in the middle of a line would leave it.
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"ts_ns": 17')

    done = subprocess.run(
        [CRAYFISH, "resume", str(folder), "--no-setup"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode in {0, 5}, done.stdout + done.stderr
    assert "1 runs are complete" in done.stdout
    assert first.stat().st_mtime_ns == before
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*/run.json"))]
    assert [run["spec"]["index"] for run in runs] == [0, 1, 2, 3]
    # Each round has an order of its own.
    counts = [run["counts"]["ok"] for run in runs]
    assert sorted(counts[:2]) == sorted(counts[2:]) == [500, 1000]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["resumed"]) == 1
    assert (folder / "report.html").is_file()
    assert left_behind() == []

    again = subprocess.run(
        [CRAYFISH, "resume", str(folder), "--no-setup"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "all 4 runs are complete" in again.stdout
    assert Path(folder, "summary.csv").read_text().count("\nrun,") == 4
