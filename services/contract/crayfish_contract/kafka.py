"""What every Kafka client of a Python container sets alike, and what its errors mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError, KafkaException

from .service import ServiceExit

if TYPE_CHECKING:
    from .runconfig import KafkaConfig

_LEAST_FETCH: Final = 1_000_000
"""librdkafka raises `fetch.max.bytes` to its `message.max.bytes`, whose default this is."""
_PROTOCOL_BYTES: Final = 1_000_000
"""What a fetch's answer may hold beside the records."""
_CONFIG_ERRORS: Final = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_CONFIG,
    KafkaError.INVALID_PARTITIONS,
    KafkaError.TOPIC_EXCEPTION,
    KafkaError._INVALID_ARG,  # noqa: SLF001  librdkafka's own codes have such names
}


def fetch_settings(kafka: KafkaConfig) -> dict[str, int]:
    """Settings of a reading client: room for the largest message, and no needless pauses.

    `fetch.max.bytes` is set because a client whose `receive.message.max.bytes` is not above it
    refuses to start, and its default is 50 MiB.
    """
    fetch = max(kafka.max_message_bytes, _LEAST_FETCH)
    return {
        "fetch.min.bytes": 1,
        "fetch.message.max.bytes": kafka.max_message_bytes,
        "fetch.max.bytes": fetch,
        "receive.message.max.bytes": fetch + _PROTOCOL_BYTES,
        "queued.max.messages.kbytes": 65_536,
        # A full queue is refilled soon, and not after the client's default of a second.
        "fetch.queue.backoff.ms": 5,
    }


def jvm_fetch_settings(kafka: KafkaConfig) -> dict[str, str]:
    """The same for a reading client on the JVM (Kafka Streams: `Settings.java`).

    With the client's own receive buffer of 64 KB a fetch of many megabytes comes in pieces of that
    size, each asked for in turn while the processor waits. librdkafka leaves it to the system, too.
    """
    return {
        "fetch.min.bytes": "1",
        "fetch.max.bytes": str(kafka.max_message_bytes),
        "max.partition.fetch.bytes": str(kafka.max_message_bytes),
        "receive.buffer.bytes": "-1",
    }


def exit_of(error: KafkaException) -> ServiceExit:
    """The exit code of a container that a Kafka error ends."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, KafkaError) and reason.code() in _CONFIG_ERRORS:
        return ServiceExit.BAD_CONFIG
    return ServiceExit.UNREACHABLE
