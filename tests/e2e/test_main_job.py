"""The main job on real containers: ids, timestamps, predictions, and what the report says."""

from __future__ import annotations

import json
import math
import re
import subprocess
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from .conftest import ROOT, left_behind, reasons_of_its_own

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Finished

pytestmark = pytest.mark.e2e

RUNS = 15
ONNX = "onnx-200-r1"
BATCHES = "x16"
FLOOD = "flink-python-onnx-max-r1"
IN_JOB = "in-job"
RAW = "raw-python"


def test_it_ends_well_and_leaves_nothing(main_job: Finished) -> None:
    """A busy machine may make a run INVALID by lateness, which is what verdicts are for.

    One run is meant to be INVALID, so the exit code says so.
    """
    assert main_job.exit_code in {0, 5}, main_job.output
    assert len(main_job.runs()) == RUNS
    for run in main_job.runs():
        assert reasons_of_its_own(run) <= {"BACKLOG_GROWING"}, main_job.output
    assert left_behind() == []


@pytest.mark.parametrize(
    ("part", "expected"), [(ONNX, 1000), (BATCHES, 250), (FLOOD, 60_000)], ids=str
)
def test_no_id_is_lost_or_twice(main_job: Finished, part: str, expected: int) -> None:
    records = main_job.records(part)
    assert records.height == expected
    assert records["id"].n_unique() == expected
    assert int(np.ptp(records["id"].to_numpy())) == expected - 1
    assert set(records["status"]) == {"ok"}
    assert records["duplicates"].sum() == 0


@pytest.mark.parametrize("part", [ONNX, BATCHES, FLOOD])
def test_timestamps_are_ordered(main_job: Finished, part: str) -> None:
    records = main_job.records(part)
    chain = ["intended_ns", "sent_ns", "received_ns", "scored_ns", "consumed_ns"]
    for before, after in pairwise(chain):
        assert (records[before] <= records[after]).all(), f"{before} > {after}"
    # The broker's times are whole milliseconds, rounded down.
    assert (records["in_append_ms"] * 1_000_000 <= records["received_ns"]).all()
    assert (records["in_append_ms"] <= records["out_append_ms"]).all()
    assert (records["out_append_ms"] * 1_000_000 <= records["consumed_ns"]).all()
    assert (records["sent_ns"] // 1_000_000 <= records["in_append_ms"]).all()


def test_the_schedule_is_the_rate(main_job: Finished) -> None:
    due = main_job.records(ONNX)["intended_ns"].to_numpy()
    assert np.diff(due).tolist() == [5_000_000] * 999


@pytest.mark.parametrize(("part", "expected"), [(BATCHES, 125), (FLOOD, 30_000)], ids=str)
def test_two_producers_share_a_schedule(main_job: Finished, part: str, expected: int) -> None:
    shares = main_job.run(part)["producers"]
    assert [(share["number"], share["records"]) for share in shares] == [
        (1, expected),
        (2, expected),
    ]
    records = main_job.records(part)
    if part == BATCHES:
        assert np.diff(records["intended_ns"].to_numpy()).tolist() == [20_000_000] * 249
    assert main_job.run(ONNX)["producers"] == []


@pytest.mark.parametrize("part", [ONNX, FLOOD])
def test_predictions_are_the_reference(main_job: Finished, part: str) -> None:
    reference = np.load(ROOT / "models/ffnn/reference.npy")
    records = main_job.records(part)
    expected = reference.argmax(axis=1)[records["id"].to_numpy() % len(reference)]
    assert (records["prediction"].to_numpy() == expected).all()
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]


def test_accuracy_is_the_offline_accuracy(main_job: Finished) -> None:
    for part in (ONNX, BATCHES, FLOOD):
        correctness = main_job.run(part)["correctness"]
        assert correctness["end_to_end_accuracy"] == correctness["offline_accuracy"]
        assert correctness["checked"] == main_job.run(part)["counts"]["sent"]
        assert 0.95 < correctness["end_to_end_accuracy"] <= 1.0


def test_a_batch_is_scored_as_a_whole(main_job: Finished) -> None:
    records = main_job.records(BATCHES)
    assert set(records["batch"]) == {16}
    assert records["correct"].max() <= 16  # type: ignore[operator]
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]


