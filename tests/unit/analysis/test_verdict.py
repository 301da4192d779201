"""Every rule is provoked by a run that goes wrong in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from crayfish_ctl.analysis import Reference, collect_run, load_reference
from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.results import Verdict, VerdictState
from tests.unit.results.synthetic import REFERENCE, Scenario, simulate, write_run

if TYPE_CHECKING:
    from pathlib import Path


def verdict(tmp_path: Path, reference: Reference | None = REFERENCE, **changes: Any) -> Verdict:
    scenario = Scenario(**{"seconds": 4.0, **changes})
    return collect_run(write_run(tmp_path, scenario), scenario.spec(), reference).verdict


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("PRODUCER_LATE", {"late_ms": 6.0}),
        ("UNSETTLED", {"drained": True}),
        ("LOST", {"lose": 1}),
        ("UNFINISHED", {"lose": 1, "ended": "deadline"}),
        ("FAILED_RECORDS", {"fail": 1}),
        ("FAILED_RECORDS", {"undecodable": 1}),
        ("UNDELIVERED", {"refuse": 1}),
        ("WRONG_OUTPUTS", {"deviation": 0.01}),
        ("UNCHECKED", {"deviation": float("nan")}),
        ("ACCURACY", {"misclassify": 10}),
        ("CLOCK_STEP", {"clock_steps_ms": (1.1, 0.0)}),
        ("CLOCK_STEP", {"clock_steps_ms": (0.0, -30.0)}),
        ("THROTTLED", {"throttled": {"kafka": 0.02}}),
        ("THROTTLED", {"throttled": {"producer": 0.5}}),
        (
            "IMAGE_CHANGED",
            {"containers": {"kafka": {"image_id": "sha256:2", "wanted_image_id": "sha256:1"}}},
        ),
        ("OOM_KILLED", {"containers": {"flink-taskmanager": {"oom_killed": True}}}),
        ("HARNESS_OOM", {"containers": {"producer": {"oom_killed": True}}}),
        ("BACKLOG_GROWING", {"service_ms": 2.5}),
        ("BACKLOG_GROWING", {"service_ms": 2.08, "seconds": 20.0}),
        ("NO_METRICS", {"metrics": False}),
    ],
)
def test_one_thing_wrong_is_one_reason(tmp_path: Path, code: str, changes: dict[str, Any]) -> None:
    found = verdict(tmp_path, **changes)

    assert found.state is VerdictState.INVALID
    assert [reason.code for reason in found.reasons] == [code]


def test_one_late_producer_of_several_is_named(tmp_path: Path) -> None:
    """Two records of a hundred of its own are few of all: the p99 of the run does not show them."""
    found = verdict(tmp_path, producers=3, late_share_ms=9.0, seconds=8.0)
    (reason,) = found.reasons
    assert reason.code == "PRODUCER_LATE"
    assert reason.message.startswith("producer 1 of 3 sent ")


@pytest.mark.parametrize(("seconds", "late"), [(0.01, False), (0.11, True)])
def test_one_late_record_of_a_few_is_no_habit(tmp_path: Path, seconds: float, late: bool) -> None:
    """Of 40 records the p99 is the latest one."""
    found = verdict(tmp_path, rate=10.0, hold=(1.0, seconds))
    assert ("PRODUCER_LATE" in {reason.code for reason in found.reasons}) is late


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("THROTTLED", {"throttled": {"flink-taskmanager": 0.4}}),
        ("THROTTLED", {"throttled": {"producer": 0.4}, "goal": "saturate", "service_ms": 9.0}),
        ("DUPLICATES", {"repeat": 3}),
        ("STILL_WARMING", {"settled": False}),
        ("GC_PAUSE", {"pauses": {"flink-taskmanager": ((1.0, 94.0),)}}),
        ("THREADS_ABOVE_LIMIT", {"tool_options": {"threads": 4}}),
        ("EXIT_CODE", {"containers": {"flink-taskmanager": {"exit_code": 1}}}),
        ("UNFINISHED", {"lose": 9, "ended": "deadline", "goal": "saturate", "service_ms": 9.0}),
    ],
)
def test_a_note_does_not_make_a_run_invalid(
    tmp_path: Path, code: str, changes: dict[str, Any]
) -> None:
    found = verdict(tmp_path, **changes)

    assert found.state is VerdictState.VALID
    assert [note.code for note in found.notes] == [code]


def test_a_run_that_keeps_up_at_its_limit_is_valid(tmp_path: Path) -> None:
    assert verdict(tmp_path, service_ms=1.99, seconds=20.0).state is VerdictState.VALID


def test_a_pause_that_was_caught_up_with_is_not_a_growing_backlog(tmp_path: Path) -> None:
    found = verdict(tmp_path, seconds=20.0, pause=(5.0, 2.0))

    assert "BACKLOG_GROWING" not in [reason.code for reason in found.reasons]


def test_a_stall_in_the_last_moment_is_no_trend(tmp_path: Path) -> None:
    found = verdict(tmp_path, seconds=10.0, pause=(9.6, 0.38))

    assert found.state is VerdictState.VALID


def test_overload_is_the_point_of_a_saturating_run(tmp_path: Path) -> None:
    found = verdict(tmp_path, goal="saturate", service_ms=4.0)

    assert found.state is VerdictState.VALID


def test_a_container_stopped_by_the_signal_ended_cleanly(tmp_path: Path) -> None:
    assert not verdict(tmp_path, containers={"flink-taskmanager": {"exit_code": 143}}).notes


def test_a_clock_that_was_only_slewed_is_no_step(tmp_path: Path) -> None:
    assert verdict(tmp_path, clock_steps_ms=(0.9, -0.9)).state is VerdictState.VALID


def test_clocks_that_disagree_are_noted(tmp_path: Path) -> None:
    scenario = Scenario(seconds=3.0)
    run_dir = write_run(tmp_path, scenario)
    _, received = simulate(scenario)
    received["scored_ns"] -= 5_000_000
    received.tofile(run_dir / "out" / "consumer.records.bin")

    found = collect_run(run_dir, scenario.spec(), REFERENCE)

    assert [note.code for note in found.verdict.notes] == ["CLOCKS"]


def test_a_message_says_how_much_and_what_to_do(tmp_path: Path) -> None:
    (reason,) = verdict(tmp_path, service_ms=2.5).reasons

    assert "of 500 records/s" in reason.message
    assert "ask for a lower rate" in reason.message


def test_no_measured_record_is_an_error(tmp_path: Path) -> None:
    scenario = Scenario(seconds=1.0)
    run_dir = write_run(tmp_path, scenario)
    for path in (run_dir / "out").glob("*.bin"):
        path.unlink()

    with pytest.raises(CrayfishError, match="no measured record"):
        collect_run(run_dir, scenario.spec())


def test_a_broken_summary_is_named(tmp_path: Path) -> None:
    scenario = Scenario(seconds=1.0)
    run_dir = write_run(tmp_path, scenario)
    (run_dir / "out" / "consumer.json").write_text("{")

    with pytest.raises(CrayfishError, match=r"consumer\.json"):
        collect_run(run_dir, scenario.spec())


def test_a_run_without_summaries_is_still_described(tmp_path: Path) -> None:
    scenario = Scenario(seconds=2.0, lose=1)
    run_dir = write_run(tmp_path, scenario)
    for name in ("out/consumer.json", "out/producer.json", "containers.json", "steps.json"):
        (run_dir / name).unlink()

    found = collect_run(run_dir, scenario.spec())

    assert found.counts is not None
    assert found.counts.unfinished == 1
    assert found.consumer_ended is None


def test_the_reference_is_labels_against_predictions(tmp_path: Path) -> None:
    outputs = np.eye(3, dtype=np.float32)
    np.save(tmp_path / "reference.npy", outputs)
    np.savez(tmp_path / "points.npz", points=np.zeros((3, 2)), labels=np.array([0, 2, 2]))
    np.save(tmp_path / "points.npy", np.zeros((3, 2)))

    found = load_reference(tmp_path / "points.npz", tmp_path / "reference.npy")

    assert isinstance(found, Reference)
    assert found.right.tolist() == [True, False, True]
    assert load_reference(tmp_path / "points.npy", tmp_path / "reference.npy") is None


def test_a_reference_that_does_not_fit_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "reference.npy", np.eye(4, dtype=np.float32))
    np.savez(tmp_path / "points.npz", points=np.zeros((3, 2)), labels=np.array([0, 2, 2]))

    with pytest.raises(CrayfishError, match="4 predictions for the 3 points"):
        load_reference(tmp_path / "points.npz", tmp_path / "reference.npy")


def test_the_window_begins_when_the_latency_falls_no_more(tmp_path: Path) -> None:
    scenario = Scenario(seconds=4.0, settled=True, warmup_seconds=3.0)
    run = collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE)
    assert run.warmed is not None
    assert (run.warmed.seconds, run.warmed.settle_seconds, run.warmed.settled) == (3.0, 1.0, True)
    assert run.verdict.notes == ()


def test_records_at_the_workloads_own_rate_may_be_under_way_when_the_window_begins(
    tmp_path: Path,
) -> None:
    """Those of the faster part before must all be back."""
    assert verdict(tmp_path, drained=True, settled=True).reasons == ()


def test_only_pauses_within_the_window_count(tmp_path: Path) -> None:
    pauses = ((-2.0, 500.0), (1.0, 3.0), (2.0, 0.5), (60.0, 500.0))
    scenario = Scenario(seconds=4.0, pauses={"flink-taskmanager": pauses})
    run = collect_run(write_run(tmp_path, scenario), scenario.spec(), REFERENCE)
    (found,) = [part.collector for part in run.components if part.collector is not None]
    assert (found.collections, found.full, found.pause_ms, found.longest_ms) == (2, 2, 3.5, 3.0)
