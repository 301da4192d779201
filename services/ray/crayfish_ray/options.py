"""Ray's knobs, with the defaults of docs/ray.md."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class OptionError(ValueError):
    """An option of the run config that Ray does not know, or of a wrong type or value."""


@dataclass(frozen=True)
class RayOptions:
    """`processor.options` of a run config; durations in milliseconds."""

    max_batch: int = 100
    """Records that one fetch, and so one actor call, carries at most. It never waits for more."""
    in_flight: int = 4
    """Unchained: calls under way per scorer before a source stops reading."""
    commit_interval_ms: int = 1000
    """How often offsets of acknowledged records are committed."""
    sink_linger_ms: int = 0
    sink_requests: int = 5
    """Produce requests under way per broker: what comes while they are shares the next one."""
    fetch_max_wait_ms: int = 500
    """Kafka source: how long the broker may hold an empty fetch; it answers at once on data."""


_MAY_BE_ZERO = {"sink_linger_ms", "commit_interval_ms"}


def parse_options(options: Mapping[str, Any]) -> RayOptions:
    """Typed options, or an error that lists what there is.

    Raises:
        OptionError: naming the option.
    """
    known = {field.name for field in fields(RayOptions)}
    for name, value in options.items():
        if name not in known:
            raise OptionError(
                f"processor.options.{name}: unknown; ray knows {', '.join(sorted(known))}"
            )
        if type(value) is not int or value < (0 if name in _MAY_BE_ZERO else 1):
            raise OptionError(f"processor.options.{name}: {value!r} is not a usable int")
    return RayOptions(**options)
