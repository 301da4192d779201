import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from crayfish_contract.kafka import exit_of, fetch_settings
from crayfish_contract.runconfig import KafkaConfig
from crayfish_contract.service import ServiceExit


@pytest.mark.parametrize("size", [1_000, 1_000_000, 40_000_000, 52_428_800, 330_000_000])
def test_a_client_starts_whatever_the_largest_message_is(size: int) -> None:
    kafka = KafkaConfig(
        bootstrap="127.0.0.1:1",
        input_topic="in",
        output_topic="out",
        input_partitions=1,
        output_partitions=1,
        max_message_bytes=size,
    )
    settings = fetch_settings(kafka)
    assert settings["fetch.message.max.bytes"] == size
    Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "g", **settings}).close()


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
