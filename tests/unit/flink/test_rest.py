"""The driver's side of the JobManager's REST API, against a server that answers like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crayfish_flink import rest

if TYPE_CHECKING:
    from tests.unit.flink.conftest import JobManager

JOB = "fe3012f6e9caf8fe2e0e5976a2703a43"


def test_the_state_of_a_job(jobmanager: JobManager) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}", {"jid": JOB, "state": "RUNNING"})
    assert rest.job_state(JOB) == "RUNNING"
    assert jobmanager.asked == [("GET", f"/jobs/{JOB}", None)]


def test_slots_are_waited_for_through_refusals(jobmanager: JobManager) -> None:
    jobmanager.answers["/overview"] = [
        (503, b"{}"),
        (200, b'{"slots-available": 1, "slots-total": 1}'),
        (200, b'{"slots-available": 2, "slots-total": 2}'),
    ]
    rest.wait_for_slots(2, deadline_s=5)
    assert len(jobmanager.asked) == 3


def test_too_few_slots_are_said(jobmanager: JobManager) -> None:
    jobmanager.will_answer("/overview", {"slots-available": 1, "slots-total": 3})
    with pytest.raises(rest.RestError, match=r"needs 2 task slots; .*: 1 free of 3"):
        rest.wait_for_slots(2, deadline_s=0.05)


def test_no_jobmanager_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "JOBMANAGER_HOST", "127.0.0.1")
    monkeypatch.setattr(rest, "JOBMANAGER_PORT", 1)
    monkeypatch.setattr(rest, "_POLL_S", 0.001)
    with pytest.raises(rest.RestError, match="refused"):
        rest.wait_for_slots(1, deadline_s=0.05)


def test_a_refusal_has_the_servers_words(jobmanager: JobManager) -> None:
    with pytest.raises(rest.RestError, match=r"/jobs/none: 404: .*Not found"):
        rest.job_state("none")


def test_an_answer_that_breaks_off_is_no_answer(jobmanager: JobManager) -> None:
    jobmanager.will_answer("/jobs/cut", {"state": "RUNNING"})
    with pytest.raises(rest.RestError, match="/jobs/cut"):
        rest.job_state("cut")


def test_an_answer_that_is_not_json_is_no_answer(jobmanager: JobManager) -> None:
    jobmanager.answers[f"/jobs/{JOB}"] = [(200, b"<html>")]
    with pytest.raises(rest.RestError, match=JOB):
        rest.job_state(JOB)


def test_the_newest_exception_is_the_reason(jobmanager: JobManager) -> None:
    entries = [{"stacktrace": "ScorerError: " + "x" * 5000}, {"stacktrace": "an older one"}]
    jobmanager.will_answer(
        f"/jobs/{JOB}/exceptions",
        {"exceptionHistory": {"entries": entries}},
        {"exceptionHistory": {"entries": []}},
    )
    reason = rest.root_exception(JOB)
    assert reason == ("ScorerError: " + "x" * 5000)[:4000]
    assert rest.root_exception(JOB) == "no exception recorded"


def test_a_job_is_stopped_with_a_savepoint(jobmanager: JobManager) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}/stop", {"request-id": "1"}, status=202)
    rest.stop_job(JOB)
    assert jobmanager.asked == [
        (
            "POST",
            f"/jobs/{JOB}/stop",
            {"drain": False, "targetDirectory": "file:///tmp/savepoints"},
        )
    ]


def test_a_job_is_cancelled_with_an_empty_answer(jobmanager: JobManager) -> None:
    jobmanager.answers[f"/jobs/{JOB}"] = [(202, b"")]
    rest.cancel_job(JOB)
    assert jobmanager.asked == [("PATCH", f"/jobs/{JOB}", None)]
