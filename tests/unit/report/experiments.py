"""Synthetic results of each kind of experiment: what the report has to show of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crayfish_ctl.analysis import collect_run
from crayfish_ctl.cells import BurstyArrivals, Call, Fault, Parallelism, PoissonArrivals
from crayfish_ctl.results import load_results, write_model
from crayfish_ctl.results.numbers import BatchSizes, ServerFacts
from tests.unit.results.synthetic import REFERENCE, Scenario, manifest, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.results import Results, RunResult

BASE = Scenario(jitter_ms=0.3, seconds=4.0)
FLOOD = replace(BASE, rate=None, goal="saturate", ended="idle", send_rate=4000.0, seconds=2.0)
RAW_CORES = {"raw-scorer": 1.0, "flink-taskmanager": 0.02, "prometheus": 0.02}
RAW = replace(
    FLOOD,
    pipeline="raw",
    network_ms=0.0,
    service_ms=0.1,
    jitter_ms=0.05,
    warmup_seconds=0.0,
    send_rate=9000.0,
    cores=RAW_CORES,
)
OBJECTIVE = {"percentile": "p99", "objective_ms": 20.0, "tolerance": 0.05, "confirm": 2}


class Folder:
    """A results folder that grows run by run."""

    def __init__(self, path: Path, experiment: str, plan: dict[str, Any] | None = None) -> None:
        self.path = path
        self.runs: list[RunResult] = []
        path.mkdir(parents=True, exist_ok=True)
        about: dict[str, Any] = {
            "experiment": experiment,
            "question": f"What does {experiment} ask?",
        }
        if plan is not None:
            about["plan"] = plan
        write_model(path / "manifest.json", manifest().model_copy(update=about))

    def add(
        self,
        scenario: Scenario,
        repetition: int = 1,
        *,
        cell: dict[str, Any] | None = None,
        server: ServerFacts | None = None,
        **spec: Any,
    ) -> RunResult:
        """Simulate a run; `cell` and `spec` are fields that a scenario does not have.

        `server` is what its model server counted.
        """
        number = len(self.runs)
        seeded = replace(scenario, seed=11 * number + 1)
        found = seeded.spec(f"{number:02d}-run-r{repetition}", number, repetition)
        update = {"cell": found.cell.model_copy(update=cell or {}), **spec}
        found = found.model_copy(update=update)
        folder = write_run(self.path, seeded, found)
        result = collect_run(folder, found, REFERENCE)
        if server is not None:
            result = result.model_copy(update={"server": server})
            write_model(folder / "run.json", result)
        self.runs.append(result)
        return self.runs[-1]

    def results(self) -> Results:
        """The folder as it is read back."""
        return load_results(self.path)

    def repeat(self, scenario: Scenario, times: int = 2, **more: Any) -> None:
        """Several repetitions of a cell."""
        for repetition in range(1, times + 1):
            self.add(scenario, repetition, **more)


def scalability(path: Path) -> Path:
    """N-N-N and 1-N-1; both begin with 1-1-1, chained and not."""
    folder = Folder(path, "scalability")
    for n, service in ((1, 0.8), (2, 0.45), (4, 0.3)):
        cell = {"parallelism": Parallelism(source=n, scorer=n, sink=n)}
        folder.repeat(replace(FLOOD, service_ms=service, jitter_ms=0.02), cell=cell)
    for n, service in ((1, 1.0), (2, 0.7)):
        cell = {"parallelism": Parallelism(scorer=n, chained=False)}
        folder.repeat(replace(FLOOD, service_ms=service, jitter_ms=0.02), cell=cell)
    return path


def batch_size(path: Path) -> Path:
    """The same rate and the capacity with several batch sizes."""
    folder = Folder(path, "batch-size")
    for batch, service in ((1, 0.5), (32, 1.2), (128, 3.0)):
        folder.repeat(replace(BASE, rate=50.0, batch=batch, service_ms=service))
    for batch, service in ((1, 0.5), (32, 1.2), (128, 3.0)):
        flood = replace(FLOOD, batch=batch, service_ms=service, seconds=1.0)
        folder.repeat(flood)
    return path


def bursty(path: Path) -> Path:
    """Two bursts that are worked off before the next, in two repetitions."""
    folder = Folder(path, "bursty")
    arrivals = BurstyArrivals(base_rate=100, burst_rate=800, base_seconds=6, burst_seconds=2)
    burst = replace(
        BASE, rate=100.0, arrivals=arrivals, seconds=22.0, service_ms=2.5, goal="overload"
    )
    folder.repeat(replace(burst, jitter_ms=0.05, title="0.25 x and 2 x capacity"))
    return path


def kafka_overhead(path: Path) -> Path:
    """Paced and saturated, with Kafka and without, noop, and the raw scorer."""
    folder = Folder(path, "kafka-overhead")
    in_job: dict[str, Any] = {"pipeline": "in-job", "network_ms": 0.05}
    for rate in (200.0, 600.0):
        folder.repeat(replace(BASE, rate=rate))
        folder.repeat(replace(BASE, rate=rate, **in_job))
    folder.repeat(FLOOD)
    folder.repeat(replace(FLOOD, service_ms=0.3, jitter_ms=0.1, tool="noop"))
    folder.repeat(replace(FLOOD, service_ms=0.5, jitter_ms=0.1, **in_job))
    folder.repeat(RAW)
    return path


def sustainable(path: Path) -> Path:
    """A search: two rates hold, two do not, and the one found is confirmed twice."""
    plan = {"sizing": {"workloads": [{"rate": "max"}, {"rate": "capacity", "search": OBJECTIVE}]}}
    folder = Folder(path, "sustainable", plan)
    folder.add(FLOOD)
    tries = ((400.0, "probe"), (1100.0, "probe"), (820.0, "probe"), (700.0, "probe"))
    for rate, purpose in (*tries, (700.0, "confirm"), (700.0, "confirm")):
        folder.add(replace(BASE, rate=rate, service_ms=1.0), workload=1, purpose=purpose)
    return path


def stall(path: Path) -> Path:
    """The producer's client is held for a second while the broker is frozen."""
    folder = Folder(path, "stall")
    pause = Fault(at_seconds=3.0, service="kafka", action="pause", seconds=1.0)
    folder.add(
        replace(
            BASE,
            rate=300.0,
            seconds=8.0,
            hold=(3.0, 1.0),
            faults=(pause,),
            goal="overload",
            title="300/s, broker frozen for 1 s",
        )
    )
    return path


