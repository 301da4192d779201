"""Spark's knobs, with the low-latency defaults of docs/spark.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from crayfish_contract.options import AtLeastOne, KafkaOptions, NotNegative, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping


class SparkOptions(KafkaOptions):
    """`processor.options` of a run config; durations in milliseconds."""

    workers: AtLeastOne = 1
    """Which are there already."""
    mode: Literal["micro-batch", "real-time"] = "micro-batch"
    """`micro-batch`, or `real-time`: tasks that run on and answer record by record (jvm only)."""
    trigger_interval_ms: NotNegative = 0
    """micro-batch: from the start of a batch to the next; 0: as soon as the last one ended."""
    max_offsets_per_trigger: NotNegative = 50_000
    """micro-batch: the most records of one batch; 0: whatever is there."""
    arrow_records: AtLeastOne = 1000
    """python: records that go to a Python worker together."""
    progress_interval_ms: NotNegative = 5000
    """micro-batch: how often progress is written, beside the batches; 0: twice in every batch."""
    polling_delay_ms: NotNegative = 1
    """micro-batch: how long the driver waits before it asks again whether records have come."""
    batch_duration_ms: AtLeastOne = 10_000
    """real-time: how long the tasks of a batch run before progress is written."""
    poll_records: AtLeastOne = 10_000
    """micro-batch: after each poll Spark asks the broker for the topic's range: few is best."""
    fetch_max_wait_ms: NotNegative = 1
    """micro-batch: how long the broker may hold an empty fetch: what Spark asks next stands behind
    it, and Spark polls only for records that are there."""

    @classmethod
    def of(cls, options: Mapping[str, Any], runtime: str) -> SparkOptions:
        """Typed options for this runtime.

        Raises:
            OptionError: naming the option.
        """
        parsed = cls.parse(options)
        if parsed.mode == "real-time" and runtime != "jvm":
            raise OptionError(
                "processor.options.mode: real-time: Spark refuses Python functions in this mode; "
                "choose runtime jvm, or micro-batch"
            )
        return parsed
