"""One run's life: start, wait until its consumer has ended, collect what it left, stop it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crayfish_ctl.analysis import Reference, collect_run, failed_run
from crayfish_ctl.catalog.labels import EXITS, LIFETIME, ROLE
from crayfish_ctl.errors import CrayfishError, ExitCode
from crayfish_ctl.results import write_text
from crayfish_ctl.results.inputs import FAULTS_FILE, STEPS_FILE
from crayfish_ctl.targets import UNSEEN_EXIT

from .evidence import (
    collect_metrics,
    did_its_work,
    jvm_flags,
    log_tail,
    open_prometheus,
    service_steps,
    write_containers,
)
from .failure import RunFailure
from .faults import FaultInjector
from .journal import Steps
from .status import StatusWatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crayfish_contract.runconfig import RunConfig
    from crayfish_ctl.catalog.model import Counter, ServerCount, ServerCounter
    from crayfish_ctl.plan import RunSpec
    from crayfish_ctl.results import RunResult
    from crayfish_ctl.targets import Events, Rendered, Target, Task

    from .files import RunFiles
    from .journal import Journal
    from .live import LiveView

_POLL_S = 0.5
_FAULT_POLL_S = 0.05
_SLACK_S = 120.0
"""On top of every deadline that the services keep themselves: then the run is given up."""
_KILLED_THE_MEASURE = (
    "was killed by the workload's own fault, and nothing measures the run without it: "
    "let the fault hit the processor or the broker"
)


@dataclass(frozen=True)
class RunContext:
    """What every run of an experiment has in common."""

    target: Target
    journal: Journal
    live: LiveView
    reference: Reference | None
    """What the model says about the points."""


@dataclass(frozen=True)
class Counted:
    """Counters of what is measured, to hold our figures against."""

    processor: Counter | None = None
    server: Mapping[ServerCount, ServerCounter] = field(default_factory=dict)


def execute(
    spec: RunSpec, files: RunFiles, context: RunContext, counted: Counted | None = None
) -> RunResult:
    """Run `spec` to its end; whatever goes wrong with it makes it FAILED, and the next one goes on.

    Args:
        spec: the run.
        files: its folder and what was prepared in it.
        context: of the experiment.
        counted: what processor and model server count by themselves.

    Raises:
        CrayfishError: if the engine or the disk fails, which no further run would survive.
    """
    target, journal = context.target, context.journal
    steps = Steps(journal, spec.run_id)
    journal.write("run-started", run_id=spec.run_id)
    started_ns = time.time_ns()
    failure: RunFailure | None = None
    with target.events() as events:
        with steps.step("start containers"):
            if not spec.cell.way.processor:  # the loop begins at once, and waits for nobody
                _start_telemetry(files, target)
            target.up(files.rendered)
        tasks = target.tasks()
        faults = FaultInjector(
            spec.cell.faults, target, {task.service: task for task in reversed(tasks)}
        )
        try:
            _await_end(files, tasks, context, events, faults)
        except RunFailure as caught:
            failure = caught
        finally:
            faults.end()
        ended_ns = time.time_ns()
        with steps.step("collect metrics"):
            names = {task.id: task.name for task in tasks}
            missing = collect_metrics(files, target, names, started_ns, ended_ns)
            if missing:
                journal.write("no-metrics", run_id=spec.run_id, why=missing)
        flags = jvm_flags(target)
        with steps.step("stop job"):
            target.stop(files.rendered, _still_to_stop(files.rendered, target))
            target.gather(files.rendered)
    with steps.step("logs"):
        write_containers(files, target, flags, started_ns)
    service_steps(steps, files.folder, started_ns)
    write_text(files.folder / STEPS_FILE, json.dumps(steps.in_order(), indent=1))
    if faults.done:
        facts = [fact.model_dump(mode="json") for fact in faults.done]
        write_text(files.folder / FAULTS_FILE, json.dumps(facts, indent=1))
    result = _result(spec, files, context, counted or Counted(), failure)
    journal.write("run-ended", run_id=spec.run_id, verdict=result.verdict.state)
    return result


def _result(
    spec: RunSpec,
    files: RunFiles,
    context: RunContext,
    counted: Counted,
    failure: RunFailure | None,
) -> RunResult:
    if failure is None:
        try:
            return collect_run(
                files.folder, spec, context.reference, counted.processor, counted.server
            )
        except CrayfishError as error:
            if error.exit_code is ExitCode.HOST:
                raise
            failure = RunFailure("results", error.message)
    return failed_run(
        files.folder, spec, failure.component, failure.message, log_tail=failure.log_tail
    )


def _start_telemetry(files: RunFiles, target: Target) -> None:
    """Containers' CPU times are being read before there is anything to read."""
    target.up(files.rendered, files.rendered.labelled(ROLE, "monitor"))
    # One that has died again is a failure of the run, and found by what waits for the run's end.
    with suppress(CrayfishError), open_prometheus(target, files.rendered) as prometheus:
        prometheus.await_cpu_times(0.0, files.config.deadlines.ready)


