"""The job graph: source, scoring function, sink; with Kafka at both ends, or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflink.common import Configuration, Time, Types, WatermarkStrategy
from pyflink.common.serialization import ByteArraySchema, DeserializationSchema
from pyflink.datastream import (
    AsyncDataStream,
    CheckpointingMode,
    DataStream,
    StreamExecutionEnvironment,
)
from pyflink.datastream.connectors.base import DeliveryGuarantee, Sink
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)
from pyflink.datastream.connectors.number_seq import NumberSequenceSource
from pyflink.java_gateway import get_gateway

from crayfish_contract.kafka import jvm_fetch_settings
from crayfish_contract.security import jvm_security_settings

from .injob import MakeRecords, TakeResults
from .rest import JOBMANAGER_HOST, JOBMANAGER_PORT
from .scoring import AsyncScoreRecords, ScoreRecords

if TYPE_CHECKING:
    from crayfish_contract.runconfig import RunConfig

    from .options import FlinkOptions

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
_PYTHON = "/opt/venv/bin/python"
_KAFKA_PACKAGE = "org.apache.flink.kafka.shaded.org.apache.kafka"
"""Where the connector keeps its client's classes, beside any other Kafka of a job."""
_CHECKPOINT_S = 600
"""Flink's own default; longer if a canary, and so any record, may take longer."""
_CHECKPOINT_FAILURES = 10
"""In a row; with Flink's own default of 0 the first one ends the job."""


def submit(config: RunConfig, options: FlinkOptions) -> str:
    """Build the job, hand it to the session cluster, and return its job id."""
    env = _environment(config, options)
    parallelism = config.parallelism
    in_job = config.pipeline == "in-job"
    source = _records(env, config) if in_job else _kafka_records(env, config, options)
    # Unchained means task parallel: every scorer may get a record from every source.
    stream = source if parallelism.chained else source.rebalance()
    scored = _scored(stream, config).name("scorer").set_parallelism(parallelism.scorer)
    if in_job:
        ends = scored.process(TakeResults(config), _BYTES).name("sink")
        ends.set_parallelism(parallelism.sink)
        ends.sink_to(_nothing()).name("end").set_parallelism(parallelism.sink)
    else:
        scored.sink_to(_sink(config, options)).name("sink").set_parallelism(parallelism.sink)
    return str(env.execute_async(config.run_id).get_job_id())


def _scored(stream: DataStream, config: RunConfig) -> DataStream:
    """The scoring operator: ours in Python, or the one in Java, which PyFlink only wires up."""
    if config.processor.runtime == "python":
        return _scored_in_python(stream, config)
    operators = get_gateway().jvm.io.crayfish.flink
    source = stream._j_data_stream  # noqa: SLF001  there is no public way
    if config.call.mode == "async":
        java_stream = operators.AsyncScoreRecords.after(
            source, config.model_dump_json(), config.call.in_flight, config.call.ordered
        )
    else:
        java_stream = source.map(operators.ScoreRecords(config.model_dump_json()))
    return DataStream(java_stream.returns(_BYTES.get_java_type_info()))


def _scored_in_python(stream: DataStream, config: RunConfig) -> DataStream:
    call = config.call
    if call.mode != "async":
        return stream.process(ScoreRecords(config), _BYTES)
    wait = AsyncDataStream.ordered_wait if call.ordered else AsyncDataStream.unordered_wait
    # No time limit of Flink's, which starts a thread for each record: every call has its own.
    unlimited = Time.milliseconds(0)
    return wait(stream, AsyncScoreRecords(config), unlimited, call.in_flight, _BYTES)


def _kafka_records(
    env: StreamExecutionEnvironment, config: RunConfig, options: FlinkOptions
) -> DataStream:
    return env.from_source(
        _source(config, options), WatermarkStrategy.no_watermarks(), "source", _BYTES
    ).set_parallelism(config.parallelism.source)


def _records(env: StreamExecutionEnvironment, config: RunConfig) -> DataStream:
    """One element starts each source subtask, which then makes its records by itself."""
    subtasks = config.parallelism.source
    return (
        env.from_source(
            NumberSequenceSource(0, subtasks - 1),
            WatermarkStrategy.no_watermarks(),
            "start",
            Types.LONG(),
        )
        .set_parallelism(subtasks)
        .process(MakeRecords(config), _BYTES)
        .name("source")
        .set_parallelism(subtasks)
    )


