"""Flink's knobs, with the low-latency defaults of docs/flink.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from crayfish_contract.options import AtLeastOne, KafkaOptions, NotNegative, OptionError

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig


class FlinkOptions(KafkaOptions):
    """`processor.options` of a run config; durations in milliseconds."""

    workers: AtLeastOne = 1
    """TaskManagers, which are there already."""
    execution_mode: Literal["thread", "process"] = "thread"
    """`thread`: Python inside the TaskManager's JVM; `process`: a Python process behind gRPC."""
    bundle_size: NotNegative = 1000
    """process mode: records that Flink may gather before it hands them to Python."""
    bundle_time_ms: NotNegative = 1
    """process mode: how long it may gather (Flink's default of 1000 is a second of latency)."""
    buffer_timeout_ms: NotNegative = 1
    """Between unchained operators: how long a network buffer may fill (Flink's default: 100)."""
    progress_interval_ms: Annotated[int, Field(ge=10)] = 5000
    """Between two checkpoints. Flink knows none below 10 ms, and 0 would not switch them off."""


def check_call(config: RunConfig, options: FlinkOptions) -> None:
    """Refuse a call mode that Flink has no operator for.

    Raises:
        OptionError: saying what there is.
    """
    if config.processor.runtime != "python":
        return
    if config.call.mode == "async" and options.execution_mode == "thread":
        raise OptionError(
            "processor.options.execution_mode: thread: PyFlink has asynchronous functions in "
            "process mode only; choose process"
        )
    if config.call.mode == "batched":
        raise OptionError("call.mode: batched: PyFlink's functions get one record at a time")
