"""The two topics of a run: whoever comes first makes them, so start order does not matter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .runconfig import KafkaConfig

PREFIX = "crayfish-"
_CALL_S = 5.0
_TRY_S = 1.0
"""Of a broker that may not be there yet; a signal is heard between two tries."""


class BrokerUnreachableError(ConnectionError):
    """No broker answered within the deadline, or it refused; the message says which."""


def _admin(bootstrap: str, deadline_s: float) -> AdminClient:
    """An admin client of a broker that answers; waits for one that is still starting."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    end = time.monotonic() + deadline_s
    while True:
        try:
            admin.list_topics(timeout=min(_TRY_S, deadline_s))
        except KafkaException as error:
            if time.monotonic() > end:
                raise BrokerUnreachableError(
                    f"{bootstrap}: no Kafka broker answered within {deadline_s:.0f} s: {error}"
                ) from None
        else:
            return admin


def ensure_topics(kafka: KafkaConfig, deadline_s: float) -> None:
    """Make the run's topics unless they are there; waits for the broker to answer.

    Raises:
        BrokerUnreachableError: after `deadline_s` seconds without a broker, or if it refuses.
    """
    admin = _admin(kafka.bootstrap, deadline_s)
    config = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(kafka.max_message_bytes),
    }
    wanted = [
        NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
        for name, partitions in (
            (kafka.input_topic, kafka.input_partitions),
            (kafka.output_topic, kafka.output_partitions),
        )
    ]
    for name, future in admin.create_topics(wanted).items():
        _wait_for(name, future, deadline_s, KafkaError.TOPIC_ALREADY_EXISTS)


def remove_stale_topics(kafka: KafkaConfig, deadline_s: float) -> list[str]:
    """Remove the topics of earlier runs, so that the disk holds one run at a time.

    Raises:
        BrokerUnreachableError: after `deadline_s` seconds without a broker, or if it refuses.
    """
    admin = _admin(kafka.bootstrap, deadline_s)
    keep = {kafka.input_topic, kafka.output_topic}
    names = admin.list_topics(timeout=_CALL_S).topics
    stale = [name for name in names if name.startswith(PREFIX) and name not in keep]
    if stale:
        for name, future in admin.delete_topics(stale).items():
            _wait_for(name, future, deadline_s, KafkaError.UNKNOWN_TOPIC_OR_PART)  # going already
    return stale


def _wait_for(topic: str, future: Future[None], deadline_s: float, accepted: int) -> None:
    try:
        future.result(timeout=deadline_s)
    except TimeoutError:
        raise BrokerUnreachableError(
            f"topic {topic}: the broker did not answer within {deadline_s:.0f} s"
        ) from None
    except KafkaException as error:
        if error.args[0].code() != accepted:
            raise BrokerUnreachableError(f"topic {topic}: the broker refuses: {error}") from None
