"""How records reach the model, as flags and workloads say it: `blocking`, `async:64` and so on."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from crayfish_contract.runconfig import CallMode

from .values import Count, Milliseconds, shown

_TEXT: Final = re.compile(
    r"(?P<blocking>blocking)"
    r"|async:(?P<in_flight>\d{1,6})(?P<ordered>:ordered)?"
    r"|batched:(?P<records>\d{1,6})(:(?P<wait_ms>\d{1,6}(\.\d+)?))?"
)
_FORMS: Final = "blocking, async:N, async:N:ordered, batched:N or batched:N:MILLISECONDS"


class CallEntry(BaseModel):
    """One call mode with its numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: CallMode = "blocking"
    in_flight: Count = 1
    """async: calls under way for each scorer, at most."""
    ordered: bool = False
    """async: results leave in the order of their records."""
    records: Count = 1
    """batched: records in one call, at most."""
    wait_ms: Milliseconds | None = None
    """batched: how long a call may wait for them; without it, it takes what lies ready."""


def _parsed(value: Any) -> Any:
    if isinstance(value, CallEntry):
        return value
    found = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"must be {_FORMS}, not {shown(value)}")
    if found["in_flight"]:
        return {
            "mode": "async",
            "in_flight": int(found["in_flight"]),
            "ordered": bool(found["ordered"]),
        }
    if found["records"]:
        wait = found["wait_ms"]
        numbers = {"records": int(found["records"])}
        return {"mode": "batched", **numbers, **({"wait_ms": float(wait)} if wait else {})}
    return {}


def _listed(value: Any) -> Any:
    """One is short for a list of one; a workload that is read again has them taken apart."""
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(item if isinstance(item, dict) else _parsed(item) for item in items)


def _each_once(calls: tuple[CallEntry, ...]) -> tuple[CallEntry, ...]:
    """Two of one kind would be one cell, and pass for its repetitions."""
    if len(set(calls)) < len(calls):
        raise ValueError("has a call mode twice: repetitions repeat a cell")
    return calls


Calls = Annotated[tuple[CallEntry, ...], BeforeValidator(_listed), AfterValidator(_each_once)]
"""One call mode, or several: each is a cell of its own."""
