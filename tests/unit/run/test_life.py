"""The parts of a run's life that need no engine."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.cells import Fault
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_ctl.run import life
from crayfish_ctl.run.failure import RunFailure
from crayfish_ctl.run.faults import FaultInjector
from crayfish_ctl.run.files import RunFiles
from crayfish_ctl.run.life import RunContext
from crayfish_ctl.targets import Ended, MemoryTarget, Rendered, made_task
from crayfish_ctl.telemetry import Prometheus

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig
    from crayfish_ctl.run.journal import Journal
    from crayfish_ctl.run.live import LiveView

ROOT = Path(__file__).parents[3]
TELEMETRY: dict[str, dict[str, Any]] = {
    "prometheus": {"labels": {"crayfish.role": "monitor"}, "ports": [{"target": 9090}]},
    "cgroup-exporter": {"labels": {"crayfish.role": "monitor"}},
}


def config(**flags: Any) -> RunConfig:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", **flags))
    return run_config(plan, plan.runs[0], Points("random", 10))


class Shown:
    """The journal and the view of a run: they only count."""

    def __init__(self) -> None:
        self.times = 0

    def update(self, _: object) -> None:
        self.times += 1


def context_of(target: MemoryTarget, shown: Shown | None = None) -> RunContext:
    shown = shown or Shown()
    return RunContext(target, cast("Journal", shown), cast("LiveView", shown), None)


def wait(
    target: MemoryTarget,
    folder: Path = Path(),
    faults: FaultInjector | None = None,
    shown: Shown | None = None,
) -> None:
    both = {"crayfish.exits": "true", "crayfish.lifetime": "run"}
    services = {
        "producer": {"labels": {**both, "crayfish.role": "producer"}},
        "consumer": {"labels": {**both, "crayfish.role": "consumer"}},
        "kafka": {"labels": {"crayfish.lifetime": "stack", "crayfish.role": "broker"}},
        **TELEMETRY,
    }
    life._await_end(
        RunFiles(folder, Rendered(Path("compose.yaml"), services), config()),
        target.tasks(),
        context_of(target, shown),
        target.events(),
        faults or FaultInjector((), target, {}),
    )


@pytest.fixture
def engine() -> MemoryTarget:
    return MemoryTarget(*map(made_task, ("producer", "consumer", "kafka", "prometheus")))


def test_a_run_ends_when_both_ends_have_ended(engine: MemoryTarget) -> None:
    engine.ends("producer", 0)
    engine.ends("consumer", 0)
    shown = Shown()
    wait(engine, shown=shown)
    assert not engine.queue
    assert shown.times > 0


def test_what_ended_before_anybody_watched_counts() -> None:
    ended = made_task("producer", running=False)
    engine = MemoryTarget(ended, *map(made_task, ("consumer", "kafka", "prometheus")))
    engine.ends("consumer", 0)
    wait(engine)
    assert not engine.queue


def test_containers_of_others_do_not_count(engine: MemoryTarget) -> None:
    engine.queue.append(Ended("id-perf", "", 1))
    engine.queue.append(Ended("id-of-the-run-before", "producer", 1))
    engine.ends("producer", 0)
    engine.ends("consumer", 0)
    wait(engine)
    assert not engine.queue


@pytest.mark.parametrize(("service", "code"), [("producer", 2), ("kafka", 1), ("kafka", 0)])
def test_a_component_that_dies_ends_the_run_with_its_last_words(
    engine: MemoryTarget, service: str, code: int
) -> None:
    engine.ends(service, code)
    engine.logs[f"id-{service}"] = f"last words of id-{service}\n".encode()
    with pytest.raises(RunFailure) as caught:
        wait(engine)
    failure = caught.value
    assert (failure.component, failure.message, failure.log_tail) == (
        service, f"ended with exit code {code}", (f"last words of id-{service}",)
    )  # fmt: skip


def killed(engine: MemoryTarget, service: str) -> FaultInjector:
    fault = Fault(at_seconds=0, service=service, action="kill", seconds=60)
    faults = FaultInjector((fault,), engine, {task.service: task for task in engine.tasks()})
    faults.begin(time.time())
    faults.advance()
    return faults


def test_a_death_on_purpose_is_forgiven_and_the_next_one_of_the_same_container_is_not(
    engine: MemoryTarget,
) -> None:
    faults = killed(engine, "kafka")
    engine.ends("kafka", 137)
    engine.ends("kafka", 1)
    with pytest.raises(RunFailure, match="kafka") as caught:
        wait(engine, faults=faults)
    assert caught.value.message == "ended with exit code 1"


@pytest.mark.parametrize("service", ["producer", "consumer"])
def test_who_measures_cannot_be_killed_on_purpose(engine: MemoryTarget, service: str) -> None:
    faults = killed(engine, service)
    engine.ends(service, 137)
    with pytest.raises(RunFailure, match=service) as caught:
        wait(engine, faults=faults)
    assert "by the workload's own fault" in caught.value.message


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
    engine: MemoryTarget, tmp_path: Path, code: int, said: str | None, well: bool
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


def test_a_component_without_memory_is_said_so(engine: MemoryTarget) -> None:
    dead = made_task("kafka", running=False, oom_killed=True, exit_code=137)
    engine.now[dead.id] = dead
    with pytest.raises(RunFailure, match="kafka") as caught:
        wait(engine)
    assert caught.value.message == "was killed: out of memory"


def test_a_run_that_never_ends_is_given_up(
    engine: MemoryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    engine: MemoryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Prometheus, "await_cpu_times", lambda *_: done.append("scraped"))
    monkeypatch.setattr(MemoryTarget, "up", lambda *started: done.extend(started[2]))
    services = {**TELEMETRY, "scorer": {"labels": {"crayfish.role": "processor"}}}
    rendered = Rendered(Path("compose.yaml"), services)
    life._start_telemetry(RunFiles(Path(), rendered, config()), engine)
    assert done == ["prometheus", "cgroup-exporter", "scraped"]


def test_a_bare_scorer_without_telemetry_still_begins(
    engine: MemoryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the wait for its end says what is missing, of this run and not of the experiment."""

    def missing(*_: object) -> tuple[str, int]:
        raise CrayfishError("prometheus: port 9090 is not published", code=ExitCode.HOST)

    monkeypatch.setattr(MemoryTarget, "address", missing)
    services = {**TELEMETRY, "scorer": {"labels": {"crayfish.role": "processor"}}}
    rendered = Rendered(Path("compose.yaml"), services)
    life._start_telemetry(RunFiles(Path(), rendered, config()), engine)
    with pytest.raises(RunFailure, match="prometheus"):
        wait(engine)


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