def poisson(path: Path) -> Path:
    """The same rate twice: constant gaps and random ones."""
    folder = Folder(path, "arrivals")
    for rate in (200.0, 500.0):
        folder.repeat(replace(BASE, rate=rate))
        for seed in (1, 2):
            arrivals = PoissonArrivals(rate=rate, seed=seed)
            folder.add(replace(BASE, rate=rate, arrivals=arrivals), seed)
    return path


def servers(path: Path) -> Path:
    """A bare client of a server; pipelines with the model inside and outside."""
    folder = Folder(path, "servers")
    for in_flight, service in ((1, 0.5), (4, 0.3), (16, 0.2)):
        bare = replace(RAW, tool="triton", service_ms=service, seconds=1.0)
        folder.repeat(bare, cell=called(in_flight))
    short = replace(FLOOD, seconds=1.0, send_rate=3000.0)
    folder.repeat(short)
    external = replace(short, tool="triton", service_ms=1.0)
    folder.repeat(external, cell={"calls_server": True})
    sizes = BatchSizes(bounds=(1, 2, 3, 4), counts=(800, 0, 40, 160))
    folder.repeat(external, cell=called(4), server=ServerFacts(batch_sizes=sizes))
    noop = {"tool_options": {"serve": "noop"}, "scores_nothing": True}
    folder.repeat(external, cell=called(4) | noop)
    return path


def called(in_flight: int) -> dict[str, Any]:
    """Fields of a cell whose model server has so many calls under way."""
    return {"calls_server": True, "call": Call(mode="async", in_flight=in_flight)}


EXPERIMENTS = {
    "scalability": scalability,
    "batch-size": batch_size,
    "bursty": bursty,
    "kafka-overhead": kafka_overhead,
    "sustainable": sustainable,
    "stall": stall,
    "arrivals": poisson,
    "servers": servers,
}
