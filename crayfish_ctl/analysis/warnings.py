"""What a reader should know of a cell as a whole: do its runs agree, and are there enough?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .metrics import METRICS, key_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.cells import Cell

    from .estimate import Estimate

MAX_VARIATION: Final = 0.1


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
        _varies(key.called, METRICS[metric].unit, estimates[metric])
        for metric in key_metrics(cell.goal)
        if (key := METRICS[metric].key)
        and key.called
        and metric in estimates
        and (estimates[metric].cv or 0) > MAX_VARIATION
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


def _varies(name: str, unit: str, found: Estimate) -> str:
    values = f"{min(found.values):,.4g} to {max(found.values):,.4g} {unit}"
    return (
        f"{name} varies by {found.cv or 0:.0%} between {found.n} runs ({values}; coefficient of "
        f"variation, at most {MAX_VARIATION:.0%} would be quiet): repeat more often, run longer, "
        "or keep the host quiet"
    )
