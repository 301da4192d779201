"""How clients of Kafka protect their connections, and who they say they are.

The run config names the files; name and password are in them alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from .runconfig import KafkaConfig

SYSTEM: Final = "system"
"""In the place of a file: the certificates that the container trusts."""
CREDENTIALS_JSON: Final = "credentials.json"
"""In the run config's `kafka.sasl.folder`: `username` and `password`, for clients in Python."""
CREDENTIALS_PROPERTIES: Final = "credentials.properties"
"""The same for clients on the JVM, each value as it stands between the quotes of a JAAS line."""


def security_protocol(
    kafka: KafkaConfig,
) -> Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]:
    """What Kafka calls the way in which its connections are protected."""
    if kafka.sasl is None:
        return "PLAINTEXT" if kafka.tls is None else "SSL"
    return "SASL_PLAINTEXT" if kafka.tls is None else "SASL_SSL"


def security_settings(kafka: KafkaConfig) -> dict[str, str]:
    """Settings of a client of librdkafka; none for a broker that asks for nothing.

    Raises:
        OSError: if the credentials cannot be read.
    """
    protocol = security_protocol(kafka)
    if protocol == "PLAINTEXT":
        return {}
    settings: dict[str, str] = {"security.protocol": protocol}
    if kafka.tls is not None and kafka.tls != SYSTEM:
        settings["ssl.ca.location"] = kafka.tls
    if kafka.sasl is not None:
        found = json.loads((Path(kafka.sasl.folder) / CREDENTIALS_JSON).read_text(encoding="utf-8"))
        settings |= {
            "sasl.mechanisms": kafka.sasl.mechanism,
            "sasl.username": found["username"],
            "sasl.password": found["password"],
        }
    return settings


def jvm_security_settings(kafka: KafkaConfig, package: str = "org.apache.kafka") -> dict[str, str]:
    """The same for a client on the JVM (Kafka Streams: `KafkaSecurity.java`).

    Name and password are not in them: each client reads the file where it runs, so that they are in
    no job graph, no query plan and no log.

    Args:
        kafka: of the run config.
        package: of the client's classes, where they have been moved.
    """
    protocol = security_protocol(kafka)
    if protocol == "PLAINTEXT":
        return {}
    settings: dict[str, str] = {"security.protocol": protocol}
    if kafka.tls is not None and kafka.tls != SYSTEM:
        settings |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": kafka.tls}
    if kafka.sasl is not None:
        file = f"{kafka.sasl.folder}/{CREDENTIALS_PROPERTIES}"
        module = "plain.Plain" if kafka.sasl.mechanism == "PLAIN" else "scram.Scram"
        settings |= {
            "config.providers": "file",
            "config.providers.file.class": f"{package}.common.config.provider.FileConfigProvider",
            "sasl.mechanism": kafka.sasl.mechanism,
            "sasl.jaas.config": f"{package}.common.security.{module}LoginModule required "
            f'username="${{file:{file}:username}}" password="${{file:{file}:password}}";',
        }
    return settings
