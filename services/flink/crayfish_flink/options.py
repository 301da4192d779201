"""Flink's knobs, with the low-latency defaults of docs/flink.md."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class OptionError(ValueError):
    """An option of the run config that Flink does not know, or of a wrong type or value."""


@dataclass(frozen=True)
class FlinkOptions:
    """`processor.options` of a run config; durations in milliseconds."""

    execution_mode: str = "thread"
    """`thread`: Python inside the TaskManager's JVM; `process`: a Python process behind gRPC."""
    bundle_size: int = 1000
    """process mode: records that Flink may gather before it hands them to Python."""
    bundle_time_ms: int = 1
    """process mode: how long it may gather (Flink's default of 1000 is a second of latency)."""
    buffer_timeout_ms: int = 1
    """Between unchained operators: how long a network buffer may fill (Flink's default: 100)."""
    checkpoint_interval_ms: int = 5000
    sink_linger_ms: int = 0
    fetch_max_wait_ms: int = 500
    """Kafka source: how long the broker may hold an empty fetch; it answers at once on data."""


def parse_options(options: Mapping[str, Any]) -> FlinkOptions:
    """Typed options, or an error that lists what there is.

    Raises:
        OptionError: naming the option.
    """
    known = {field.name: field for field in fields(FlinkOptions)}
    for name, value in options.items():
        if name not in known:
            raise OptionError(
                f"processor.options.{name}: unknown; flink knows {', '.join(sorted(known))}"
            )
        wanted = type(known[name].default)
        if type(value) is not wanted or (isinstance(value, int) and value < 0):
            raise OptionError(
                f"processor.options.{name}: {value!r} is not a usable {wanted.__name__}"
            )
    parsed = FlinkOptions(**options)
    if parsed.execution_mode not in {"thread", "process"}:
        raise OptionError(
            f"processor.options.execution_mode: {parsed.execution_mode!r} is not thread or process"
        )
    return parsed
