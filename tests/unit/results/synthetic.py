"""A results folder without a benchmark: a simulated queue writes what the services would write.

One server with a fixed service time (D/D/1, with jitter when asked for), so that latency, backlog
and capacity are known beforehand. A `Scenario` says what goes wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from crayfish_contract.arrays import RECEIVED, RECEIVED_FILE, SENT, SENT_FILE, point_indices
from crayfish_contract.codec import Segment, Status
from crayfish_contract.runconfig import (
    Arrivals,
    ConstantArrivals,
    KafkaConfig,
    MaxArrivals,
    ModelConfig,
    PointsConfig,
    ProcessorConfig,
    RunConfig,
    StopRule,
    ToolConfig,
    Warmup,
    WorkloadConfig,
)
from crayfish_ctl.analysis import Reference
from crayfish_ctl.catalog.model import Counter
from crayfish_ctl.plan.model import Cell, RunSpec
from crayfish_ctl.results import (
    METRICS_SCHEMA,
    Engine,
    Git,
    Host,
    Image,
    Manifest,
    write_model,
)
from crayfish_ctl.results.happened import FaultFact
from crayfish_load.arrivals import arrival_process

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from crayfish_ctl.cells import Fault

S = 1_000_000_000
MS = 1_000_000
START = 1_790_000_000 * S
POINTS = 360
REFERENCE = Reference(right=np.arange(POINTS) % 30 != 7)
"""12 of 360 points are classified wrongly: an offline accuracy of 29/30."""


@dataclass(frozen=True)
class Scenario:
    """What a run does, and what goes wrong in it; times in seconds unless said."""

    rate: float | None = 500.0
    """records/s; None sends as fast as `send_rate`."""
    arrivals: Arrivals | None = None
    """Another arrival process than constant `rate`."""
    stop: StopRule | None = None
    """Otherwise: after `seconds`."""
    send_rate: float = 3000.0
    seconds: float = 10.0
    warmup_seconds: float = 1.0
    drained: bool = False
    settled: bool | None = None
    """Whether the latency fell no more when the warm-up ended; None: nobody looked."""
    pauses: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """Of a service's JVM: (seconds after the window's start, ms), whole-heap collections."""
    """The warm-up was to be back before the window, which begins all the same."""
    service_ms: float = 0.8
    jitter_ms: float = 0.0
    network_ms: float = 0.5
    """Each way."""
    goal: str = "sustain"
    batch: int = 1
    tool: str = "onnx"
    tool_options: dict[str, Any] = field(default_factory=dict)
    processor: str = "flink"
    pipeline: str = "kafka"
    subtasks: int = 1
    """Row files that each side writes."""
    title: str | None = None
    faults: tuple[Fault, ...] = ()
    faults_done: tuple[FaultFact, ...] | None = None
    """What became of them; by default each happened."""
    hold: tuple[float, float] | None = None
    """The producer's client stands still: (from, for)."""
    seed: int = 1
    pause: tuple[float, float] | None = None
    """The processor stands still: (from, for)."""
    late_ms: float = 0.0
    """The producer sends this much after the due time."""
    producers: int = 1
    late_share_ms: float = 0.0
    """The first of several producers sends each 50th of its records this much after that."""
    lose: int = 0
    fail: int = 0
    refuse: int = 0
    repeat: int = 0
    deviation: float = 2e-7
    misclassify: int = 0
    ended: str = "all"
    undecodable: int = 0
    clock_steps_ms: tuple[float, float] = (0.0, 0.0)
    """By how much the clock was set while the producer and while the consumer ran."""
    cores: dict[str, float] = field(
        default_factory=lambda: {
            "producer": 0.15,
            "kafka": 0.30,
            "flink-jobmanager": 0.05,
            "flink-taskmanager": 0.60,
            "consumer": 0.12,
            "prometheus": 0.02,
        }
    )
    throttled: dict[str, float] = field(default_factory=dict)
    """Share of periods, by service."""
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the engine says otherwise, by service."""
    metrics: bool = True
    counter_share: float | None = None
    """The processor counts its records, but only this share of them."""

    @property
    def cell(self) -> Cell:
        """The cell that this is a run of."""
        return Cell.model_validate(
            {
                "experiment": "input-rate",
                "processor": self.processor,
                "runtime": "python",
                "tool": self.tool,
                "tool_options": self.tool_options,
                "model": "ffnn",
                "arrivals": self.arrivals
                or (ConstantArrivals(rate=self.rate) if self.rate is not None else MaxArrivals()),
                "batch_size": self.batch,
                "goal": self.goal,
                "pipeline": self.pipeline,
                "title": self.title,
                "faults": self.faults,
                "producer_options": {"processes": self.producers} if self.producers > 1 else {},
            }
        )

    def spec(self, run_id: str = "run-1", index: int = 0, repetition: int = 1) -> RunSpec:
        """A run of the cell."""
        return RunSpec(
            run_id=run_id,
            index=index,
            cell=self.cell,
            repetition=repetition,
            warmup=Warmup(seconds=self.warmup_seconds, rate=self.rate or 200.0),
            stop=self.stop or StopRule(seconds=self.seconds),
            seed=self.seed,
        )


def run_config(scenario: Scenario, run_id: str = "run-1") -> RunConfig:
    """The run config that belongs to a scenario."""
    return RunConfig(
        run_id=run_id,
        kafka=KafkaConfig(
            bootstrap="kafka:9092",
            input_topic="crayfish-in",
            output_topic="crayfish-out",
            input_partitions=1,
            output_partitions=1,
        ),
        model=ModelConfig(
            name="ffnn", format="onnx", path="/m.onnx", input_shape=(28, 28), output_shape=(10,)
        ),
        tool=ToolConfig(name=scenario.tool),
        processor=ProcessorConfig(name=scenario.processor, runtime="python"),
        workload=WorkloadConfig(
            arrivals=scenario.cell.arrivals,
            stop=scenario.stop or StopRule(seconds=scenario.seconds),
            warmup=Warmup(rate=scenario.rate or 200.0, drain=scenario.drained),
            batch_size=scenario.batch,
            points=PointsConfig(
                path="/points.npz", reference_path="/reference.npy", count=POINTS, pool=POINTS
            ),
        ),
    )


def queue(arrive: NDArray[Any], service: NDArray[Any], gap: tuple[int, int] | None) -> NDArray[Any]:
    """When a single server is done with each record, first come first served (ns)."""
    done = np.empty_like(arrive)
    free = 0
    for i, at in enumerate(arrive):
        begin = max(int(at), free)
        if gap and gap[0] <= begin < gap[1]:
            begin = gap[1]
        free = begin + int(service[i])
        done[i] = free
    return done


def write_run(results_dir: Path, scenario: Scenario, spec: RunSpec | None = None) -> Path:
    """Write one run's folder as the services and the run stage leave it."""
    spec = spec or scenario.spec()
    run_dir = results_dir / spec.run_id
    (run_dir / "out").mkdir(parents=True)
    sent, received = simulate(scenario)
    _write_rows(run_dir / "out" / SENT_FILE, sent, scenario.subtasks)
    _write_rows(run_dir / "out" / RECEIVED_FILE, received, scenario.subtasks)
    write_model(run_dir / "run-config.json", run_config(scenario, spec.run_id))
    end = int(max(received["consumed_ns"].max(initial=0), sent["sent_ns"].max()))
    _write_summaries(run_dir, scenario, int(sent["sent_ns"].max()))
    _write_steps(run_dir, end)
    _write_containers(run_dir, scenario)
    _write_faults(run_dir, scenario)
    if scenario.metrics:
        table = metrics(scenario, end, int(sent["sent_ns"].max()))
        if scenario.counter_share is not None:
            table = pl.concat([table, counted(scenario, received["scored_ns"], end)])
        table.write_parquet(run_dir / "metrics.parquet")
    return run_dir


