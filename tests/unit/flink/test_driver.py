"""The driver watches its job, stops it when asked, and says in words why it cannot begin."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_contract.service import ServiceExit
from crayfish_ctl.catalog import load_catalog
from crayfish_ctl.plan import Points, choices, make_plan, run_config
from crayfish_flink import driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.flink.conftest import JobManager

ROOT = Path(__file__).parents[3]
JOB = "fe3012f6e9caf8fe2e0e5976a2703a43"
CHECK = ("GET", f"/jobs/{JOB}")
STOP = ("POST", f"/jobs/{JOB}/stop")
CANCEL = ("PATCH", f"/jobs/{JOB}")


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(driver, "_POLL_S", 0.01)
    # Its own writes to the stdout that it was imported under.
    monkeypatch.setattr(driver, "_log", logging.getLogger("of-this-test"))
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def asked(jobmanager: JobManager) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in jobmanager.asked if method != "GET"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELED", "FINISHED"])
def test_a_job_that_ends_by_itself_is_a_failure_with_its_reason(
    jobmanager: JobManager, caplog: pytest.LogCaptureFixture, state: str
) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}", {"state": "RUNNING"}, {"state": state})
    jobmanager.will_answer(
        f"/jobs/{JOB}/exceptions",
        {"exceptionHistory": {"entries": [{"stacktrace": "ScorerError: no model"}]}},
    )
    assert driver.watch(JOB, "kafka", 7.0) == ServiceExit.BUG
    assert f"job {JOB} is {state}: ScorerError: no model" in caplog.messages
    assert asked(jobmanager) == []


def test_sigterm_drains_the_job(jobmanager: JobManager) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}", {"state": "RUNNING"})
    jobmanager.will_answer(f"/jobs/{JOB}/stop", {"request-id": "1"}, status=202)

    def run_its_course() -> None:
        jobmanager.asked_for(*CHECK)
        os.kill(os.getpid(), signal.SIGTERM)
        jobmanager.asked_for(*STOP)
        jobmanager.will_answer(f"/jobs/{JOB}", {"state": "FINISHED"})

    course = threading.Thread(target=run_its_course)
    course.start()
    assert driver.watch(JOB, "kafka", 7.0) == ServiceExit.OK
    course.join()
    assert asked(jobmanager) == [STOP]


def test_a_sigterm_from_before_it_watched_is_not_lost(jobmanager: JobManager) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}", {"state": "RUNNING"}, {"state": "FINISHED"})
    jobmanager.will_answer(f"/jobs/{JOB}/stop", {"request-id": "1"}, status=202)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # other threads have it unblocked
    assert driver.watch(JOB, "kafka", 7.0) == ServiceExit.OK
    assert asked(jobmanager) == [STOP]


@pytest.mark.parametrize("answer", [{}, {"exceptionHistory": None}, {"errors": ["busy"]}])
def test_a_reason_that_cannot_be_read_does_not_hide_the_failure(
    jobmanager: JobManager, caplog: pytest.LogCaptureFixture, answer: dict[str, Any]
) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}", {"state": "FAILED"})
    jobmanager.will_answer(f"/jobs/{JOB}/exceptions", answer, status=200 if answer else 503)
    assert driver.watch(JOB, "kafka", 7.0) == ServiceExit.BUG
    assert f"job {JOB} is FAILED: its reason could not be read" in caplog.text


def test_a_job_that_does_not_stop_in_time_is_cancelled(
    jobmanager: JobManager,
) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}", {"state": "RUNNING"})
    jobmanager.will_answer(f"/jobs/{JOB}/stop", {"request-id": "1"}, status=202)
    assert driver._stop(JOB, 0.05) == ServiceExit.OK
    assert asked(jobmanager) == [STOP, CANCEL]


def test_a_stop_that_is_refused_is_a_cancel(jobmanager: JobManager) -> None:
    jobmanager.will_answer(f"/jobs/{JOB}/stop", {"errors": ["not running"]}, status=409)
    jobmanager.will_answer(f"/jobs/{JOB}", {})
    assert driver._stop(JOB, 7.0) == ServiceExit.OK
    assert asked(jobmanager) == [STOP, CANCEL]


def test_a_jobmanager_that_is_gone_is_given_up(
    jobmanager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not at once: one that is busy misses a beat."""
    monkeypatch.setattr(driver, "_GONE_S", 0.035)
    assert driver.watch(JOB, "kafka", 7.0) == ServiceExit.UNREACHABLE
    assert len(jobmanager.asked) == 4


def test_a_jobmanager_that_answers_again_is_not_gone(
    jobmanager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_GONE_S", 0.025)
    beats = [(503, b"{}"), (503, b"{}"), (200, b'{"state": "RUNNING"}')]
    jobmanager.answers[f"/jobs/{JOB}"] = [*beats * 3, (200, b'{"state": "FAILED"}')]
    jobmanager.will_answer(f"/jobs/{JOB}/exceptions", {"exceptionHistory": {"entries": []}})
    assert driver.watch(JOB, "kafka", 7.0) == ServiceExit.BUG


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the run config that the driver finds, with changes."""

    def write(change: Callable[[dict[str, Any]], object]) -> None:
        plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate"))
        made = run_config(plan, plan.runs[0], Points("random", 5))
        content = json.loads(made.model_dump_json())
        content["model"]["path"] = str(ROOT / content["model"]["path"].lstrip("/"))
        change(content)
        path = tmp_path / "run.json"
        path.write_text(json.dumps(content))
        monkeypatch.setenv("CRAYFISH_RUN_CONFIG", str(path))

    return write


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("kafka"), "kafka"),
        (lambda c: c["processor"].update(options={"bundel_size": 1}), "bundel_size"),
        (lambda c: c["tool"].update(name="nothing"), "nothing"),
        (lambda c: c["tool"].update(options={"treads": 1}), "treads"),
        (lambda c: c["model"].update(path="/no/model.onnx"), "/no/model.onnx"),
        (lambda c: c["model"].update(output_shape=[3]), "output.shape"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_asked(
    config: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    change: Callable[[dict[str, Any]], object],
    said: str,
) -> None:
    config(change)
    assert driver.main() == ServiceExit.BAD_CONFIG
    (message,) = caplog.messages
    assert said in message


def test_a_job_needs_as_many_slots_as_its_widest_operator() -> None:
    plan = make_plan(load_catalog(ROOT), choices(experiment="input-rate", parallelism=(1, 5, 2)))
    assert driver._slots(run_config(plan, plan.runs[0], Points("random", 5))) == 5


@pytest.mark.parametrize("code", [ServiceExit.OK, ServiceExit.BAD_CONFIG])
def test_a_model_for_the_jvm_is_checked_in_a_jvm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: ServiceExit
) -> None:
    """Its exit code is the driver's: the line that says why is Java's own."""
    java = tmp_path / "java"
    java.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\nexit {int(code)}\n')
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("FLINK_HOME", "/opt/flink")
    if code is ServiceExit.OK:
        driver._check_in_java()
    else:
        with pytest.raises(SystemExit) as caught:
            driver._check_in_java()
        assert caught.value.code == code
    asked = (tmp_path / "asked").read_text()
    assert asked == "-cp /opt/flink/lib/* io.crayfish.flink.CheckModel\n"