def test_only_what_belongs_to_the_run_and_still_runs_is_stopped(engine: MemoryTarget) -> None:
    gone = made_task("flink-driver", running=False)
    engine.now[gone.id] = gone
    run = {"labels": {"crayfish.lifetime": "run"}}
    rendered = Rendered(Path(), {"producer": run, "flink-driver": run, "kafka": {}})
    assert life._still_to_stop(rendered, engine) == ["producer"]


def test_a_result_that_cannot_be_made_costs_the_run_and_not_the_experiment(
    engine: MemoryTarget, tmp_path: Path
) -> None:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate"))
    files = RunFiles(tmp_path, Rendered(tmp_path, {}), config())
    (tmp_path / "steps.json").write_text("[{")
    (tmp_path / "run-config.json").write_text(config().model_dump_json())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "consumer.json").write_text("{")
    context = context_of(engine)
    result = life._result(plan.runs[0], files, context, life.Counted(), None)
    assert result.verdict.state.value == "FAILED"
    assert result.verdict.failure is not None
    assert result.verdict.failure.component == "results"
    assert "consumer.json" in result.verdict.failure.message


def test_a_failure_passes_through_what_surrounds_it() -> None:
    """A frozen exception cannot: Python notes on it where it has been."""
    with pytest.raises(RunFailure, match="kafka"), suppress(ValueError), ExitStack():
        raise RunFailure("kafka", "ended with exit code 1")