def _write_rows(path: Path, rows: NDArray[Any], subtasks: int) -> None:
    """One file, or one of each subtask: subtask n has the ids with id % subtasks == n."""
    if subtasks == 1:
        rows.tofile(path)
        return
    for subtask in range(subtasks):
        own = path.with_name(f"{path.stem}.{subtask}{path.suffix}")
        rows[rows["id"] % subtasks == subtask].tofile(own)


def _offsets(scenario: Scenario) -> NDArray[Any]:
    """Due times of the measured records, ns after `START`."""
    if scenario.arrivals is not None:
        process = arrival_process(scenario.arrivals)
        count = process.count(scenario.stop or StopRule(seconds=scenario.seconds))
        assert count is not None
        return process.offsets_ns(0, count)
    rate = scenario.rate or scenario.send_rate
    return np.arange(round(scenario.seconds * rate)) * S / rate


def simulate(scenario: Scenario) -> tuple[NDArray[Any], NDArray[Any]]:
    """The two files of row records."""
    random = np.random.default_rng(scenario.seed)
    warm_rate = scenario.rate or 200.0
    warm = round(scenario.warmup_seconds * warm_rate)
    offsets = _offsets(scenario)
    count = warm + offsets.size
    due = START + np.concatenate([np.arange(-warm, 0) * S / warm_rate, offsets])
    sent = np.zeros(count, SENT)
    sent["id"] = np.arange(count)
    sent["segment"] = np.where(sent["id"] < warm, Segment.WARMUP, Segment.MEASURED)
    sent["sent_ns"] = due.astype(np.int64) + int((0.02 + scenario.late_ms) * MS)
    sent["intended_ns"] = due.astype(np.int64)
    habit = sent["id"] % (50 * scenario.producers) == 0
    sent["sent_ns"][habit] += int(scenario.late_share_ms * MS)
    if scenario.rate is None:
        sent["intended_ns"][warm:] = START
    if scenario.hold:
        begin, end = (START + int(at * S) for at in (scenario.hold[0], sum(scenario.hold)))
        held = (sent["sent_ns"] >= begin) & (sent["sent_ns"] < end)
        sent["sent_ns"][held] = end
    arrive = sent["sent_ns"] + int(scenario.network_ms * MS)
    sent["in_append_ms"] = arrive // MS if scenario.pipeline == "kafka" else -1
    service = np.full(count, scenario.service_ms * MS)
    service += random.gamma(2.0, max(scenario.jitter_ms, 1e-9) / 2 * MS, count)
    gap = scenario.pause and (
        START + int(scenario.pause[0] * S),
        START + int((scenario.pause[0] + scenario.pause[1]) * S),
    )
    done = queue(arrive, service, gap)
    rows = _results(scenario, sent, done, service)
    keep = np.ones(count, dtype=bool)
    chosen = np.arange(warm, count)
    keep[chosen[: scenario.lose]] = False
    refused = chosen[scenario.lose : scenario.lose + scenario.refuse]
    keep[refused] = False
    sent["delivery_error"][refused] = -192
    sent["in_append_ms"][refused] = -1
    again = rows[chosen[-scenario.repeat :]] if scenario.repeat else rows[:0]
    return sent, np.concatenate([rows[keep], again])