def test_a_known_delay_is_measured(main_job: Finished) -> None:
    """Between two runs without it, because a warming stack gets faster from run to run."""
    slow = main_job.run("03-")
    assert slow["spec"]["cell"]["tool_options"] == {"service_time_ms": 5}
    assert math.isclose(slow["service_ms"]["p50"], 5.0, abs_tol=0.5)
    assert main_job.run("02-")["service_ms"]["p50"] < 0.5
    # The lowest tenth: what else runs on the machine lengthens the rest.
    before, after = _tenth_ms(main_job, "02-"), _tenth_ms(main_job, "04-")
    added = _tenth_ms(main_job, "03-") - (before + after) / 2
    assert math.isclose(added, 5.0, abs_tol=0.5 + abs(before - after) / 2), (
        f"5 ms of service time show as {added} ms over floors of {before} and {after} ms"
    )


def test_saturation_gives_a_capacity(main_job: Finished) -> None:
    run = main_job.run(FLOOD)
    capacity = run["throughput"]["capacity"]["records_per_s"]
    records = main_job.records(FLOOD)
    seconds = float(np.ptp(records["consumed_ns"].to_numpy())) / 1e9
    assert capacity == pytest.approx(records.height / seconds, rel=0.5)
    assert capacity > 1000


def test_without_kafka_the_same_records_go_through_the_job(main_job: Finished) -> None:
    """Two sources, two scorers, two sinks in one job: each id once, and the same predictions."""
    records = main_job.records(IN_JOB)
    assert records.height == records["id"].n_unique() == 1000
    assert set(records["status"]) == {"ok"}
    assert float(records["deviation"].max()) <= 1e-5  # type: ignore[arg-type]
    assert np.diff(records["intended_ns"].to_numpy()).tolist() == [5_000_000] * 999
    assert records["in_append_ms"].null_count() == records["out_append_ms"].null_count() == 1000
    for before, after in pairwise(["intended_ns", "sent_ns", "received_ns", "consumed_ns"]):
        assert (records[before] <= records[after]).all(), f"{before} > {after}"
    # No broker, no network: an order of magnitude below the same cell with Kafka.
    assert _tenth_ms(main_job, IN_JOB) < 0.5 * _tenth_ms(main_job, ONNX)


def test_the_bare_scorer_is_the_upper_bound(main_job: Finished) -> None:
    raw = main_job.run(RAW)
    assert raw["correctness"]["max_deviation"] <= 1e-5
    assert raw["correctness"]["checked"] == raw["counts"]["ok"] > 50_000
    assert raw["counts"]["lost"] == 0
    flood = main_job.run(FLOOD)["throughput"]["capacity"]["records_per_s"]
    assert raw["throughput"]["capacity"]["records_per_s"] > flood


def test_too_high_a_rate_is_called_overload(main_job: Finished) -> None:
    run = main_job.run("too-much")
    (reason,) = [r for r in run["verdict"]["reasons"] if r["code"] == "BACKLOG_GROWING"]
    assert reason["message"].startswith("overloaded")
    # Of 300 records/s one scorer with 5 ms each answers 200; fewer, where the machine makes its
    # 5 ms longer, and what lies between two records.
    achieved = run["throughput"]["achieved_records_per_s"]
    assert 0.75 < achieved * run["service_ms"]["mean"] / 1000 <= 1.01
    assert run["backlog"]["slope_records_per_s"] == pytest.approx(300 - achieved, rel=0.2)
    assert run["counts"]["lost"] == run["counts"]["unfinished"] == 0


def test_a_burst_is_recovered_from_as_arithmetic_says(main_job: Finished) -> None:
    """400/s for 1 s against 200/s leaves 200 records; at 50/s they are gone after 200/150 s."""
    first, *_ = main_job.run("bursts")["bursts"]
    assert (first["end_ns"] - first["start_ns"]) / 1e9 == pytest.approx(1.0, abs=0.02)
    assert first["peak_backlog"] == pytest.approx(205, rel=0.15)
    assert first["recovery_seconds"] == pytest.approx(200 / 150, abs=0.6)


