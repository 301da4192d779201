from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from crayfish_contract import topics
from crayfish_contract.runconfig import KafkaConfig
from crayfish_contract.topics import (
    BrokerUnreachableError,
    _wait_for,
    ensure_topics,
    main,
    remove_stale_topics,
    remove_topics,
)


def answer(code: int | None = None) -> Future[None]:
    future: Future[None] = Future()
    if code is None:
        future.set_result(None)
    else:
        future.set_exception(KafkaException(KafkaError(code)))
    return future


def kafka(**more: Any) -> KafkaConfig:
    return KafkaConfig(
        bootstrap="b:1",
        input_topic="crayfish-me-in",
        output_topic="crayfish-me-out",
        input_partitions=1,
        output_partitions=2,
        **more,
    )


class Broker:
    """What an admin client asks; each one made is the same."""

    def __init__(self) -> None:
        self.there = ["crayfish-me-in", "crayfish-me-old", "crayfish-other-in", "theirs"]
        self.made: list[Any] = []
        self.removed: list[str] = []
        self.says: list[KafkaError] = []
        """What it says of its connections; it answers nothing then."""
        self.creates: int | None = None
        self.hangs = False
        """It answers the first call, and no other: at the address that it tells nobody is."""
        self.settings: dict[str, Any] = {}
        self.brokers = [1]
        """How many are there, each time that is asked; the last one stays."""

    def __call__(self, settings: dict[str, Any]) -> "Broker":
        self.settings = settings
        return self

    def list_topics(self, timeout: float) -> Any:
        assert timeout > 0
        if self.says and not self.hangs:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        there = self.brokers.pop(0) if len(self.brokers) > 1 else self.brokers[0]
        told = {"topics": dict.fromkeys(self.there), "brokers": dict.fromkeys(range(there))}
        return type("Metadata", (), told)()

    def poll(self, timeout: float) -> None:
        assert timeout <= topics._LOOK_S
        for error in self.says:
            self.settings["error_cb"](error)

    def create_topics(self, wanted: list[Any]) -> dict[str, Future[None]]:
        self.made += wanted
        if self.hangs:
            return {topic.topic: Future() for topic in wanted}
        return {topic.topic: answer(self.creates) for topic in wanted}

    def delete_topics(self, names: list[str]) -> dict[str, Future[None]]:
        self.removed += names
        return {name: answer() for name in names}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(topics, "AdminClient", made)
    return made


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


@pytest.mark.parametrize(("external", "copies"), [(False, 1), (True, -1)])
def test_how_many_copies_others_keep_is_their_own(
    broker: Broker, external: bool, copies: int
) -> None:
    ensure_topics(kafka(external=external), 1)
    assert [(t.topic, t.num_partitions, t.replication_factor) for t in broker.made] == [
        ("crayfish-me-in", 1, copies),
        ("crayfish-me-out", 2, copies),
    ]
    assert broker.made[0].config["message.timestamp.type"] == "LogAppendTime"


def test_all_brokers_are_waited_for_before_topics_are_spread_over_them(broker: Broker) -> None:
    broker.brokers = [1, 2, 3]
    ensure_topics(kafka(brokers=3), 1)
    assert len(broker.made) == 2
    broker.brokers = [2]
    with pytest.raises(BrokerUnreachableError, match="2 of 3 Kafka brokers were there within 0 s"):
        ensure_topics(kafka(brokers=3), 0.05)


def test_in_a_broker_of_ones_own_every_earlier_topic_goes(broker: Broker) -> None:
    assert remove_stale_topics(kafka(), 1) == ["crayfish-me-old", "crayfish-other-in"]


def test_among_others_only_ones_own_go(broker: Broker) -> None:
    shared = kafka(external=True, topic_prefix="crayfish-me-")
    assert remove_stale_topics(shared, 1) == ["crayfish-me-old"]
    assert remove_topics(shared, 1) == ["crayfish-me-in", "crayfish-me-old"]
    broker.there = ["crayfish-other-in", "theirs"]
    broker.removed.clear()
    assert remove_topics(shared, 1) == broker.removed == []


def test_what_another_try_would_not_mend_ends_at_once(broker: Broker) -> None:
    broker.says = [
        KafkaError(KafkaError._AUTHENTICATION, "b:1: Authentication failed"),
        KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"),
    ]
    with pytest.raises(BrokerUnreachableError, match=r"^b:1: b:1: Authentication failed$"):
        ensure_topics(kafka(), 60)


def test_a_broker_that_is_not_there_is_said_with_the_reason(broker: Broker) -> None:
    broker.says = [
        KafkaError(KafkaError._RESOLVE, "Failed to resolve b:1"),
        KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"),
    ]
    with pytest.raises(BrokerUnreachableError, match=r"b:1: no Kafka .*: Failed to resolve b:1$"):
        ensure_topics(kafka(), 0.01)


def test_an_address_that_the_cluster_tells_and_nobody_reaches(broker: Broker) -> None:
    broker.hangs = True
    broker.says = [KafkaError(KafkaError._RESOLVE, "Failed to resolve inner:1")]
    with pytest.raises(BrokerUnreachableError, match=r"-me-in: .*answer.*: Failed to resolve in"):
        ensure_topics(kafka(external=True), 0.01)


def test_credentials_that_cannot_be_read(broker: Broker) -> None:
    lost = kafka(sasl={"mechanism": "PLAIN", "folder": "/nowhere"})
    with pytest.raises(BrokerUnreachableError, match=r"b:1: .*credentials\.json"):
        ensure_topics(lost, 0)


def test_the_controller_hears_what_went_or_why_not(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = kafka(external=True, topic_prefix="crayfish-me-").model_dump_json()
    assert main([shared]) == 0
    assert capsys.readouterr().out.split() == ["crayfish-me-in", "crayfish-me-old"]
    broker.says = [KafkaError(KafkaError._SSL, "handshake failed")]
    assert main([shared]) == 3
    assert capsys.readouterr().out == "b:1: handshake failed\n"