def _results(
    scenario: Scenario, sent: NDArray[Any], done: NDArray[Any], service: NDArray[Any]
) -> NDArray[Any]:
    rows = np.zeros(sent.size, RECEIVED)
    for name in ("id", "segment", "intended_ns", "sent_ns"):
        rows[name] = sent[name]
    rows["status"] = Status.OK
    rows["received_ns"] = done - service.astype(np.int64)
    rows["scored_ns"] = done
    rows["out_append_ms"] = (
        (done + int(scenario.network_ms * MS)) // MS if scenario.pipeline == "kafka" else -1
    )
    rows["consumed_ns"] = done + int(2 * scenario.network_ms * MS)
    rows["batch"] = scenario.batch
    rows["deviation"] = scenario.deviation
    payload = rows["id"] % POINTS
    rows["correct"] = [
        REFERENCE.right[point_indices(int(p), scenario.batch, POINTS)].sum() for p in payload
    ]
    measured = np.flatnonzero(rows["segment"] == Segment.MEASURED)
    rows["correct"][measured[: scenario.misclassify]] = 0
    broken = measured[measured.size // 2 :][: scenario.fail]
    rows["status"][broken] = Status.FAILED
    rows["prediction"][broken] = rows["correct"][broken] = -1
    rows["deviation"][broken] = np.nan
    return rows


def metrics(scenario: Scenario, end_ns: int, last_sent_ns: int) -> pl.DataFrame:
    """Container counters, scraped each second from 5 s before the window until the end.

    The producer's container leaves when it has sent everything.
    """
    times = np.arange(START / S - 5, end_ns / S + 2)
    rows: list[tuple[float, str, str, str, float]] = []
    for service, cores in scenario.cores.items():
        labels = json.dumps({"id": f"c-{service}"})
        share = scenario.throttled.get(service, 0.0)
        gone = last_sent_ns / S + 0.3 if service == "producer" else times[-1]
        for at in times[times <= gone]:
            seconds = at - times[0]
            values = {
                "container_cpu_usage_seconds_total": 3.0 + cores * seconds,
                "container_cpu_cfs_periods_total": 10.0 * seconds,
                "container_cpu_cfs_throttled_periods_total": 10.0 * seconds * share,
                "container_cpu_cfs_throttled_seconds_total": 0.5 * seconds * share,
                "container_memory_working_set_bytes": 3e8 * (0.5 + cores) + 1e6 * seconds,
                "container_memory_max_bytes": 4e8 * (0.5 + cores),
            }
            rows += [(at, name, service, labels, value) for name, value in values.items()]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


COUNTER = Counter(metric="flink_numRecordsOut", labels={"operator_name": "scorer"})


def counted(scenario: Scenario, scored: NDArray[Any], end_ns: int) -> pl.DataFrame:
    """The processor's own counter, in two subtasks, beside that of another operator."""
    times = np.arange(START / S - 5, end_ns / S + 2)
    counts = np.searchsorted(np.sort(scored), times * S, side="right")
    rows = [
        (at, COUNTER.metric, "flink-taskmanager", json.dumps(labels), count * share)
        for labels, share in (
            ({"operator_name": "scorer", "subtask_index": "0"}, (scenario.counter_share or 0) / 2),
            ({"operator_name": "scorer", "subtask_index": "1"}, (scenario.counter_share or 0) / 2),
            ({"operator_name": "sink", "subtask_index": "0"}, 1.0),
            ({"subtask_index": "0"}, 1.0),
        )
        for at, count in zip(times, counts, strict=True)
    ]
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def _write_summaries(run_dir: Path, scenario: Scenario, last_sent_ns: int) -> None:
    (run_dir / "out" / "producer.json").write_text(
        json.dumps(
            {
                "warmup_start_ns": START - round(scenario.warmup_seconds * S),
                "settle_start_ns": None if scenario.settled is None else START - S,
                "settle_seconds": None if scenario.settled is None else 1.0,
                "settled": scenario.settled,
                "measured_start_ns": START,
                "measured_end_ns": last_sent_ns,
                **_clock(scenario.clock_steps_ms[0]),
            }
        )
    )
    (run_dir / "out" / "consumer.json").write_text(
        json.dumps(
            {
                "ended": scenario.ended,
                "undecodable": scenario.undecodable,
                **_clock(scenario.clock_steps_ms[1]),
            }
        )
    )


def _clock(step_ms: float) -> dict[str, int]:
    return {"clock_start_ns": START, "clock_end_ns": START + round(step_ms * MS)}


def _write_steps(run_dir: Path, end_ns: int) -> None:
    at = START - 12 * S
    steps = []
    for name, until in (
        ("render", START - 12 * S + 200 * MS),
        ("start", START - 9 * S),
        ("ready", START - 3 * S),
        ("warm up", START),
        ("measure", START + 10 * S),
        ("drain", max(end_ns, START + 10 * S)),
        ("collect", max(end_ns, START + 10 * S) + 700 * MS),
        ("tear down", max(end_ns, START + 10 * S) + 3 * S),
    ):
        steps.append({"name": name, "started_ns": at, "ended_ns": until})
        at = until
    (run_dir / "steps.json").write_text(json.dumps(steps))


def _write_faults(run_dir: Path, scenario: Scenario) -> None:
    done = scenario.faults_done
    if done is None:
        done = tuple(
            FaultFact(
                service=fault.service,
                action=fault.action,
                started_ns=START + round(fault.at_seconds * S),
                ended_ns=START + round((fault.at_seconds + (fault.seconds or 0)) * S),
            )
            for fault in scenario.faults
        )
    if done:
        facts = [fact.model_dump(mode="json") for fact in done]
        (run_dir / "faults.json").write_text(json.dumps(facts))


def _role(scenario: Scenario, service: str) -> str:
    """As the services' labels would say it."""
    fixed = {
        "producer": "producer",
        "consumer": "consumer",
        "kafka": "broker",
        "raw-scorer": "processor",
        "prometheus": "monitoring",
    }
    return fixed.get(service, "idle" if scenario.pipeline == "raw" else "processor")


def _write_containers(run_dir: Path, scenario: Scenario) -> None:
    facts = {
        service: {
            "id": service.encode().hex().ljust(64, "0")[:64],
            "role": _role(scenario, service),
            "image": f"crayfish/{service}:dev",
            "image_id": "sha256:0",
            "cpus": 1.0,
            "memory_bytes": 2 * 1024**3,
            "exit_code": 0,
            "oom_killed": False,
        }
        | ({"jvm_flags": ["-Xmx1g", "-Xlog:gc"]} if service in scenario.pauses else {})
        | scenario.containers.get(service, {})
        for service in scenario.cores
    }
    (run_dir / "containers.json").write_text(json.dumps(facts))
    (run_dir / "logs").mkdir(exist_ok=True)
    for service, pauses in scenario.pauses.items():
        lines = [
            f"[{datetime.fromtimestamp(START / S + at, UTC):%Y-%m-%dT%H:%M:%S}.000+0000] "
            f"GC({number}) Pause Full (System.gc()) 30M->20M(736M) {ms:.3f}ms\n"
            for number, (at, ms) in enumerate(pauses)
        ]
        (run_dir / "logs" / f"{service}.log").write_text("".join(lines))


def manifest() -> Manifest:
    """The experiment that the synthetic runs belong to."""
    return Manifest(
        experiment="input-rate",
        question="How does latency grow with the rate of the input, and where is the limit?",
        profile="laptop",
        started=datetime(2026, 9, 21, 14, 13, tzinfo=UTC),
        ended=datetime(2026, 9, 21, 14, 18, tzinfo=UTC),
        command=("crayfish", "run", "input-rate", "--profile", "laptop"),
        host=Host(
            os="Debian GNU/Linux 12 (bookworm)",
            kernel="6.1.0",
            architecture="x86_64",
            cpu_model="A Simulated CPU @ 2.40GHz",
            cores=2,
            memory_bytes=24 * 1024**3,
            python="3.11.2",
        ),
        engine=Engine(version="20.10.24", compose_version="2.26.1", storage_driver="overlay2"),
        images={"crayfish/flink:dev": Image(id="sha256:" + "ab" * 32, size_bytes=1_660_000_000)},
        packages={"polars": "1.30.0", "apache-flink": "2.2.1"},
        git=Git(commit="0123456789abcdef0123456789abcdef01234567"),
        seeds=(1, 2, 3),
        plan={"profile": "laptop", "repetitions": 3},
    )


def write_experiment(results_dir: Path) -> list[RunSpec]:
    """Raw folders: three rates with three repetitions, an overload, a saturating cell."""
    base = Scenario(jitter_ms=0.35, seconds=8.0)
    scenarios = [replace(base, rate=rate) for rate in (100.0, 400.0, 700.0)]
    specs: list[RunSpec] = []
    for scenario in scenarios:
        for repetition in (1, 2, 3):
            seeded = replace(scenario, seed=7 * len(specs) + 1)
            spec = seeded.spec(f"{len(specs):02d}-{scenario.rate:g}-{repetition}", len(specs))
            specs.append(spec.model_copy(update={"repetition": repetition}))
            write_run(results_dir, seeded, specs[-1])
    overload = replace(base, rate=1000.0, seed=99, pause=(3.0, 0.4))
    specs.append(overload.spec(f"{len(specs):02d}-1000-1", len(specs)))
    write_run(results_dir, overload, specs[-1])
    for repetition in (1, 2):
        flood = replace(
            base, rate=None, goal="saturate", seed=50 + repetition, seconds=5.0, ended="idle"
        )
        spec = flood.spec(f"{len(specs):02d}-max-{repetition}", len(specs), repetition)
        specs.append(spec)
        write_run(results_dir, flood, spec)
    write_model(results_dir / "manifest.json", manifest())
    return specs