def _await_end(
    files: RunFiles,
    tasks: Sequence[Task],
    context: RunContext,
    events: Events,
    faults: FaultInjector,
) -> None:
    """Wait for the consumer's and the producer's orderly end.

    Raises:
        RunFailure: if another container ends, or one of them with an error, or never.
    """
    may_exit = set(files.rendered.labelled(EXITS, "true"))
    by_id = {task.id: task for task in tasks}
    waiting = {task.id: task.name for task in tasks if task.service in may_exit}
    roles = files.rendered.roles(files.config.pipeline)
    # What ended before the event stream knew its id.
    ended = [(task, task.exit_code) for task in tasks if not task.running]
    end = time.monotonic() + _longest_seconds(files.config)
    try:
        prometheus = open_prometheus(context.target, files.rendered)
    except CrayfishError as error:
        raise RunFailure("monitor", error.message) from None
    with prometheus, StatusWatch(prometheus) as status:
        while waiting:
            for task, code in ended:
                well = _ended_well(code, roles.get(task.service), files, context.target)
                if not well or task.service not in may_exit:
                    raise _died(task, code, context.target)
                waiting.pop(task.id, None)
            ended = []
            event = events.next(_FAULT_POLL_S if faults.faults else _POLL_S)
            if event is not None and event.task_id in by_id:
                task, on_purpose = by_id[event.task_id], faults.expected(event.task_id)
                if on_purpose and task.service in may_exit:
                    raise RunFailure(task.name, _KILLED_THE_MEASURE)
                if not on_purpose:
                    ended.append((task, event.exit_code))
            context.live.update(status.now)
            if status.now.measured_start_s is not None:
                faults.begin(status.now.measured_start_s)
            faults.advance()
            if time.monotonic() > end:
                late = ", ".join(sorted(waiting.values()))
                raise RunFailure(late, "did not end within all deadlines together")


def _ended_well(code: int, role: str | None, files: RunFiles, target: Target) -> bool:
    """By its exit code, or, where nobody saw that, by what it left."""
    if code != UNSEEN_EXIT:
        return code == 0
    target.gather(files.rendered)
    return did_its_work(files.folder, role)


def _longest_seconds(config: RunConfig) -> float:
    """All deadlines that the services keep themselves, and some."""
    deadlines, workload = config.deadlines, config.workload
    return (
        deadlines.ready
        + workload.warmup.longest_seconds
        + (workload.stop.seconds or 0)
        + _count_seconds(config)
        + 2 * deadlines.drain_total  # the warm-up may have to drain as well
        + _SLACK_S
    )


def _count_seconds(config: RunConfig) -> float:
    """How long a count may take at the schedule's rate (at 100 records/s if it has none)."""
    stop, arrivals = config.workload.stop, config.workload.arrivals
    rate = 100.0 if arrivals.kind == "max" else arrivals.rate
    return 0.0 if stop.seconds or not stop.count else stop.count / rate


def _died(task: Task, code: int, target: Target) -> RunFailure:
    oom = any(now.id == task.id and now.oom_killed for now in target.tasks())
    what = "was killed: out of memory" if oom else f"ended with exit code {code}"
    where = f" (on node {task.node})" if task.node else ""
    if task.node and code == 0:  # it was told to end, and not by us
        where += ": a swarm stops what is on a node that it does not hear from: was its link cut?"
    return RunFailure(task.name, what + where, tuple(log_tail(target, task.id)))


def _still_to_stop(rendered: Rendered, target: Target) -> list[str]:
    """Services of this run that are still there; the stack and the experiment stay."""
    of_run = set(rendered.labelled(LIFETIME, "run"))
    running = [task.service for task in target.tasks() if task.running]
    return [service for service in dict.fromkeys(running) if service in of_run]
