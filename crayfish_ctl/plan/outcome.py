"""What a run that has ended means for those after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crayfish_ctl import cells


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run that has ended means for those after it."""

    spec: cells.RunSpec
    carried: bool | None
    """None: the harness failed, or the run did, so nothing is known: it is no repetition."""
    value: float | None = None
    """Of a run that was carried: the key metric of its cell."""
    capacity: float | None = None
    """Whatever the verdict, because it only chooses a load: what the pipeline carries while
    everything shares the machine, records/s."""
    held: bool = False
    """Of a search's run: whether the rate held its objective."""
