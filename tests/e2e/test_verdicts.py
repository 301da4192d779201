"""Each reason of a verdict, provoked for real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .conftest import ROOT, docker, left_behind, own_root, write_experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Started

pytestmark = pytest.mark.e2e

PROCESSOR = "crayfish-bench-kafka-streams-1"
KAFKA = "crayfish-bench-kafka-1"
QUICK = {"processor": "kafka-streams", "runtime": "jvm"}
"""The verdicts are those of every processor; this one starts soonest."""


def codes(run: dict[str, Any]) -> dict[str, str]:
    """The reasons of a run with their messages."""
    return {reason["code"]: reason["message"] for reason in run["verdict"]["reasons"]}


def test_a_starved_producer_and_a_throttled_consumer_are_named(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    producer = {"cpus": 0.15, "memory": "1g", "weight": 8192}
    mine = write_experiment(
        tmp_path,
        [{**QUICK, "rate": 4000}],
        stop={"seconds": 6},
        resources={"producer": producer, "consumer": {**producer, "cpus": 0.06}},
    )
    finished = start(mine).finish()
    (run,) = finished.runs()
    found = codes(run)
    assert run["verdict"]["state"] == "INVALID"
    assert "PRODUCER_LATE" in found, found
    starved = {
        part["name"]
        for part in run["components"]
        if part["role"] in {"producer", "consumer"} and part["throttled_share"] > 0.01
    }
    # Where the producer can send too little, the consumer may have enough.
    assert "producer" in starved
    assert all(name in found["THROTTLED"] for name in starved), found
    assert finished.exit_code == 5
    assert left_behind() == []


def test_lost_records_are_counted(start: Callable[..., Started], tmp_path: Path) -> None:
    """Records that the broker drops before the processor has read them are gone for good."""
    mine = write_experiment(tmp_path, [{**QUICK, "rate": 500}], stop={"seconds": 12})
    running = start(mine)
    running.await_phase("measured")
    docker("pause", PROCESSOR)
    (run_dir,) = running.folder().glob("01-*")
    topic = f"crayfish-{run_dir.name}-in"
    script = (
        'printf \'{"partitions":[{"topic":"%s","partition":0,"offset":-1}],"version":1}\' '
        f"{topic} > /tmp/delete.json && java -cp '/opt/kafka/libs/*' "
        "org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server localhost:9092 "
        "--offset-json-file /tmp/delete.json"
    )
    docker("exec", KAFKA, "sh", "-c", script)
    docker("unpause", PROCESSOR)
    finished = running.finish()
    (run,) = finished.runs()
    counts = run["counts"]
    assert counts["lost"] > 0, finished.output
    assert "LOST" in codes(run)
    assert counts["sent"] == counts["ok"] + counts["lost"]
    records = finished.records("onnx")
    assert set(records["status"]) == {"ok", "lost"}
    assert int((records["status"] == "lost").sum()) == counts["lost"]
    assert finished.exit_code == 5


def test_wrong_weights_are_noticed(start: Callable[..., Started], tmp_path: Path) -> None:
    """The file is a good model of the right shapes; only its numbers are others."""
    root = own_root(tmp_path)
    model = root / "models" / "ffnn" / "ffnn.onnx"
    with np.load(ROOT / "models" / "ffnn" / "ffnn.npz") as weights:
        kernel = max((weights[name] for name in weights.files), key=lambda array: array.size)
    content = model.read_bytes()
    place = content.find(kernel.astype("<f4").tobytes())
    assert place > 0
    other = (kernel * 1.01).astype("<f4").tobytes()
    model.write_bytes(content[:place] + other + content[place + len(other) :])

    mine = write_experiment(tmp_path, [{**QUICK, "rate": 100}], stop={"seconds": 3})
    finished = start(mine, root=root).finish()
    (run,) = finished.runs()
    assert "WRONG_OUTPUTS" in codes(run), finished.output
    assert run["correctness"]["max_deviation"] > 1e-4
    assert finished.exit_code == 5
