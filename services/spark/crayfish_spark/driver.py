"""What the driver container does: check, start the query, watch it; let it finish on SIGTERM."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import REGISTRY, start_http_server

from crayfish_contract.options import OptionError
from crayfish_contract.runconfig import RunConfigError, load_run_config
from crayfish_contract.service import ServiceExit, json_logger
from crayfish_contract.topics import BrokerUnreachableError, ensure_topics
from crayfish_scoring import ScorerError, open_scorer

from .master import MasterError, wait_for_cores
from .options import SparkOptions
from .progress import Progress
from .session import slots

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig


_log = json_logger("spark-driver")
_JVM = Path("/opt/crayfish/jvm")
"""Where an image with the runtime `jvm` has the tools."""
_METRICS_PORT = 8000
_POLL_S = 0.25
_STOP_S = 2.0
"""Of the time for a stop: what Spark's own takes at most (`spark.sql.streaming.stopTimeout`)."""


class Query(Protocol):
    """What the driver needs of a `StreamingQuery`."""

    @property
    def isActive(self) -> bool:  # noqa: N802  pyspark's name
        """Whether it still runs."""

    @property
    def status(self) -> dict[str, Any]:
        """With `isTriggerActive`: a batch is under way."""

    @property
    def lastProgress(self) -> Any:  # noqa: N802
        """Of the last batch that ended, or None."""

    def exception(self) -> Exception | None:
        """Why it ended by itself."""

    def stop(self) -> None:
        """Ends it at once."""


def main() -> int:
    """Run the query of the mounted run config until SIGTERM."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ServiceExit.OK))
    try:
        config = load_run_config()
        options = SparkOptions.of(config.processor.options, config.processor.runtime)
        check_shape(config, options)
        _check_model(config)
    except (RunConfigError, OptionError) as error:
        _log.error(str(error))
        return ServiceExit.BAD_CONFIG
    except ScorerError as error:
        _log.error(str(error))
        return error.exit_code
    progress = Progress()
    REGISTRY.register(progress)
    start_http_server(_METRICS_PORT)
    try:
        ensure_topics(config.kafka, config.deadlines.ready)
        wait_for_cores(slots(config.parallelism), config.deadlines.ready)
    except (BrokerUnreachableError, MasterError) as error:
        _log.error(str(error))
        return ServiceExit.UNREACHABLE
    from .query import (  # noqa: PLC0415  needs Spark
        check_model_on_the_jvm,
        open_session,
        start_query,
    )

    started = time.monotonic()
    spark = open_session(config, options)
    if config.processor.runtime == "jvm":
        try:
            check_model_on_the_jvm(spark, config)
        except ScorerError as error:
            _log.error(str(error))
            return error.exit_code
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    query = start_query(spark, config, options)
    _log.info("started", extra={"fields": {"query": query.id, "s": time.monotonic() - started}})
    drain_s = config.deadlines.stop - _STOP_S if options.mode == "micro-batch" else 0.0
    return watch(query, progress, asked, drain_s)


def check_shape(config: RunConfig, options: SparkOptions) -> None:
    """Real-time tasks run for as long as their batch: what shuffles between them would never begin.

    Raises:
        OptionError: if the operators are not all in the same tasks, or records shall be put
            together.
    """
    shape = config.parallelism
    if options.mode == "real-time" and not (
        shape.chained and shape.source == shape.scorer == shape.sink
    ):
        raise OptionError(
            f"parallelism {shape.source}-{shape.scorer}-{shape.sink}: "
            "mode real-time needs all three equal, and chained"
        )
    if options.mode == "real-time" and config.call.mode == "batched":
        raise OptionError(
            "call.mode: batched: mode real-time scores each record before it reads the next one: "
            "choose blocking, or micro-batch"
        )


def _check_model(config: RunConfig) -> None:
    """Load the model once before anything is started: the error comes at once, and in words.

    Raises:
        ScorerError: if tool or model cannot be used.
        RunConfigError: if the runtime is not in this image.
    """
    if config.processor.runtime == "jvm":  # its models are loaded by the driver's JVM, later
        if not _JVM.is_dir():
            raise RunConfigError("processor.runtime: jvm: not in this image")
        return
    open_scorer(config).close()


def watch(query: Query, progress: Progress, asked: threading.Event, drain_s: float) -> int:
    """Keep the metrics up to date until SIGTERM, or until the query ends, which is a failure.

    Args:
        query: runs.
        progress: to keep up to date.
        asked: to stop.
        drain_s: how long the batch under way may take to end; 0 in real-time mode, where it ends
            by the clock, and nothing in it waits for that.
    """
    while not asked.wait(_POLL_S):
        if not query.isActive:
            _log.error("the query has ended: %s", _reason(query))
            return ServiceExit.BUG
        _take_progress(query, progress)
    if drain_s > 0:
        _drain(query, drain_s)
    _take_progress(query, progress)
    query.stop()
    _log.info("stopped")
    return ServiceExit.OK


def _take_progress(query: Query, progress: Progress) -> None:
    last = query.lastProgress
    if last is not None:
        progress.update(json.loads(last.json))


def _drain(query: Query, drain_s: float) -> None:
    """Wait until the batch that is under way has ended: Spark's own stop would cut it off."""
    end = time.monotonic() + drain_s
    before = _batch_of(query)
    while query.isActive and query.status["isTriggerActive"] and _batch_of(query) == before:
        if time.monotonic() > end:
            _log.warning("a batch takes longer than %.0f s: it is cut off", drain_s)
            return
        time.sleep(0.02)


def _batch_of(query: Query) -> int | None:
    last = query.lastProgress
    return None if last is None else int(last["batchId"])


def _reason(query: Query) -> str:
    """The innermost cause of a query's end, its first lines."""
    error = query.exception()
    text = "no exception recorded" if error is None else str(error)
    return text.rsplit("Caused by: ", 1)[-1][:4000]
