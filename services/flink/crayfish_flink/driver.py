"""What the driver container does: check, submit, watch; stop the job on SIGTERM.

Submission needs PyFlink and a JVM behind it (300 MB); watching needs neither, so the process
replaces itself by the watcher once the job is accepted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from crayfish_contract.clock import clock_offset_ns
from crayfish_contract.options import OptionError
from crayfish_contract.runconfig import OUT_DIR, RunConfigError, load_run_config
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_load.rows import STOP_FILE, write_summaries

from . import rest
from .options import FlinkOptions, check_call

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig

_log = json_logger("flink-driver")
_POLL_S = 0.5
_GONE_S = 7.0
"""A JobManager that does not answer for this long is gone; one that is busy misses a beat."""
_ENDED = {"FAILED", "CANCELED", "FINISHED"}


def main() -> int:  # noqa: RET503  it ends by becoming the watcher
    """Submit the job of the mounted run config, then become its watcher."""
    from crayfish_contract.topics import (  # noqa: PLC0415  the watcher does without
        BrokerUnreachableError,
        ensure_topics,
    )
    from crayfish_scoring import ScorerError  # noqa: PLC0415

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    try:
        config = load_run_config()
        options = FlinkOptions.parse(config.processor.options)
        check_call(config, options)
        _check_model(config)
    except (RunConfigError, OptionError) as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    except ScorerError as error:
        _log.error(str(error))
        return error.exit_code
    try:
        if config.pipeline == "kafka":
            ensure_topics(config.kafka, config.deadlines.ready)
        rest.wait_for_slots(_slots(config), config.deadlines.ready)
    except (BrokerUnreachableError, rest.RestError) as error:
        _log.error(str(error))
        return ServiceExit.UNREACHABLE
    from .job import submit  # noqa: PLC0415  starts a JVM

    started = time.monotonic()
    job_id = submit(config, options)
    _log.info("submitted", extra={"fields": {"job": job_id, "s": time.monotonic() - started}})
    watcher = [sys.executable, "-m", "crayfish_flink", "watch", job_id, config.pipeline]
    watcher.append(str(config.deadlines.stop))
    # Blocked, a SIGTERM waits for the watcher's handler, instead of ending it before it has one.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.execv(sys.executable, watcher)  # noqa: S606


def _check_model(config: RunConfig) -> None:
    """Load the model once before a job is submitted: the error comes at once, and in words.

    Raises:
        ScorerError: if tool or model cannot be used.
    """
    if config.processor.runtime == "jvm":
        _check_in_java()
        return
    from crayfish_scoring import open_scorer  # noqa: PLC0415

    open_scorer(config).close()


def _check_in_java() -> None:
    """The same in a JVM, which says what is wrong itself.

    Raises:
        SystemExit: with its exit code, if something is.
    """
    jars = f"{os.environ['FLINK_HOME']}/lib/*"
    checked = subprocess.run(["java", "-cp", jars, "io.crayfish.flink.CheckModel"], check=False)
    if checked.returncode != ServiceExit.OK:
        sys.exit(checked.returncode)


def _slots(config: RunConfig) -> int:
    """Operators share slots, so a job needs as many as its widest operator."""
    parallelism = config.parallelism
    return max(parallelism.source, parallelism.scorer, parallelism.sink)


def watch(job_id: str, pipeline: str, stop_s: float) -> int:
    """Wait for SIGTERM or for the job to end by itself.

    That is a failure, unless the job makes its own records: then it has made the last one.

    Args:
        job_id: of the submitted job.
        pipeline: of the run config.
        stop_s: a stop that takes longer becomes a cancel.
    """
    in_job, clock = pipeline == "in-job", clock_offset_ns()
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    misses = 0
    while not asked.wait(_POLL_S):
        try:
            state = rest.job_state(job_id)
            misses = 0
        except rest.RestError as error:
            misses += 1
            if misses * _POLL_S > _GONE_S:
                _log.error("the JobManager is gone: %s", error)
                return ServiceExit.UNREACHABLE
            continue
        if in_job and state == "FINISHED":
            write_summaries(OUT_DIR, time.time_ns(), clock)
            return ServiceExit.OK
        if state in _ENDED:
            _log.error("job %s is %s: %s", job_id, state, rest.root_exception(job_id))
            return ServiceExit.BUG
    if in_job:  # its source does not see a cancel while it waits for the next due time
        (OUT_DIR / STOP_FILE).touch()
    return _stop(job_id, stop_s)


def _stop(job_id: str, stop_s: float) -> int:
    end = time.monotonic() + stop_s
    try:
        rest.stop_job(job_id)
        while rest.job_state(job_id) not in _ENDED:
            if time.monotonic() > end:
                raise rest.RestError(f"did not stop within {stop_s:.0f} s")  # noqa: TRY301
            time.sleep(0.1)
        _log.info("stopped")
    except rest.RestError as error:
        _log.warning("job %s: %s: cancelling", job_id, error)
        try:
            rest.cancel_job(job_id)
        except rest.RestError as gone:
            _log.warning("job %s: %s", job_id, gone)
    return ServiceExit.OK
