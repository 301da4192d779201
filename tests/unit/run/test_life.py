"""The parts of a run's life that need no engine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_ctl.run import Journal, life
from crayfish_ctl.run.faults import FaultInjector
from crayfish_ctl.run.journal import Steps
from crayfish_ctl.run.life import RunFailure, RunFiles
from crayfish_ctl.run.watch import Ended
from crayfish_ctl.stack import Rendered, ServiceContainer
from crayfish_ctl.telemetry import Prometheus

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig
    from crayfish_ctl.run.live import LiveView
    from crayfish_ctl.run.watch import ContainerEvents
    from crayfish_ctl.stack import ComposeTarget

ROOT = Path(__file__).parents[3]


def config(**flags: Any) -> RunConfig:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", **flags))
    return run_config(plan, plan.runs[0], Points("random", 10))


def container(service: str, **changes: Any) -> ServiceContainer:
    facts = {
        "id": f"id-{service}",
        "running": True,
        "exit_code": 0,
        "oom_killed": False,
        "restarts": 0,
        "image": "crayfish/x:latest",
        "image_id": "sha256:1",
        "cpus": 1.0,
        "memory_bytes": 2**30,
    }
    return ServiceContainer(service=service, **{**facts, **changes})


class Engine:
    """A target, its events and what is shown, all in one."""

    def __init__(self, *containers: ServiceContainer) -> None:
        self.now = list(containers)
        self.queue: list[Ended] = []
        self.shown = 0

    def containers(self) -> list[ServiceContainer]:
        return self.now

    def published_port(self, service: str, port: int) -> int:
        assert (service, port) == ("prometheus", 9090)
        return 1

    def log_tail(self, container_id: str) -> list[str]:
        return [f"last words of {container_id}"]

    def write_log(self, container_id: str, path: Path, since_ns: int) -> None:
        path.write_text(f"{container_id} since {since_ns}")

    def next(self, timeout_s: float) -> Ended | None:
        return self.queue.pop(0) if self.queue else None

    def update(self, prometheus: object) -> str:
        self.shown += 1
        return "warmup"

    def ends(self, service: str, code: int) -> None:
        self.queue.append(Ended(f"id-{service}", service, code))


def wait(engine: Engine, folder: Path = Path()) -> None:
    labels = {"crayfish.exits": "true", "crayfish.lifetime": "run"}
    services = {
        "producer": {"labels": labels},
        "consumer": {"labels": labels},
        "kafka": {"labels": {"crayfish.lifetime": "experiment"}},
    }
    life._await_end(
        RunFiles(folder, Rendered(Path("compose.yaml"), services), config()),
        {found.service: found for found in engine.now},
        cast("ComposeTarget", engine),
        cast("ContainerEvents", engine),
        cast("LiveView", engine),
        FaultInjector((), cast("ComposeTarget", engine), {}),
    )


@pytest.fixture
def engine() -> Engine:
    return Engine(container("producer"), container("consumer"), container("kafka"))


def test_a_run_ends_when_both_ends_have_ended(engine: Engine) -> None:
    engine.ends("producer", 0)
    engine.ends("consumer", 0)
    wait(engine)
    assert engine.queue == []
    assert engine.shown > 0


def test_what_ended_before_anybody_watched_counts() -> None:
    engine = Engine(container("producer", running=False), container("consumer"), container("kafka"))
    engine.ends("consumer", 0)
    wait(engine)
    assert engine.queue == []


def test_containers_of_others_do_not_count(engine: Engine) -> None:
    engine.queue.append(Ended("id-perf", "", 1))
    engine.queue.append(Ended("id-of-the-run-before", "producer", 1))
    engine.ends("producer", 0)
    engine.ends("consumer", 0)
    wait(engine)
    assert engine.queue == []


@pytest.mark.parametrize(("service", "code"), [("producer", 2), ("kafka", 1), ("kafka", 0)])
def test_a_component_that_dies_ends_the_run_with_its_last_words(
    engine: Engine, service: str, code: int
) -> None:
    engine.ends(service, code)
    with pytest.raises(RunFailure) as caught:
        wait(engine)
    assert caught.value == RunFailure(
        service, f"ended with exit code {code}", (f"last words of id-{service}",)
    )


@pytest.mark.parametrize(
    ("code", "said", "well"),
    [
        (255, '{"ended": "all"}', True),
        (255, '{"ended": "silence"}', False),
        (255, None, False),
        (1, '{"ended": "all"}', False),
    ],
)
def test_an_end_that_the_engine_missed_is_what_the_service_says(
    engine: Engine, tmp_path: Path, code: int, said: str | None, well: bool
) -> None:
    (tmp_path / "out").mkdir()
    if said is not None:
        (tmp_path / "out" / "consumer.json").write_text(said)
    engine.ends("producer", 0)
    engine.ends("consumer", code)
    if well:
        wait(engine, tmp_path)
    else:
        with pytest.raises(RunFailure, match="consumer"):
            wait(engine, tmp_path)


def test_a_component_without_memory_is_said_so(engine: Engine) -> None:
    engine.now[2] = container("kafka", running=False, oom_killed=True, exit_code=137)
    with pytest.raises(RunFailure, match="kafka") as caught:
        wait(engine)
    assert caught.value.message == "was killed: out of memory"


def test_a_run_that_never_ends_is_given_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.ends("producer", 0)
    times = iter([0.0, 1.0, 1e6])
    monkeypatch.setattr(time, "monotonic", lambda: next(times, 1e6))
    with pytest.raises(RunFailure) as caught:
        wait(engine)
    assert (caught.value.component, caught.value.message) == (
        "consumer",
        "did not end within all deadlines together",
    )


def test_a_bare_scorer_begins_when_it_is_watched(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Prometheus, "await_cpu_times", lambda *_: done.append("scraped"))
    monkeypatch.setattr(Engine, "up", lambda *started: done.extend(started[2]), raising=False)
    rendered = Rendered(Path("compose.yaml"), {})
    life._start_telemetry(RunFiles(Path(), rendered, config()), cast("ComposeTarget", engine))
    assert done == ["prometheus", "cgroup-exporter", "scraped"]


@pytest.mark.parametrize(
    ("flags", "seconds"),
    [
        ({"rates": (50.0,), "count": 200}, 4.0),
        ({"rates": (50.0,), "count": 200, "seconds": 3.0}, 0.0),
        ({"rates": ("max",), "count": 200}, 2.0),
    ],
)
def test_a_count_is_given_the_time_that_it_takes(flags: dict[str, Any], seconds: float) -> None:
    assert life._count_seconds(config(**flags)) == seconds


def test_only_what_belongs_to_the_run_and_still_runs_is_stopped(engine: Engine) -> None:
    engine.now.append(container("flink-driver", running=False))
    run = {"labels": {"crayfish.lifetime": "run"}}
    rendered = Rendered(Path(), {"producer": run, "flink-driver": run, "kafka": {}})
    assert life._still_to_stop(rendered, cast("ComposeTarget", engine)) == ["producer"]


def test_every_container_leaves_its_facts_and_its_log(tmp_path: Path) -> None:
    engine = Engine(container("kafka"), container("producer", running=False, exit_code=3))
    life._write_containers(tmp_path, cast("ComposeTarget", engine), 42)
    facts = json.loads((tmp_path / "containers.json").read_text())
    assert (facts["kafka"]["exit_code"], facts["producer"]["exit_code"]) == (None, 3)
    assert facts["kafka"]["cpus"] == 1.0
    assert (tmp_path / "logs/producer.log").read_text() == "id-producer since 42"


def test_a_full_disk_under_the_logs_is_an_error_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Engine, "write_log", full)
    with pytest.raises(CrayfishError, match="No space left on device") as caught:
        life._write_containers(tmp_path, cast("ComposeTarget", Engine(container("kafka"))), 42)
    assert caught.value.exit_code is ExitCode.HOST


def service_steps(folder: Path) -> list[dict[str, Any]]:
    journal = Journal(folder / "journal.jsonl")
    steps = Steps(journal, "01")
    life._service_steps(steps, folder, 1)
    journal.close()
    return steps.in_order()


def test_the_services_own_steps_are_read_from_what_they_wrote(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    times = {"ready_ns": 10, "measured_start_ns": 20, "measured_end_ns": 30}
    (out / "producer.json").write_text(json.dumps(times))
    (out / "consumer.json").write_text('{"finished_ns": 35, "ready_ns": 99}')
    assert service_steps(tmp_path) == [
        {"name": "ready", "started_ns": 1, "ended_ns": 10},
        {"name": "warm up", "started_ns": 10, "ended_ns": 20},
        {"name": "measure", "started_ns": 20, "ended_ns": 30},
        {"name": "drain", "started_ns": 30, "ended_ns": 35},
    ]


def test_a_producer_that_was_killed_wrote_less(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "producer.json").write_text('{"ready_ns": 10, "measu')
    (out / "consumer.json").write_text('{"finished_ns": 35}')
    assert service_steps(tmp_path) == []
    (out / "producer.json").write_text('{"ready_ns": 10, "measured_start_ns": null}')
    assert [step["name"] for step in service_steps(tmp_path)] == ["ready"]
