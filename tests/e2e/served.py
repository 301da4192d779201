"""Workloads that call each model server from each processor."""

from __future__ import annotations

from typing import Any, Final

RATE: Final = 100
SECONDS: Final = 3
SERVERS: Final = ("tf-predict", "torchserve", "triton", "ray-serve")
IN_EACH: Final = (
    ("kafka-streams", "jvm", "async:8"),
    ("flink", "jvm", "async:8:ordered"),
    ("spark", "jvm", "async:8"),
    ("ray", "python", "async:8"),
)
"""Processor, runtime and call mode that call every server."""
ONCE: Final = (
    ("flink", "python", "torchserve", "async:8"),
    ("flink", "python", "torchserve", "blocking"),
    ("kafka-streams", "jvm", "torchserve", "blocking"),
    ("spark", "python", "triton", "async:8"),
    ("spark", "python", "onnx", "batched:16"),
    ("ray", "python", "triton", "batched:16:2"),
    ("ray", "python", "onnx", "batched:16"),
)
"""What every processor and runtime has of call modes, with one tool each."""
KILL_RATE: Final = 100
KILL_SECONDS: Final = 8
KILLERS: Final = (("kafka-streams", "jvm"), ("flink", "jvm"), ("spark", "jvm"), ("ray", "python"))
"""Whoever goes on while its server is away."""


def name_of(*words: str) -> str:
    """The title of a workload."""
    return " ".join(words)


def workloads() -> list[dict[str, Any]]:
    """One server after the other, so that each starts once for a processor."""
    found = [
        _steady(processor, runtime, server, call)
        for server in SERVERS
        for processor, runtime, call in IN_EACH
    ]
    found += [_steady(processor, runtime, tool, call) for processor, runtime, tool, call in ONCE]
    found += [_killed(processor, runtime) for processor, runtime in KILLERS]
    found.append(
        {
            "title": "two replicas",
            "processor": "kafka-streams",
            "runtime": "jvm",
            "tool": "triton",
            "call": "async:8",
            "tool_options": {"replicas": 2},
            "rate": RATE,
        }
    )
    found.append(
        {
            "title": "bare client",
            "processor": "ray",
            "runtime": "python",
            "tool": "triton",
            "call": "async:8",
            "rate": "max",
            "goal": "saturate",
            "pipeline": "raw",
            "stop": {"count": 100000, "seconds": 2},
        }
    )
    return found


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
    fault = {"at_seconds": 2, "service": "triton", "action": "kill", "seconds": 2}
    return {
        "title": name_of(processor, "without its server"),
        "processor": processor,
        "runtime": runtime,
        "tool": "triton",
        "call": "async:8",
        "tool_options": {"deadline_ms": 500},
        "rate": KILL_RATE,
        "goal": "overload",
        "stop": {"seconds": KILL_SECONDS},
        "faults": [fault],
    }