def _nothing() -> Sink:
    """Flink wants a sink at the end of a job."""
    flink = get_gateway().jvm.org.apache.flink
    return Sink(flink.streaming.api.functions.sink.v2.DiscardingSink())


def _environment(config: RunConfig, options: FlinkOptions) -> StreamExecutionEnvironment:
    checkpoint_s = max(_CHECKPOINT_S, round(2 * config.deadlines.ready))
    settings = Configuration()
    for key, value in {
        "python.executable": _PYTHON,
        "python.client.executable": _PYTHON,
        "python.execution-mode": options.execution_mode,
        "python.fn-execution.bundle.size": options.bundle_size,
        "python.fn-execution.bundle.time": options.bundle_time_ms,
        "execution.buffer-timeout.interval": f"{options.buffer_timeout_ms}ms",
        "pipeline.operator-chaining.enabled": str(config.parallelism.chained).lower(),
        "pipeline.object-reuse": "true",
        # Nothing here has event time: no timer five times a second in every operator.
        "pipeline.auto-watermark-interval": "0ms",
        # A job that makes its own records would begin them anew.
        "restart-strategy.type": "disable" if config.pipeline == "in-job" else "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 10,
        "restart-strategy.fixed-delay.delay": "1s",
        # A checkpoint waits behind the record that is being scored, whatever that takes; one that
        # is late or lost costs nothing, because the next one covers it.
        "execution.checkpointing.timeout": f"{checkpoint_s}s",
        "execution.checkpointing.tolerable-failed-checkpoints": _CHECKPOINT_FAILURES,
    }.items():
        settings.set_string(key, str(value))
    # `get_execution_environment` would run a cluster of its own inside this process.
    gateway = get_gateway()
    no_jars = gateway.new_array(gateway.jvm.java.lang.String, 0)
    env = StreamExecutionEnvironment(
        gateway.jvm.org.apache.flink.streaming.api.environment.StreamExecutionEnvironment.createRemoteEnvironment(
            JOBMANAGER_HOST,
            JOBMANAGER_PORT,
            settings._j_configuration,  # noqa: SLF001  there is no public way
            no_jars,
        )
    )
    if config.pipeline == "in-job":
        return env  # its source never lets a checkpoint pass, and has no offset to store
    env.enable_checkpointing(
        options.progress_interval_ms,
        CheckpointingMode.EXACTLY_ONCE
        if config.delivery == "exactly-once"
        else CheckpointingMode.AT_LEAST_ONCE,
    )
    return env


def _source(config: RunConfig, options: FlinkOptions) -> KafkaSource:
    kafka = config.kafka
    # Flink's own would drop a message without a value.
    messages = get_gateway().jvm.io.crayfish.flink.MessageSchema()
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(kafka.bootstrap)
        .set_topics(kafka.input_topic)
        .set_group_id(config.run_id)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(DeserializationSchema(messages))
        .set_property("partition.discovery.interval.ms", "-1")
        .set_property("fetch.max.wait.ms", str(options.fetch_max_wait_ms))
        .set_property("max.poll.records", str(options.poll_records))
    )
    security = jvm_security_settings(kafka, _KAFKA_PACKAGE)
    for key, value in {**jvm_fetch_settings(kafka), **security}.items():
        builder = builder.set_property(key, value)
    return builder.build()


def _sink(config: RunConfig, options: FlinkOptions) -> KafkaSink:
    kafka = config.kafka
    exactly_once = config.delivery == "exactly-once"
    builder = (
        KafkaSink.builder()
        .set_bootstrap_servers(kafka.bootstrap)
        .set_record_serializer(
            KafkaRecordSerializationSchema.builder()
            .set_topic(kafka.output_topic)
            .set_value_serialization_schema(ByteArraySchema())
            .build()
        )
        .set_delivery_guarantee(
            DeliveryGuarantee.EXACTLY_ONCE if exactly_once else DeliveryGuarantee.AT_LEAST_ONCE
        )
        .set_property("linger.ms", str(options.sink_linger_ms))
        .set_property("batch.size", str(options.sink_batch_bytes))
        .set_property("max.request.size", str(kafka.max_message_bytes))
        .set_property("acks", "1" if not exactly_once else "all")
    )
    if exactly_once:
        builder = builder.set_transactional_id_prefix(config.run_id).set_property(
            "transaction.timeout.ms", "600000"
        )
    for key, value in jvm_security_settings(kafka, _KAFKA_PACKAGE).items():
        builder = builder.set_property(key, value)
    return builder.build()
