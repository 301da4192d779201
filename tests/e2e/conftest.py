"""Starts experiments the way a user does, and shares their results between tests."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import yaml

from tests.unit.project import copy_project

from .cells import SECONDS, cell_workloads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
CRAYFISH = ROOT / ".venv" / "bin" / "crayfish"
OURS = "label=crayfish.stack=true"
OF_THE_MACHINE = {"PRODUCER_LATE", "THROTTLED"}
"""Reasons that a busy machine may give any run, which no test may depend on."""


@dataclass(frozen=True)
class Finished:
    """An experiment that has ended."""

    exit_code: int
    output: str
    folder: Path

    def runs(self) -> list[dict[str, Any]]:
        """`run.json` of each run, in order."""
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*/run.json"))]

    def run(self, part: str) -> dict[str, Any]:
        """The one run whose id contains `part`."""
        (found,) = [run for run in self.runs() if part in run["run_id"]]
        return found

    def titled(self, title: str) -> list[dict[str, Any]]:
        """The runs of a workload, by its title."""
        return [run for run in self.runs() if run["spec"]["cell"]["title"] == title]

    def records(self, part: str) -> pl.DataFrame:
        """Measured records of that run."""
        frame = pl.read_parquet(self.folder / self.run(part)["run_id"] / "records.parquet")
        return frame.filter(pl.col("segment") == "measured").sort("id")


@dataclass
class Started:
    """An experiment under way."""

    process: subprocess.Popen[str]
    out: Path
    log: Path

    def finish(self, timeout_s: float = 240) -> Finished:
        """Wait for its end."""
        code = self.process.wait(timeout=timeout_s)
        return Finished(code, self.log.read_text(), self.folder())

    def folder(self) -> Path:
        """The results folder; the one above it while there is none."""
        folders = sorted(self.out.glob("*-*-*"))
        return folders[-1] if folders else self.out

    def await_phase(self, phase: str, timeout_s: float = 120) -> None:
        """Wait until the producer says that a phase has begun."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            if f'"msg": "{phase}"' in docker("logs", "crayfish-bench-producer-1", check=False):
                return
            time.sleep(0.1)
        raise AssertionError(f"phase {phase} did not come: {self.log.read_text()}")


def reasons_of_its_own(run: dict[str, Any]) -> set[str]:
    """The codes of a run that has not FAILED, less those that a busy machine may give it."""
    assert run["verdict"]["state"] in {"VALID", "INVALID"}, run["verdict"]
    return {reason["code"] for reason in run["verdict"]["reasons"]} - OF_THE_MACHINE


def docker(*arguments: str, check: bool = True) -> str:
    """The output of a docker command."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check)
    return done.stdout + done.stderr


def host_address() -> str:
    """Where any container reaches this host: the engine's own bridge, which is the host.

    An engine that has made its bridge just now names the subnet and no gateway: that is the first
    address, then.
    """
    (config, *_) = json.loads(docker("network", "inspect", "bridge"))[0]["IPAM"]["Config"]
    first = next(ipaddress.ip_network(config["Subnet"]).hosts())
    return str(config.get("Gateway") or first)


def left_behind() -> list[str]:
    """Containers, networks and volumes of the project that still exist."""
    return [
        *docker("ps", "--all", "--quiet", "--filter", OURS).split(),
        *docker("network", "ls", "--quiet", "--filter", OURS).split(),
        *docker("volume", "ls", "--quiet", "--filter", OURS).split(),
    ]


def own_root(folder: Path) -> Path:
    """A copy of what the controller reads, to be spoilt; its model files have no digests."""
    root = copy_project(folder / "root")
    config = root / "configs" / "models" / "ffnn.yaml"
    lines = [line for line in config.read_text().splitlines() if "sha256:" not in line]
    config.write_text("\n".join(lines))
    return root


def write_experiment(
    folder: Path, workloads: list[dict[str, Any]], *, profile_name: str = "laptop", **sizing: Any
) -> str:
    """An experiment file of these workloads, to be given to `start`.

    Args:
        folder: where it is written.
        workloads: as in configs/experiments.
        profile_name: the profile that it is for.
        sizing: other fields of the profile; by default one repetition, warmed up for 2 s, in the
            order of the workloads.
    """
    path = folder / "mine.yaml"
    brief = {
        "repetitions": 1,
        "warmup": {"seconds": 2, "settle_seconds": 0},
        "shuffle": False,
    }
    profile = {**brief, **sizing, "workloads": workloads}
    content = {
        "name": "mine",
        "question": "Does it do what the tests say?",
        "defaults": {"processor": "flink", "runtime": "python", "tool": "onnx", "model": "ffnn"},
        "profiles": {profile_name: profile},
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Started]]:
    """Start `crayfish run` with arguments, in the background; none outlives the tests."""
    processes: list[subprocess.Popen[str]] = []

    def begin(
        *arguments: str,
        root: Path = ROOT,
        setup: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> Started:
        out = tmp_path_factory.mktemp("results")
        log = out / "output.txt"
        with log.open("w") as file:
            process = subprocess.Popen(
                [
                    *(str(CRAYFISH), "run", *arguments, "--out", str(out)),
                    *([] if setup else ["--no-setup"]),
                ],
                cwd=ROOT,
                env={**(env or os.environ), "CRAYFISH_ROOT": str(root), "COLUMNS": "200"},
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )
        processes.append(process)
        return Started(process, out, log)

    yield begin
    for process in processes:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="session")
def matrix(start: Callable[..., Started], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The workloads of cells.py, run once."""
    folder = tmp_path_factory.mktemp("matrix")
    warmup = {"seconds": 1, "settle_seconds": 0}
    experiment = write_experiment(
        folder, cell_workloads(), warmup=warmup, stop={"seconds": SECONDS}
    )
    return start(experiment).finish(timeout_s=1500)


@pytest.fixture(scope="session")
def main_job(start: Callable[..., Started]) -> Finished:
    """The experiment of main.yaml, run once."""
    return start(str(Path(__file__).with_name("main.yaml"))).finish(timeout_s=600)
