"""The streaming query: Kafka, scoring function, Kafka."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import BinaryType

from crayfish_contract.kafka import jvm_fetch_settings
from crayfish_contract.security import jvm_security_settings

from .scoring import COLUMN, SCHEMA, said_by_java, score_batches
from .session import settings

if TYPE_CHECKING:
    from pyspark.sql.streaming import DataStreamWriter, StreamingQuery

    from crayfish_contract.runconfig import RunConfig

    from .options import SparkOptions

CHECKPOINTS = "/tmp/checkpoints"  # noqa: S108  in the container, which survives a restart
"""Of this container: workers keep no state, so that only the driver reads and writes progress."""


def open_session(config: RunConfig, options: SparkOptions) -> SparkSession:
    """Start the driver's JVM and register the application; waits for its executors."""
    builder = SparkSession.builder
    for key, value in settings(config, options, os.environ).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def start_query(spark: SparkSession, config: RunConfig, options: SparkOptions) -> StreamingQuery:
    """Build the query of a run and start it."""
    parallelism = config.parallelism
    records = _records(spark, config, options).select(COLUMN)
    # Unchained means task parallel: every scorer may get a record from every source.
    if parallelism.scorer != parallelism.source or not parallelism.chained:
        records = records.repartition(parallelism.scorer)
    if config.processor.runtime == "jvm":
        results = _scored_on_the_jvm(spark, records, config, options)
    else:
        score = partial(score_batches, config.model_dump_json())
        results = records.mapInArrow(score, SCHEMA)
    if parallelism.sink != parallelism.scorer or not parallelism.chained:
        results = results.repartition(parallelism.sink)
    return _sink(results, config, options).start()


def check_model_on_the_jvm(spark: SparkSession, config: RunConfig) -> None:
    """Load the model once in the driver's JVM.

    Raises:
        ScorerError: if tool or model cannot be used; UnreachableError, if a server does not answer.
    """
    try:
        spark._jvm.io.crayfish.scoring.RecordScorer.open(config.model_dump_json()).close()  # noqa: SLF001
    except Py4JJavaError as error:
        raise said_by_java(error.java_exception) from None


def _scored_on_the_jvm(
    spark: SparkSession, records: DataFrame, config: RunConfig, options: SparkOptions
) -> DataFrame:
    # A task of real-time mode waits for its next record in the middle of its work: results that
    # came meanwhile would wait with it. There, each record has its result before the next is read.
    call = config.call
    if options.mode == "micro-batch" and call.mode != "blocking":
        operators = spark._jvm.io.crayfish.spark.ScorePartitions  # noqa: SLF001
        source = records._jdf  # noqa: SLF001
        results = (
            operators.batched(source, COLUMN, call.records)
            if call.mode == "batched"
            else operators.underWay(source, COLUMN, call.in_flight, call.ordered)
        )
        return DataFrame(results, spark)
    spark.udf.registerJavaFunction("score", "io.crayfish.spark.ScoreUdf", BinaryType())
    return records.selectExpr(f"score({COLUMN}) AS {COLUMN}")


def _records(spark: SparkSession, config: RunConfig, options: SparkOptions) -> DataFrame:
    """A task per partition of the input topic."""
    kafka = config.kafka
    reader = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.bootstrap)
        .option("subscribe", kafka.input_topic)
        .option("startingOffsets", "earliest")
        .options(**_of_client(jvm_fetch_settings(kafka)))
        .options(**_of_client(jvm_security_settings(kafka)))
    )
    if options.mode == "real-time":  # its tasks wait for records, and have no last offset
        return reader.load()
    reader = reader.option("kafka.fetch.max.wait.ms", str(options.fetch_max_wait_ms)).option(
        "kafka.max.poll.records", options.poll_records
    )
    if options.max_offsets_per_trigger:
        reader = reader.option("maxOffsetsPerTrigger", options.max_offsets_per_trigger)
    return reader.load()


def _of_client(settings: dict[str, str]) -> dict[str, str]:
    """Settings of Kafka's client, as options of Spark's source and sink."""
    return {f"kafka.{key}": text for key, text in settings.items()}


def _sink(results: DataFrame, config: RunConfig, options: SparkOptions) -> DataStreamWriter:
    kafka = config.kafka
    writer = (
        results.writeStream.format("kafka")
        .queryName(config.run_id)
        .option("kafka.bootstrap.servers", kafka.bootstrap)
        .option("topic", kafka.output_topic)
        .option("kafka.acks", "1")
        .option("kafka.linger.ms", str(options.sink_linger_ms))
        .option("kafka.batch.size", str(options.sink_batch_bytes))
        .option("kafka.max.request.size", str(kafka.max_message_bytes))
        .options(**_of_client(jvm_security_settings(kafka)))
        .option("checkpointLocation", f"{CHECKPOINTS}/{config.run_id}")
    )
    if options.mode == "real-time":
        duration = f"{options.batch_duration_ms} milliseconds"
        return writer.trigger(realTime=duration).outputMode("update")
    writer = writer.trigger(processingTime=f"{options.trigger_interval_ms} milliseconds")
    if options.progress_interval_ms:
        writer = writer.option("asyncProgressTrackingEnabled", "true").option(
            "asyncProgressTrackingCheckpointIntervalMs", str(options.progress_interval_ms)
        )
    return writer
