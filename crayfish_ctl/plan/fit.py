"""An experiment was written for one processor; a flag chose another: which workloads still fit?

Those that ask for what the chosen one does not have are left out, and said to be. What a flag
itself asks for is never left out: that is an error (`plan/checks.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .asked import name_of
from .choices import parse_parallelism

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crayfish_ctl.catalog import Processor, WorkloadEntry
    from crayfish_ctl.catalog.model import Runtime

    from .asked import Asked


def fitting(
    asked: Sequence[Asked], processor: Processor, runtime: Runtime
) -> tuple[list[Asked], list[str]]:
    """Workloads that the processor has all for, and for each other one why it is left out."""
    kept, left_out = [], []
    for each in asked:
        entry = each.entry
        reason = None if entry.processor else _misfit(entry, processor, runtime)
        if reason is None:
            kept.append(each)
        else:
            left_out.append(f"{name_of(entry)}: {reason}")
    return kept, left_out


def _misfit(entry: WorkloadEntry, processor: Processor, runtime: Runtime) -> str | None:
    unknown = [name for name in entry.processor_options if name not in processor.options]
    if unknown:
        return f"{processor.name} has no option {', '.join(unknown)}"
    if (entry.runtime or runtime) not in processor.pipelines.get(entry.pipeline, []):
        return f"{processor.name} has no pipeline {entry.pipeline} in runtime {runtime}"
    parts = parse_parallelism(str(entry.parallelism or 1))
    return processor.why_fused(parts, chained=entry.chained is not False)
