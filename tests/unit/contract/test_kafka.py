import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from crayfish_contract.kafka import exit_of, fetch_settings, jvm_fetch_settings
from crayfish_contract.runconfig import KafkaConfig
from crayfish_contract.service import ServiceExit


def config(size: int) -> KafkaConfig:
    return KafkaConfig(
        bootstrap="127.0.0.1:1",
        input_topic="in",
        output_topic="out",
        input_partitions=1,
        output_partitions=1,
        max_message_bytes=size,
    )


@pytest.mark.parametrize("size", [1_000, 1_000_000, 40_000_000, 52_428_800, 330_000_000])
def test_a_client_starts_whatever_the_largest_message_is(size: int) -> None:
    kafka = config(size)
    settings = fetch_settings(kafka)
    assert settings["fetch.message.max.bytes"] == size
    Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "g", **settings}).close()


def test_clients_on_the_jvm_fetch_alike() -> None:
    """SettingsTest.java holds Kafka Streams to the same."""
    assert jvm_fetch_settings(config(1 << 20)) == {
        "fetch.min.bytes": "1",
        "fetch.max.bytes": "1048576",
        "max.partition.fetch.bytes": "1048576",
        "receive.buffer.bytes": "-1",
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)), ServiceExit.BAD_CONFIG),
        (KafkaException(KafkaError(KafkaError._INVALID_ARG)), ServiceExit.BAD_CONFIG),
        (KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN)), ServiceExit.UNREACHABLE),
        (KafkaException("?"), ServiceExit.UNREACHABLE),
    ],
)
def test_an_error_is_one_of_the_config_or_of_the_broker(
    error: KafkaException, code: ServiceExit
) -> None:
    assert exit_of(error) is code
