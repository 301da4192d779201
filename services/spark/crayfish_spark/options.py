"""Spark's knobs, with the low-latency defaults of docs/spark.md."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MODES = ("micro-batch", "real-time")


class OptionError(ValueError):
    """An option of the run config that Spark does not know, or of a wrong type or value."""


@dataclass(frozen=True)
class SparkOptions:
    """`processor.options` of a run config; durations in milliseconds."""

    mode: str = "micro-batch"
    """`micro-batch`, or `real-time`: tasks that run on and answer record by record (jvm only)."""
    trigger_interval_ms: int = 0
    """micro-batch: from the start of a batch to the next; 0: as soon as the last one ended."""
    max_offsets_per_trigger: int = 50_000
    """micro-batch: the most records of one batch; 0: whatever is there."""
    arrow_records: int = 1000
    """python: records that go to a Python worker together."""
    checkpoint_interval_ms: int = 1000
    """micro-batch: how often progress is written, beside the batches; 0: twice in every batch."""
    polling_delay_ms: int = 1
    """micro-batch: how long the driver waits before it asks again whether records have come."""
    batch_duration_ms: int = 10_000
    """real-time: how long the tasks of a batch run before progress is written."""
    fetch_max_wait_ms: int = 1
    """micro-batch: how long the broker may hold an empty fetch: what Spark asks next stands behind
    it, and Spark polls only for records that are there."""
    sink_linger_ms: int = 0


def parse_options(options: Mapping[str, Any], runtime: str) -> SparkOptions:
    """Typed options, or an error that lists what there is.

    Raises:
        OptionError: naming the option.
    """
    known = {field.name: field for field in fields(SparkOptions)}
    for name, value in options.items():
        if name not in known:
            raise OptionError(
                f"processor.options.{name}: unknown; spark knows {', '.join(sorted(known))}"
            )
        wanted = type(known[name].default)
        if type(value) is not wanted or (isinstance(value, int) and value < 0):
            raise OptionError(
                f"processor.options.{name}: {value!r} is not a usable {wanted.__name__}"
            )
    parsed = SparkOptions(**options)
    if parsed.mode not in MODES:
        raise OptionError(f"processor.options.mode: {parsed.mode!r} is not {' or '.join(MODES)}")
    if parsed.mode == "real-time" and runtime != "jvm":
        raise OptionError(
            "processor.options.mode: real-time: Spark refuses Python functions in this mode; "
            "choose runtime jvm, or micro-batch"
        )
    for name in ("arrow_records", "batch_duration_ms"):
        if getattr(parsed, name) == 0:
            raise OptionError(f"processor.options.{name}: 0 is too few")
    return parsed
