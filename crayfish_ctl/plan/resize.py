"""An experiment's workloads with the user's flags in them.

A changed workload is checked anew: what does not fit a flag is left out, and said to be. If nothing
is left, that is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from crayfish_ctl.catalog import WorkloadEntry
from crayfish_ctl.catalog.experiment import SteadyEntry, StopEntry, TraceEntry, WarmupEntry
from crayfish_ctl.catalog.explain import explain
from crayfish_ctl.cells import pipeline_of
from crayfish_ctl.errors import CrayfishError

from .asked import Asked, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crayfish_ctl.catalog import Sizing

    from .choices import Choices


def resize(sizing: Sizing, choices: Choices) -> tuple[Sizing, list[Asked], list[str]]:
    """Repetitions, rates, batch size, durations as the user wants them.

    Returns:
        The sizing, its workloads with their origin, and why others are left out.

    Raises:
        CrayfishError: naming the flag, if nothing fits it.
    """
    asked = _chosen(sizing, choices)
    left_out: list[str] = []
    for flag, change in _changes(choices):
        kept: list[Asked] = []
        why: list[str] = []
        for each in asked:
            try:
                kept.append(Asked(each.number, _changed(each.entry, change(each.entry))))
            except ValueError as error:
                why.append(f"{name_of(each.entry)}: {flag}: {error}")
        if not kept:
            raise CrayfishError(why[0], hint="no workload of the experiment fits this flag")
        asked, left_out = kept, [*left_out, *why]
    asked = [one for each in asked for one in _each_call(each)]
    if any(flag for flag, _ in _changes(choices)):  # what flags have made equal is one workload
        asked = list({each.entry.model_dump_json(): each for each in reversed(asked)}.values())[
            ::-1
        ]
    warmup, first_warmup = sizing.warmup, sizing.first_warmup
    if choices.warmup_seconds is not None:
        warmup, first_warmup = _exactly(choices.warmup_seconds), None
    repetitions = choices.repetitions or sizing.repetitions
    most = choices.max_repetitions or (None if choices.repetitions else sizing.max_repetitions)
    if most is not None and most < repetitions:
        raise CrayfishError(
            f"--max-reps {most}: below the {repetitions} repetitions that are asked for",
            hint="lower --reps, or raise --max-reps",
        )
    resized = sizing.model_copy(
        update={
            "workloads": [each.entry for each in asked],
            "warmup": warmup,
            "first_warmup": first_warmup,
            "repetitions": repetitions,
            "max_repetitions": most,
            "precision": choices.precision or sizing.precision,
        }
    )
    return resized, asked, left_out


def _chosen(sizing: Sizing, choices: Choices) -> list[Asked]:
    """The experiment's workloads, or those that --rate or --trace puts in their place."""
    asked = [Asked(number, entry) for number, entry in enumerate(sizing.workloads, 1)]
    if choices.rates:
        twice = [rate for rate in choices.rates if choices.rates.count(rate) > 1]
        if twice:
            raise CrayfishError(f"--rate {twice[0]}: given twice", hint="--reps repeats a rate")
        # The first of a rate is the experiment's own system; those after it are its baselines.
        known = {each.entry.rate: each for each in reversed(asked)}
        asked = [
            known.get(rate)
            or Asked(
                None, WorkloadEntry(rate=rate, goal="saturate" if rate == "max" else "sustain")
            )
            for rate in choices.rates
        ]
    if choices.trace is not None:
        trace = TraceEntry(
            kind="trace",
            path=choices.trace,
            speed=choices.trace_speed,
            column=choices.trace_column,
            start=choices.trace_start,
            sort=choices.trace_sort,
        )
        asked = [Asked(None, WorkloadEntry(arrivals=trace))]
    elif (choices.trace_speed, choices.trace_column, choices.trace_start, choices.trace_sort) != (
        1.0,
        None,
        "first",
        False,
    ):
        raise CrayfishError(
            "--trace-speed, --trace-column, --trace-start, --trace-sort: only with --trace",
            hint="a workload's own trace has the fields speed, column, start, sort",
        )
    return asked


def _each_call(asked: Asked) -> list[Asked]:
    """A workload for each of its call modes."""
    calls = asked.entry.call
    if len(calls) < 2:  # noqa: PLR2004
        return [asked]
    return [Asked(asked.number, asked.entry.model_copy(update={"call": (call,)})) for call in calls]


def _changes(choices: Choices) -> Sequence[tuple[str, Callable[[WorkloadEntry], dict[str, Any]]]]:
    """What each flag that was given changes in a workload."""
    changes: list[tuple[str, Callable[[WorkloadEntry], dict[str, Any]]]] = []
    if choices.batch_size is not None:
        changes.append((f"--batch {choices.batch_size}", lambda _: _only(choices, "batch_size")))
    if choices.pipeline is not None:
        changes.append((f"--pipeline {choices.pipeline}", lambda _: _only(choices, "pipeline")))
    if choices.kafka_protocol is not None:
        changes.append(
            (
                f"--kafka-protocol {choices.kafka_protocol}",
                lambda entry: (
                    _only(choices, "kafka_protocol") if pipeline_of(entry.pipeline).broker else {}
                ),
            )
        )
    if choices.calls:
        changes.append(("--call", lambda _: {"call": choices.calls}))
    if choices.arrivals is not None:
        changes.append((f"--arrivals {choices.arrivals}", lambda entry: _steady(entry, choices)))
    if choices.seconds is not None or choices.count is not None:
        changes.append(("--seconds, --count", lambda entry: _stop(entry, choices)))
    if choices.warmup_seconds is not None:
        changes.append(("--warmup", lambda _: {"warmup": None}))
    return changes


def _only(choices: Choices, field: str) -> dict[str, Any]:
    return {field: getattr(choices, field)}


def _steady(entry: WorkloadEntry, choices: Choices) -> dict[str, Any]:
    steady = isinstance(entry.arrivals, SteadyEntry) and entry.rate != "max"
    return {"arrivals": {"kind": choices.arrivals}} if steady else {}


def _stop(entry: WorkloadEntry, choices: Choices) -> dict[str, Any]:
    # A saturating workload stops by count; --seconds leaves its count as it is.
    if entry.rate == "max" and choices.count is None:
        return {}
    return {"stop": StopEntry(seconds=choices.seconds, count=choices.count).model_dump()}


def _changed(entry: WorkloadEntry, changes: dict[str, Any]) -> WorkloadEntry:
    """The workload with other values, checked as if they stood in its file.

    Raises:
        ValueError: saying what does not fit.
    """
    content = entry.model_dump() | changes
    try:
        return WorkloadEntry.model_validate(content)
    except ValidationError as error:
        line = explain(error, content, WorkloadEntry)[0]
        raise ValueError(line.removeprefix("the file: ")) from None


def _exactly(seconds: float) -> WarmupEntry:
    """`--warmup` says how long, so nothing else decides."""
    return WarmupEntry(seconds=seconds, settle_seconds=0)
