"""What a reader should know of a cell as a whole: do its runs agree, and are there enough?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.cells import Cell

    from .repetition import Estimate

MAX_VARIATION: Final = 0.1

_JUDGED: Final = {
    "latency_p50_ms": ("p50 latency", "ms"),
    "latency_p99_ms": ("p99 latency", "ms"),
    "capacity_records_per_s": ("capacity", "records/s"),
}


def judged_metrics(cell: Cell) -> tuple[str, ...]:
    """The metrics whose variation between runs is worth a warning: what the cell is run for."""
    if cell.aim.floods:
        return ("capacity_records_per_s",)
    return ("latency_p50_ms", "latency_p99_ms")


def warnings_of(
    cell: Cell, valid: int, asked: int, estimates: Mapping[str, Estimate], not_carried: int = 0
) -> tuple[str, ...]:
    """Each in a sentence, with figures and with what to do.

    Args:
        cell: what was run.
        valid: its VALID runs.
        asked: how many repetitions were asked for.
        estimates: over the VALID runs.
        not_carried: its runs that are INVALID by what the system did.
    """
    found = [
        _varies(metric, estimates[metric])
        for metric in judged_metrics(cell)
        if metric in estimates and (estimates[metric].cv or 0) > MAX_VARIATION
    ]
    if not_carried:
        found.append(
            f"not sustained: the system did not carry {not_carried} of {not_carried + valid} runs "
            "in which the measuring went well, and the others do not make up for it"
        )
    if valid + not_carried < asked:
        found.append(
            f"{valid} of {asked} runs are VALID: see why the others are not, mend it, and run "
            "them again"
        )
    return tuple(found)


def _varies(metric: str, found: Estimate) -> str:
    name, unit = _JUDGED[metric]
    values = f"{min(found.values):,.4g} to {max(found.values):,.4g} {unit}"
    return (
        f"{name} varies by {found.cv or 0:.0%} between {found.n} runs ({values}; coefficient of "
        f"variation, at most {MAX_VARIATION:.0%} would be quiet): repeat more often, run longer, "
        "or keep the host quiet"
    )
