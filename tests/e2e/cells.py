"""A workload for every supported cell, and for what shares a processor's stack with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crayfish_ctl.catalog import load_catalog, supported

if TYPE_CHECKING:
    from crayfish_ctl.catalog import System

SYSTEMS = supported(load_catalog(Path(__file__).parents[2]), "embedded")
PROCESSORS = list(dict.fromkeys(system.processor for system in SYSTEMS))
RATE = 50
SECONDS = 2
BATCH = 8
ENCRYPTED = "encrypted"
KILLED_RATE = 200
KILLED_SECONDS = 8
KILLED = {
    "flink": "flink-taskmanager-2",
    "kafka-streams": "kafka-streams-2",
    "spark": "spark-worker-2",
    "ray": "ray-worker",
    "ray apart": "ray-worker-2",
}
"""A container that holds scorers of a processor; of two, where another one could take over."""
OFTEN = {"progress_interval_ms": 1000}
"""Where the consumer listens for what may come twice, it does so for two of these."""
_TWO_INSTANCES = {"parallelism": 2, "processor_options": {"threads_per_instance": 1}}
_TWO_WORKERS = {"parallelism": 2, "processor_options": {"workers": 2}}
_APART = {"parallelism": "1-2-1", "chained": False, "processor_options": {"workers": 2}}
_TWO_APART = {"parallelism": 2, "chained": False}
_RAW = {"tool": "tf-savedmodel", "pipeline": "raw"}


def system_name(system: System) -> str:
    """As test ids and workloads call it."""
    return " ".join(system)


def cell_workloads() -> list[dict[str, Any]]:
    """A run for each cell, with stacks shared."""
    workloads: list[dict[str, Any]] = []
    for processor in PROCESSORS:
        of_it = [system for system in SYSTEMS if system.processor == processor]
        workloads += [_workload(system, batch) for system in of_it for batch in batches(system)]
        workloads += _besides(processor)
    return workloads


def batches(system: System) -> list[int]:
    """Points of a record.

    Batches of many go through each tool of each runtime once: what they change is in the tool.
    `noop` answers them with zeros, of which none can be wrong.
    """
    alike = [s for s in SYSTEMS if (s.runtime, s.tool) == (system.runtime, system.tool)]
    if system.tool == "noop":
        return [1]
    if len(alike) == 1:
        return [1, BATCH]
    return [BATCH] if system == alike[1] else [1]


def _workload(system: System, batch: int) -> dict[str, Any]:
    return {
        "title": system_name(system),
        "rate": RATE,
        "batch_size": batch,
        "processor": system.processor,
        "runtime": system.runtime,
        "tool": system.tool,
    }


def _besides(processor: str) -> list[dict[str, Any]]:
    match processor:
        case "kafka-streams":
            return [
                _killed(processor, "killed", _TWO_INSTANCES),
                {
                    "title": ENCRYPTED,
                    "rate": RATE,
                    "processor": processor,
                    "runtime": "jvm",
                    "kafka_protocol": "SSL",
                },
            ]
        case "ray":
            flood = {"processor": "ray", "rate": "max", "goal": "saturate"}
            return [
                _killed(processor, "killed", {}),
                _killed(processor, "apart killed", _APART),
                {"title": "ray apart", **flood, **_TWO_APART, "stop": {"count": 200000}},
                {"title": "ray raw", **flood, **_RAW, "stop": {"count": 200000, "seconds": 3}},
            ]
        case _:
            return [_killed(processor, "killed", _TWO_WORKERS)]


def _killed(processor: str, what: str, spread: dict[str, Any]) -> dict[str, Any]:
    runtime = next(s.runtime for s in SYSTEMS if s.processor == processor and s.tool == "onnx")
    title = f"{processor} {what}"
    victim = KILLED[title.removesuffix(" killed")]
    fault = {"at_seconds": 3, "service": victim, "action": "kill", "seconds": 1}
    return {
        "title": title,
        "rate": KILLED_RATE,
        "goal": "overload",
        "processor": processor,
        "runtime": runtime,
        **spread,
        "processor_options": {**OFTEN, **spread.get("processor_options", {})},
        "stop": {"seconds": KILLED_SECONDS},
        "faults": [fault],
    }
