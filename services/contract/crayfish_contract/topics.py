"""The two topics of a run: whoever comes first makes them, so start order does not matter.

`python -m crayfish_contract.topics KAFKA` removes all of an experiment: the controller calls it at
the end, where the Kafka stays.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from .runconfig import KafkaConfig
from .security import security_settings
from .service import ServiceExit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

_CALL_S = 5.0
_TRY_S = 1.0
"""Of a broker that may not be there yet; a signal is heard between two tries."""
_LOOK_S: Final = 0.1
"""Between two looks at how many brokers there are."""
_THERE_S: Final = 20.0
"""For a broker that was there before: nobody waits for it to start."""
_FINAL: Final = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001  librdkafka's own codes have such names
    KafkaError._SSL,  # noqa: SLF001
}
"""Another try would end alike."""
_SAYS_NOTHING: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001  comes after each that says why
_AS_THE_CLUSTER: Final = -1
"""Copies of a topic: as many as the cluster's own default says."""


class BrokerUnreachableError(ConnectionError):
    """No broker answered within the deadline, or it refused; the message says which."""


class _Reasons:
    """What a client says of its connections, which its calls do not."""

    def __init__(self) -> None:
        self.last = ""
        self.final = False

    def __call__(self, error: KafkaError) -> None:
        """Called by the client, while it is polled."""
        if error.code() != _SAYS_NOTHING and not self.final:
            self.last, self.final = error.str(), error.code() in _FINAL


def _patience(kafka: KafkaConfig, deadline_s: float) -> float:
    return min(deadline_s, _THERE_S) if kafka.external else deadline_s


def _admin(kafka: KafkaConfig, deadline_s: float) -> tuple[AdminClient, _Reasons]:
    """An admin client of brokers that are all there; waits for those that are still starting."""
    reasons = _Reasons()
    try:
        settings: dict[str, Any] = {
            "bootstrap.servers": kafka.bootstrap,
            "log_level": 2,
            "error_cb": reasons,
            **security_settings(kafka),
        }
        admin = AdminClient(settings)
    except (OSError, KafkaException) as error:
        raise BrokerUnreachableError(f"{kafka.bootstrap}: {error}") from None
    end = time.monotonic() + deadline_s
    while True:
        try:
            there = len(admin.list_topics(timeout=min(_TRY_S, deadline_s)).brokers)
        except KafkaException as error:
            admin.poll(0)
            if reasons.final:
                raise BrokerUnreachableError(f"{kafka.bootstrap}: {reasons.last}") from None
            if time.monotonic() > end:
                raise BrokerUnreachableError(
                    f"{kafka.bootstrap}: no Kafka broker answered within {deadline_s:.0f} s: "
                    f"{reasons.last or error}"
                ) from None
        else:
            reasons.last = ""  # of when it was starting
            if kafka.external or there >= kafka.brokers:
                return admin, reasons
            if time.monotonic() > end:
                raise BrokerUnreachableError(
                    f"{kafka.bootstrap}: {there} of {kafka.brokers} Kafka brokers were there "
                    f"within {deadline_s:.0f} s"
                )
            admin.poll(_LOOK_S)


def ensure_topics(kafka: KafkaConfig, deadline_s: float) -> None:
    """Make the run's topics unless they are there; waits for the broker to answer.

    Raises:
        BrokerUnreachableError: after `deadline_s` seconds without a broker, or if it refuses.
    """
    deadline_s = _patience(kafka, deadline_s)
    admin, reasons = _admin(kafka, deadline_s)
    config = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(kafka.max_message_bytes),
    }
    copies = _AS_THE_CLUSTER if kafka.external else 1
    wanted = [
        NewTopic(name, num_partitions=partitions, replication_factor=copies, config=config)
        for name, partitions in (
            (kafka.input_topic, kafka.input_partitions),
            (kafka.output_topic, kafka.output_partitions),
        )
    ]
    made = admin.create_topics(wanted)
    with _explained(admin, reasons):
        for name, future in made.items():
            _wait_for(name, future, deadline_s, KafkaError.TOPIC_ALREADY_EXISTS)


def remove_stale_topics(kafka: KafkaConfig, deadline_s: float) -> list[str]:
    """Remove the topics of the experiment's earlier runs, so that the disk holds one run at a time.

    Raises:
        BrokerUnreachableError: after `deadline_s` seconds without a broker, or if it refuses.
    """
    return _remove(kafka, {kafka.input_topic, kafka.output_topic}, deadline_s)


def remove_topics(kafka: KafkaConfig, deadline_s: float) -> list[str]:
    """Remove every topic of the experiment.

    Raises:
        BrokerUnreachableError: after `deadline_s` seconds without a broker, or if it refuses.
    """
    return _remove(kafka, set(), deadline_s)


def _remove(kafka: KafkaConfig, keep: set[str], deadline_s: float) -> list[str]:
    deadline_s = _patience(kafka, deadline_s)
    admin, reasons = _admin(kafka, deadline_s)
    names = admin.list_topics(timeout=_CALL_S).topics
    stale = [name for name in names if name.startswith(kafka.topic_prefix) and name not in keep]
    if stale:
        going = admin.delete_topics(stale)
        with _explained(admin, reasons):
            for name, future in going.items():
                _wait_for(
                    name, future, deadline_s, KafkaError.UNKNOWN_TOPIC_OR_PART
                )  # gone already
    return stale


@contextmanager
def _explained(admin: AdminClient, reasons: _Reasons) -> Iterator[None]:
    """A call that was not answered says why.

    The address that a cluster tells its clients may be one that they do not reach, other than the
    one that they were given.
    """
    try:
        yield
    except BrokerUnreachableError as error:
        admin.poll(0)
        if not reasons.last:
            raise
        raise BrokerUnreachableError(f"{error}: {reasons.last}") from None


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


def main(arguments: list[str]) -> int:
    """Remove the topics of an experiment, and say which, or why not.

    Args:
        arguments: the run config's `kafka`, as JSON.
    """
    kafka = KafkaConfig.model_validate_json(arguments[0])
    try:
        removed = remove_topics(kafka, _THERE_S)
    except (BrokerUnreachableError, KafkaException) as error:
        print(error)  # noqa: T201  the controller shows it
        return ServiceExit.UNREACHABLE
    for name in removed:
        print(name)  # noqa: T201
    return ServiceExit.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
