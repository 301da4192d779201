"""Workloads whose cells are equal: either one too many, or apart only in length or warm-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .expand import first_run, warmup_of

if TYPE_CHECKING:
    from crayfish_ctl.cells import StopRule, Warmup

    from .model import RunSpec
    from .plan import Plan


def tell_apart(plan: Plan) -> tuple[dict[int, str], dict[int, str]]:
    """Compare the cells of all workloads.

    Returns:
        For workloads that differ only in length or warm-up, what sets each apart, by position; and
        for those that are the same as an earlier one, a line that says so.
    """
    groups: dict[str, list[int]] = {}
    runs: dict[int, RunSpec] = {}
    for position, entry in enumerate(plan.sizing.workloads):
        if entry.search is not None:
            continue
        measured = entry.rate == "capacity"
        runs[position] = first_run(plan, position, index=1)
        cell = runs[position].cell.model_dump_json(exclude={"segment"})
        groups.setdefault(f"{measured} {cell}", []).append(position)
    segments: dict[int, str] = {}
    same: dict[int, str] = {}
    for positions in groups.values():
        lengths = {place: (runs[place].stop, _warmup(plan, runs[place])) for place in positions}
        first: dict[str, int] = {}
        for place, (stop, warmup) in lengths.items():
            key = f"{stop.model_dump_json()} {warmup.model_dump_json()}"
            earlier = first.setdefault(key, place)
            if earlier != place:
                same[place] = f"{plan.where(place)}: the same as {plan.where(earlier)} here"
        if len(first) > 1:
            apart = {place: lengths[place] for place in first.values()}
            segments |= _texts(apart)
    return segments, same


def _warmup(plan: Plan, run: RunSpec) -> Warmup:
    """The workload's own; what a cold stack gets before the first run sets no cell apart."""
    entry = plan.sizing.workloads[run.workload]
    return warmup_of(plan, entry, run.cell, cold=False)


def _texts(lengths: dict[int, tuple[StopRule, Warmup]]) -> dict[int, str]:
    """What differs among them, in a few words."""
    stops = len({stop.model_dump_json() for stop, _ in lengths.values()}) > 1
    warmups = len({warmup.model_dump_json() for _, warmup in lengths.values()}) > 1
    return {
        place: " ".join([*([_stop(stop)] if stops else []), *([_after(warmup)] if warmups else [])])
        for place, (stop, warmup) in lengths.items()
    }


def _stop(stop: StopRule) -> str:
    parts = [] if stop.seconds is None else [f"{stop.seconds:g} s"]
    parts += [] if stop.count is None else [f"{stop.count:,} records"]
    return " or ".join(parts)


def _after(warmup: Warmup) -> str:
    return f"after {warmup.seconds:g} s at {warmup.rate:g}/s"
