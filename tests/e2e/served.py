"""Workloads that call each model server from each processor."""

from __future__ import annotations

from typing import Any, Final

from .cells import OFTEN

RATE: Final = 50
SECONDS: Final = 2
SERVERS: Final = ("tf-predict", "torchserve", "ray-serve", "triton")
IN_EACH: Final = (
    ("kafka-streams", "jvm", "async:8"),
    ("flink", "jvm", "async:8:ordered"),
    ("spark", "jvm", "async:8"),
    ("ray", "python", "async:8"),
)
"""Processor, runtime and call mode that call every server."""
ONCE: Final = (
    ("flink", "python", "torchserve", "async:8"),
    ("kafka-streams", "jvm", "torchserve", "blocking"),
    ("spark", "python", "triton", "async:8"),
    ("spark", "python", "onnx", "batched:16"),
    ("ray", "python", "triton", "batched:16:2"),
    ("ray", "python", "onnx", "batched:16"),
)
"""What every processor and runtime has of call modes, with one tool each."""
KILL_RATE: Final = 100
KILL_SECONDS: Final = 10
KILLERS: Final = tuple(processor for processor, _, _ in IN_EACH)
"""Whoever goes on while its server is away."""


STILL: Final = "kafka-streams"
"""Whose server takes calls and does not answer for a while, and whose server's worker dies."""
WORKER: Final = "model_service_worker"
"""In the command line of TorchServe's."""


def name_of(*words: str) -> str:
    """The title of a workload."""
    return " ".join(words)


def workloads() -> list[dict[str, Any]]:
    """One processor after the other, so that each starts once; Triton last, for who kills it."""
    found: list[dict[str, Any]] = []
    for processor, runtime, call in IN_EACH:
        for server in SERVERS:
            found.append(_steady(processor, runtime, server, call))
            if (processor, server) == (STILL, "torchserve"):
                found.append(_worker_killed(processor, runtime))
        found.append(_killed(processor, runtime))
        if processor == STILL:
            found.append(_stands_still(processor, runtime))
        found += [_steady(*cell) for cell in ONCE if cell[0] == processor]
    return [*found, *_besides()]


def _besides() -> list[dict[str, Any]]:
    triton = {"processor": "ray", "runtime": "python", "tool": "triton", "call": "async:8"}
    flood = {"rate": "max", "goal": "saturate", "pipeline": "raw"}
    return [
        {"title": "two replicas", **triton, "tool_options": {"replicas": 2}, "rate": RATE},
        {"title": "bare client", **triton, **flood, "stop": {"count": 100000, "seconds": 2}},
    ]


def _steady(processor: str, runtime: str, tool: str, call: str) -> dict[str, Any]:
    return {
        "title": name_of(processor, runtime, tool, call),
        "processor": processor,
        "runtime": runtime,
        "tool": tool,
        "call": call,
        "rate": RATE,
    }


def _killed(processor: str, runtime: str) -> dict[str, Any]:
    fault = {"at_seconds": 2, "service": "triton", "action": "kill", "seconds": 1}
    return _faulty(processor, runtime, name_of(processor, "without its server"), fault)


def _worker_killed(processor: str, runtime: str) -> dict[str, Any]:
    """TorchServe's only worker, which its server has to start again."""
    fault = {"at_seconds": 2, "service": "torchserve", "action": "kill-process", "process": WORKER}
    title = name_of(processor, "without its worker")
    return {**_faulty(processor, runtime, title, fault), "tool": "torchserve"}


def _stands_still(processor: str, runtime: str) -> dict[str, Any]:
    fault = {"at_seconds": 2, "service": "triton", "action": "pause", "seconds": 2}
    return _faulty(processor, runtime, name_of(processor, "server stands still"), fault)


def _faulty(processor: str, runtime: str, title: str, fault: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": title,
        "processor": processor,
        "runtime": runtime,
        "tool": "triton",
        "call": "async:8",
        "tool_options": {"deadline_ms": 500},
        "processor_options": OFTEN,
        "rate": KILL_RATE,
        "goal": "overload",
        "stop": {"seconds": KILL_SECONDS},
        "faults": [fault],
    }
