"""A workload as it was asked for, before anything is planned of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crayfish_ctl.catalog import WorkloadEntry


@dataclass(frozen=True)
class Asked:
    """A workload, and which one of the experiment it was, from 1; None: a flag made it."""

    number: int | None
    entry: WorkloadEntry


def name_of(entry: WorkloadEntry) -> str:
    """A workload as its file has it, in a few words."""
    rate = entry.rate if isinstance(entry.rate, str | None) else f"{entry.rate:.9g}/s"
    words = [entry.title or rate or "trace", entry.pipeline]
    if entry.batch_size != 1:
        words.append(f"batch {entry.batch_size}")
    words += [word for word in (entry.processor, entry.runtime, entry.tool) if word]
    if entry.parallelism is not None:
        words.append(f"parallelism {entry.parallelism}")
    return " ".join(words)
