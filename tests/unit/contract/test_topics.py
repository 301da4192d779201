from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaError, KafkaException

from crayfish_contract.topics import BrokerUnreachableError, _wait_for


def answer(code: int) -> Future[None]:
    future: Future[None] = Future()
    future.set_exception(KafkaException(KafkaError(code)))
    return future


def test_a_topic_that_is_there_already_is_fine() -> None:
    _wait_for("t", answer(KafkaError.TOPIC_ALREADY_EXISTS), 1, KafkaError.TOPIC_ALREADY_EXISTS)


def test_a_broker_that_refuses_is_said_in_words() -> None:
    with pytest.raises(
        BrokerUnreachableError, match=r"topic t: the broker refuses: .*INVALID_CONF"
    ):
        _wait_for("t", answer(KafkaError.INVALID_CONFIG), 1, KafkaError.TOPIC_ALREADY_EXISTS)


def test_a_broker_that_does_not_answer_is_said_in_words() -> None:
    with pytest.raises(BrokerUnreachableError, match=r"topic t: .* not answer"):
        _wait_for("t", Future(), 0.01, KafkaError.TOPIC_ALREADY_EXISTS)
