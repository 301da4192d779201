"""Does once what every query does, while the JVM notes which classes that takes (docs/jvm.md).

Run when the image is built: `python train.py ARCHIVE`. Source and sink are of another kind than a
run's, because there is no broker there: Kafka's classes are loaded by their names.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql.streaming import StreamingQuery

KAFKA = ("kafka-clients-*", "spark-sql-kafka-*", "spark-token-provider-kafka-*")
CLUSTER = (
    "org.apache.spark.deploy.client.StandaloneAppClient",
    "org.apache.spark.executor.CoarseGrainedExecutorBackend",
    "org.apache.spark.scheduler.cluster.StandaloneSchedulerBackend",
)
"""What a session of one process has no use for."""
_BATCHES = 3
_PATIENCE_S = 120


def train(archive: str) -> int:
    """Run a query and write the archive of the classes; the exit code is the JVM's."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config(
            "spark.driver.extraJavaOptions",
            # Of classes that cannot be kept it says nothing: they are loaded as ever.
            f"-XX:+UseParallelGC -XX:ArchiveClassesAtExit={archive} -Xlog:cds=error",
        )
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")  # a query that is stopped says much
    process = spark.sparkContext._gateway.proc  # noqa: SLF001
    rates = spark.readStream.format("rate").option("rowsPerSecond", 10).load()
    values = rates.selectExpr("encode(cast(value AS string), 'utf-8') AS value")
    same = values.mapInArrow(lambda batches: batches, "value binary")
    with tempfile.TemporaryDirectory() as folder:
        query = same.writeStream.format("noop").option("checkpointLocation", folder).start()
        _await_batches(query)
        query.stop()
    loader = spark._jvm.java.lang.ClassLoader.getSystemClassLoader()  # noqa: SLF001
    for name in (*CLUSTER, *_kafka_classes()):
        with suppress(Py4JJavaError):  # of a library that is not here
            loader.loadClass(name)
    spark.stop()
    # The classes are written when it ends, which it does when nobody talks to it any more.
    process.stdin.close()
    return int(process.wait(_PATIENCE_S))


def _await_batches(query: StreamingQuery) -> None:
    end = time.monotonic() + _PATIENCE_S
    while (last := query.lastProgress) is None or last.batchId < _BATCHES:
        if time.monotonic() > end or not query.isActive:
            sys.exit(f"no batch came: {query.exception()}")
        time.sleep(0.1)


def _kafka_classes() -> Iterator[str]:
    """Names of all classes in Kafka's jars, without those for other versions of Java."""
    jars = Path(os.environ["SPARK_HOME"], "jars")
    for jar in (jar for pattern in KAFKA for jar in jars.glob(pattern)):
        for name in zipfile.ZipFile(jar).namelist():
            if name.endswith(".class") and not name.startswith(("META-INF/", "module-info")):
                yield name.removesuffix(".class").replace("/", ".")


if __name__ == "__main__":
    sys.exit(train(sys.argv[1]))