def test_a_stall_hides_from_the_send_time_and_not_from_the_due_time(main_job: Finished) -> None:
    """Coordinated omission: the producer waits as well, and so it sends few slow records."""
    run = main_job.run("stall")
    (fault,) = run["faults"]
    seconds = (fault["ended_ns"] - fault["started_ns"]) / 1e9
    assert (fault["service"], fault["action"]) == ("kafka", "pause")
    assert 2.0 <= seconds < 4.0
    records = main_job.records("stall")
    assert set(records["status"]) == {"ok"}
    slow = {
        since: int(((records["consumed_ns"] - records[since]) > 500_000_000).sum())
        for since in ("intended_ns", "sent_ns")
    }
    # 400 records are due in each second of it; the client took 20, and what was on its way.
    assert slow["intended_ns"] > 400 * (seconds - 0.5) * 0.9
    assert slow["sent_ns"] < 200
    assert run["latency_ms"]["p99"] > 1000 * (seconds - 0.5)


def test_a_stall_counts_for_every_record_that_was_due(main_job: Finished) -> None:
    """A pause of 3 s is 3 s of latency for the record due at its start, and less for later ones."""
    run = main_job.run("frozen")
    (fault,) = run["faults"]
    pause_s = (fault["ended_ns"] - fault["started_ns"]) / 1e9
    assert 3.0 <= pause_s < 5.0
    records = main_job.records("frozen")
    assert set(records["status"]) == {"ok"}
    latency_s = (records["consumed_ns"] - records["intended_ns"]).to_numpy() / 1e9
    assert pause_s - 0.2 <= latency_s.max() <= pause_s + 1.0
    # Latency from the send time of a producer that waits would show one slow record, not hundreds.
    assert np.count_nonzero(latency_s > 1.0) >= 0.95 * 200 * (pause_s - 1.0)
    assert run["latency_ms"]["p99"] > 1000 * (pause_s - 0.5)


def test_every_component_was_measured(main_job: Finished) -> None:
    components = {c["name"]: c for c in main_job.run(ONNX)["components"]}
    assert set(components) >= {"producer", "consumer", "kafka", "flink-taskmanager"}
    for component in components.values():
        assert component["cpu_seconds"] > 0
        assert component["peak_memory_bytes"] > 1_000_000
        assert component["cpu_limit_cores"] > 0
    names = set(pl.read_parquet(_run_dir(main_job) / "metrics.parquet")["name"])
    assert {"crayfish_producer_sent_total", "crayfish_consumer_received_total"} <= names
    assert any(name.startswith("kafka_") for name in names)
    assert any(name.startswith("flink_taskmanager_") for name in names)


def test_the_journal_has_the_steps_of_every_run(main_job: Finished) -> None:
    lines = [
        json.loads(line) for line in (main_job.folder / "journal.jsonl").read_text().splitlines()
    ]
    assert [line["event"] for line in lines].count("run-ended") == RUNS
    steps = {line["step"] for line in lines if line["event"] == "step"}
    assert {"ready", "warm up", "measure", "drain", "stop job"} <= steps


def test_between_two_runs_of_a_stack_pass_at_most_15_s(main_job: Finished) -> None:
    """In the median: a neighbour may hold one of them up."""
    gaps, ended = [], None
    for run in main_job.runs():
        if run["spec"]["cell"]["pipeline"] != "kafka":
            ended = None
            continue
        steps = {step["name"]: step for step in run["steps"]}
        if ended is not None:
            gaps.append((steps["warm up"]["started_ns"] - ended) / 1e9)
        ended = steps["drain"]["ended_ns"]
    assert len(gaps) > 5
    assert median(gaps) <= 15, gaps


def test_the_rendered_file_starts_by_hand(main_job: Finished) -> None:
    compose = _run_dir(main_job) / "compose.yaml"
    config = subprocess.run(
        ["docker", "compose", "-f", str(compose), "config", "--quiet"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert config.returncode == 0, config.stderr
    assert "${" not in compose.read_text()


def test_the_report_is_one_page_that_opens_offline(main_job: Finished) -> None:
    page = (main_job.folder / "report.html").read_text()
    assert "e2e" in page
    assert re.search(r"""<(script|img|iframe)[^>]*\ssrc\s*=\s*["']?(https?:)?//""", page) is None
    assert re.search(r"<link\b", page) is None
    assert re.search(r"@import|url\(\s*[\"']?https?:", page) is None
    assert (main_job.folder / "summary.csv").stat().st_size > 0


def _tenth_ms(main_job: Finished, part: str) -> float:
    records = main_job.records(part)
    latency = (records["consumed_ns"] - records["intended_ns"]).to_numpy() / 1e6
    return float(np.quantile(latency, 0.1))


def _run_dir(main_job: Finished) -> Path:
    return main_job.folder / str(main_job.run(ONNX)["run_id"])
