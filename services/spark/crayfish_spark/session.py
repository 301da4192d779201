"""The settings of a run's Spark application; docs/spark.md says why each is what it is."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from .master import master_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_contract.runconfig import Parallelism, RunConfig

    from .options import SparkOptions

_PYTHON = "/opt/venv/bin/python"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")
"""What numeric libraries ask for the size of their pools."""

RUN_CONFIG = "spark.crayfish.run"
"""Where the function on the JVM finds the run config."""


def slots(parallelism: Parallelism) -> int:
    """Task slots, one core each: the stages of a batch follow each other, so the widest decides."""
    return max(parallelism.source, parallelism.scorer, parallelism.sink)


def settings(config: RunConfig, options: SparkOptions, env: Mapping[str, str]) -> dict[str, str]:
    """Spark's configuration for one run.

    Args:
        config: of the run.
        options: of the processor.
        env: heaps and JVM options, from the profile and the rule for all JVMs (docs/jvm.md).
    """
    cores = slots(config.parallelism)
    chosen: dict[str, object] = {
        "spark.app.name": config.run_id,
        "spark.master": master_url(),
        "spark.driver.host": socket.gethostbyname(socket.gethostname()),
        "spark.driver.bindAddress": "0.0.0.0",  # noqa: S104  inside the container
        "spark.driver.memory": env.get("CRAYFISH_HEAP", "768m"),
        "spark.driver.extraJavaOptions": env.get("SPARK_DRIVER_JVM_OPTIONS", ""),
        "spark.executor.memory": env.get("SPARK_EXECUTOR_HEAP", "768m"),
        "spark.executor.extraJavaOptions": env.get("SPARK_EXECUTOR_JVM_OPTIONS", ""),
        "spark.cores.max": cores,  # and so many scorers an executor loads on the JVM
        # The query starts when all its cores are there, not when four in five are.
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.locality.wait": "0s",
        # A lost executor is a failure of each task on it: it must not use up the attempts.
        "spark.task.maxFailures": 16,
        "spark.pyspark.python": _PYTHON,
        "spark.pyspark.driver.python": _PYTHON,
        "spark.python.worker.reuse": "true",
        # Over TCP each task waits 40 ms for an acknowledgement that the other side holds back.
        "spark.python.unix.domain.socket.enabled": "true",
        **{f"spark.executorEnv.{name}": 1 for name in _THREADS},
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": cores,
        "spark.sql.adaptive.enabled": "false",
        # Kafka's records come in the order of their offsets, also the second time: sorting them
        # first, so that a task that runs again deals them out the same way, is for other sources.
        "spark.sql.execution.sortBeforeRepartition": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": options.arrow_records,
        # Of a Python worker's results; with Spark's own 64 KB some 600 of them wait for each other.
        "spark.sql.execution.pandas.udf.buffer.size": 4096,
        "spark.sql.streaming.noDataMicroBatches.enabled": "false",
        "spark.sql.streaming.minBatchesToRetain": 10,
        "spark.sql.streaming.pollingDelay": f"{options.polling_delay_ms}ms",
        # Spark drops the newest as well when it may keep only one.
        "spark.sql.streaming.numRecentProgressUpdates": 2,
        "spark.sql.streaming.stopTimeout": "2s",
    }
    if config.processor.runtime == "jvm":
        chosen[RUN_CONFIG] = config.model_dump_json()
    return {key: str(value) for key, value in chosen.items()}
