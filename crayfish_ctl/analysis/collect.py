"""From a run's raw files to its `run.json`: join, count, summarise, judge, write, clean up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from crayfish_contract.arrays import RECEIVED_FILE, SENT_FILE
from crayfish_contract.runconfig import RunConfigError, load_run_config
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results.files import RUN_FILE, write_model
from crayfish_ctl.results.happened import Step
from crayfish_ctl.results.inputs import (
    OUT_FOLDER,
    ProducerFact,
    RunInputs,
    StepFact,
    read_inputs,
    read_steps,
)
from crayfish_ctl.results.model import RunResult
from crayfish_ctl.results.numbers import Counts, FailedCalls, Warmed
from crayfish_ctl.results.records import RecordStatus, read_joined, row_files, write_records
from crayfish_ctl.results.verdict import Failure, Verdict, VerdictState

from .bursts import bursts_of
from .calls import call_facts, with_recovery
from .clocks import host_clock, in_one_clock
from .correctness import Reference, correctness_of
from .latency import (
    broker_latency_ms,
    disordered,
    latency_ms,
    published_latency_ms,
    send_latency_ms,
    span_ms,
    stages_ms,
    trend,
    within_hosts,
)
from .nodes import nodes_of
from .percentiles import percentiles
from .producers import producer_shares
from .server import server_facts
from .steady import steady_of
from .throughput import due_rate, own_rate, throughput_of
from .timeline import backlog_of, consumed_times, window_of
from .usage import Usage, components_of, efficiency_of, usage_window
from .verdict import MAX_LAG_P99_MS, Facts, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from crayfish_contract.runconfig import RunConfig
    from crayfish_ctl.cells import Cell, RunSpec
    from crayfish_ctl.results.happened import HostClock
    from crayfish_ctl.results.numbers import Window

    from .server import ServerCount, ServerCounter
    from .usage import OwnCounter

RUN_CONFIG_FILE: Final = "run-config.json"
_GAVE_UP: Final = ("idle", "all")
"""Ends of a consumer that had waited until nothing came any more."""


def collect_run(
    run_dir: Path,
    spec: RunSpec,
    reference: Reference | None = None,
    counter: OwnCounter | None = None,
    server: Mapping[ServerCount, ServerCounter] | None = None,
) -> RunResult:
    """Write `records.parquet` and `run.json` of a run that ended, and remove its row files.

    It may be repeated until it has succeeded: the row files go last.

    Args:
        run_dir: the run's folder, with `out/`, `run-config.json`, `containers.json`, `steps.json`
            and `metrics.parquet`; `faults.json` if there were any.
        spec: the run.
        reference: what the model says about the points (`load_reference`), for the accuracy.
        counter: the processor's own count of records, to hold ours against.
        server: what its model server counts.

    Raises:
        CrayfishError: if a file cannot be read; with exit code HOST if one cannot be written.
    """
    try:
        config = load_run_config(run_dir / RUN_CONFIG_FILE)
    except RunConfigError as error:
        raise CrayfishError(str(error)) from None
    inputs = read_inputs(run_dir)
    records = read_joined(
        run_dir / OUT_FOLDER,
        batch=spec.cell.batch_size,
        missing=(
            RecordStatus.LOST if inputs.consumer.ended in _GAVE_UP else RecordStatus.UNFINISHED
        ),
    )
    clock = host_clock(inputs.containers, inputs.metrics)
    records = in_one_clock(records, clock)
    result = summarise_run(records, inputs, spec, config, reference, counter, server, clock)
    write_records(run_dir, records)
    write_model(run_dir / RUN_FILE, result)
    for name in (SENT_FILE, RECEIVED_FILE):
        for path in row_files(run_dir / OUT_FOLDER / name):
            path.unlink()
    return result


def failed_run(
    run_dir: Path,
    spec: RunSpec,
    component: str,
    message: str,
    *,
    log_tail: Sequence[str] = (),
) -> RunResult:
    """Write the `run.json` of a run that did not end.

    Args:
        run_dir: the run's folder; of what else is in it only `steps.json` is read.
        spec: the run.
        component: the service that failed, or the part of the controller that gave up.
        message: what happened, in a sentence.
        log_tail: the component's last log lines.

    Raises:
        CrayfishError: if it cannot be written.
    """
    failure = Failure(component=component, message=message, log_tail=tuple(log_tail))
    try:
        steps = with_shares(read_steps(run_dir))
    except CrayfishError:  # it is not worth another failure
        steps = ()
    result = RunResult(
        run_id=spec.run_id,
        spec=spec,
        verdict=Verdict(state=VerdictState.FAILED, failure=failure),
        steps=steps,
    )
    write_model(run_dir / RUN_FILE, result)
    return result


def summarise_run(  # noqa: PLR0917
    records: pl.DataFrame,
    inputs: RunInputs,
    spec: RunSpec,
    config: RunConfig,
    reference: Reference | None,
    counter: OwnCounter | None = None,
    server: Mapping[ServerCount, ServerCounter] | None = None,
    clock: HostClock | None = None,
) -> RunResult:
    """The numbers and the verdict of a run that ended; touches no file.

    Args:
        records: of the whole run (`read_joined`), all times by one clock.
        inputs: everything beside the records.
        spec: the run.
        config: what its containers were told.
        reference: what the model says about the points.
        counter: the processor's own count of records.
        server: what its model server counts.
        clock: of the processor's host, if that is another one.

    Raises:
        CrayfishError: if not one measured record was sent.
    """
    measured = records.filter(pl.col("segment") == "measured")
    ok = measured.filter(pl.col("status") == RecordStatus.OK)
    cell = spec.cell
    window = window_of(measured, cell, spec.stop)
    lags = span_ms(measured, "intended_ns", "sent_ns")
    lag = percentiles(lags)
    if window is None or lag is None:
        raise CrayfishError(
            f"{spec.run_id}: the producer sent no measured record",
            hint="see the producer's log in the run's folder",
        )
    usage = Usage(inputs.metrics, _silence_s(cell))
    backlog = backlog_of(measured, cell, window)
    drained = config.workload.warmup.drain and cell.way.broker
    stages = within_hosts(stages_ms(ok), clock)
    own = own_rate(usage, counter, consumed_times(ok), cell, window) if counter else None
    facts = Facts(
        cell=cell,
        window=window,
        counts=count(measured, inputs.consumer.undecodable),
        schedule_lag_ms=lag,
        late_records=int((lags > MAX_LAG_P99_MS).sum()),
        producers=producer_shares(measured, cell),
        throughput=throughput_of(measured, ok, cell, window, backlog, own),
        correctness=correctness_of(ok, config.workload.points, reference, cell),
        components=components_of(usage, inputs, cell, window),
        nodes=nodes_of(usage, *usage_window("processor", cell, window)),
        backlog=backlog,
        steady=steady_of(ok, cell, window),
        consumer_ended=inputs.consumer.ended,
        disordered=disordered(ok, clock),
        host_clock=clock,
        unsettled=unsettled(records, window, inputs.producer.settle_start_ns) if drained else 0,
        warmed=warmed(inputs.producer),
        due_records_per_s=due_rate(measured, cell),
        faults_done=inputs.faults,
        latency_ms=latency_ms(ok),
        calls=call_facts(ok, cell),
        changed_images=tuple(
            name
            for name, fact in sorted(inputs.containers.items())
            if fact.wanted_image_id and fact.image_id != fact.wanted_image_id
        ),
        clock_step_ms=max((inputs.producer.step_ns, inputs.consumer.step_ns), key=abs) / 1e6,
    )
    return RunResult(
        run_id=spec.run_id,
        spec=spec,
        verdict=judge(facts),
        steps=with_shares(inputs.steps),
        window=window,
        consumer_ended=facts.consumer_ended,
        counts=facts.counts,
        latency_ms=facts.latency_ms,
        service_ms=stages.get("score"),
        stages_ms=stages,
        broker_latency_ms=broker_latency_ms(ok),
        published_latency_ms=published_latency_ms(ok),
        host_clock=clock,
        calls=facts.calls,
        server=server_facts(usage, server or {}, ok),
        schedule_lag_ms=lag,
        producers=facts.producers,
        throughput=facts.throughput,
        efficiency=efficiency_of(usage, facts.components, ok, cell, window),
        correctness=facts.correctness,
        components=facts.components,
        nodes=facts.nodes,
        backlog=backlog,
        trend=trend(ok),
        steady=facts.steady,
        warmed=facts.warmed,
        bursts=bursts_of(measured, cell, window),
        send_latency_ms=send_latency_ms(ok),
        faults=with_recovery(inputs.faults, measured, cell),
    )


def _silence_s(cell: Cell) -> float:
    """A job that makes its own records ends with the last of them, a gap before its schedule."""
    return 1 / cell.rate if cell.way.in_job and cell.rate else 0.0


def unsettled(records: pl.DataFrame, window: Window, settle_start_ns: int | None = None) -> int:
    """Warm-up records that came back after the window had begun, or never.

    Args:
        records: of the whole run.
        window: that they should not reach into.
        settle_start_ns: from when on they went at the workload's own rate, as those of the window
            do: some of them are always under way. Unix ns.
    """
    back = pl.col("consumed_ns").is_not_null() & (pl.col("consumed_ns") <= window.start_ns)
    faster = pl.col("intended_ns") < (settle_start_ns or window.start_ns)
    return records.filter((pl.col("segment") == "warmup") & faster & ~back).height


def warmed(producer: ProducerFact) -> Warmed | None:
    """What the producer says of the warm-up; None if it did not come to its end."""
    if producer.warmup_start_ns is None or producer.measured_start_ns is None:
        return None
    return Warmed(
        seconds=(producer.measured_start_ns - producer.warmup_start_ns) / 1e9,
        settle_seconds=producer.settle_seconds,
        settled=producer.settled,
    )


def count(measured: pl.DataFrame, undecodable: int) -> Counts:
    """What became of the measured records."""
    by_status = dict(measured["status"].value_counts().iter_rows())
    numbers = {status: int(by_status.get(status.value, 0)) for status in RecordStatus}
    ok, failed = numbers[RecordStatus.OK], numbers[RecordStatus.FAILED]
    return Counts(
        sent=measured.height,
        delivered=measured.height - numbers[RecordStatus.UNDELIVERED],
        received=ok + failed,
        ok=ok,
        failed=failed,
        failed_calls=_failed_calls(measured),
        lost=numbers[RecordStatus.LOST],
        unfinished=numbers[RecordStatus.UNFINISHED],
        undelivered=numbers[RecordStatus.UNDELIVERED],
        duplicates=int(measured["duplicates"].sum()),
        undecodable=undecodable,
        points=int(measured.filter(pl.col("status") == RecordStatus.OK)["batch"].sum()),
    )


def _failed_calls(measured: pl.DataFrame) -> FailedCalls:
    """Failed calls by their class."""
    named = measured.filter(
        (pl.col("status") == RecordStatus.FAILED) & pl.col("reason").is_not_null()
    )
    return FailedCalls.model_validate(dict(named["reason"].value_counts().iter_rows()))


def with_shares(steps: Sequence[StepFact]) -> tuple[Step, ...]:
    """Steps with their share of the time from the first one's start to the last one's end."""
    if not steps:
        return ()
    total = max(step.ended_ns for step in steps) - min(step.started_ns for step in steps)
    return tuple(
        Step(
            name=step.name,
            started_ns=step.started_ns,
            ended_ns=step.ended_ns,
            seconds=(step.ended_ns - step.started_ns) / 1e9,
            share=(step.ended_ns - step.started_ns) / total if total else 0.0,
        )
        for step in steps
    )
